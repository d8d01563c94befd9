"""Facts about the commands over a ledger: init, append, fsck, prove, inspect."""

import base64
import json
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.evidence.commands import evidence, logged, write_log
from tests.evidence.conftest import GO
from tests.evidence.samples import KEY, ORIGIN, STRANGER, decision

from ringfence.evidence.note import NoteKey
from ringfence.keys import write_private, write_public
from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.witness import Witness
from ringfence.ledger.witness_http import WitnessServer

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes([9] * 32))
CANARY = "hunter2-canary"


def event(number: int, **changes: Any) -> dict[str, Any]:
    """Return an event whose facts hold a canary; two share a trace."""
    facts = {"runner": {"class": "container"}, "run": {"token": CANARY}}
    time = f"2026-11-{1 + number % 20:02}T20:56:51.6Z"
    return logged(number, facts, **{"timestamp": time, "trace_id": f"t-{number // 2}", **changes})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a ledger of nine decisions by the commands alone; read only."""
    folder = tmp_path_factory.mktemp("commands")
    write_private(folder / "log.key.pem", KEY)
    write_public(folder / "log.pub.pem", KEY.public_key())
    write_public(folder / "stranger.pub.pem", STRANGER.public_key())
    (folder / "log.vkey").write_text(NoteKey(ORIGIN, KEY.public_key()).vkey + "\n")
    made = evidence(folder, "init", "ledger", "--origin", ORIGIN, "--key", "log.key.pem")
    assert (made.returncode, made.stderr) == (0, "")
    allow = {"result": decision(action="allow", allowed=True, reasons=[])}
    write_log(
        folder,
        [*(event(n) for n in range(6)), event(6, **allow), event(7, result=None)]
        + [event(8, tenant="other")],
    )
    done = evidence(folder, "append", "ledger", "--key", "log.key.pem", "--log", "log.jsonl",
                    "--facts", "runner.class", "--format", "json")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["added"], said["records"], said["duplicates"]) == (9, 10, 0)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may alter."""
    return Path(shutil.copytree(written, tmp_path / "copy"))


def test_what_comes_again_is_dropped_and_another_is_a_conflict(folder: Path) -> None:
    """A log delivered twice adds nothing; a forged event leaves a conflict record and exit code 2."""
    again = ("append", "ledger", "--key", "log.key.pem", "--facts", "runner.class")
    done = evidence(folder, *again, "--log", "log.jsonl", "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) | {"added": 0, "duplicates": 9} == json.loads(done.stdout)
    write_log(folder, [event(1, labels={"id": "forged"}), {"decision_id": "x"}])
    done = evidence(folder, *again, "--log", "log.jsonl")
    assert (done.returncode, done.stderr.split(" a ")[0]) == (2, "log.jsonl:2: RF904")
    assert "1 conflicts, 1 findings" in done.stdout
    found = evidence(folder, "inspect", "ledger", "d-1", "--key", "log.vkey", "--format", "json")
    said = json.loads(found.stdout)
    assert [one["kind"] for one in said["records"]] == ["conflict"]
    assert "another record was delivered" in said["warnings"][0]


def test_fsck_says_what_is_shown_and_what_is_not(written: Path) -> None:
    """Size, key and root are told, and that no witness, no pin and no origin was asked for."""
    done = evidence(written, "fsck", "ledger", "--key", "log.pub.pem", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["verified"], said["records"], said["beyond_checkpoint"]) == (True, 10, 0)
    assert len(base64.b64decode(said["root"])) == 32
    assert [one.split()[0:2] for one in said["not_shown"]] == [
        ["no", "witness"],
        ["no", "earlier"],
        ["decisions", "that"],
        ["the", "origin"],
    ]
    pinned = evidence(
        written, "fsck", "ledger", "--key", "log.vkey", "--pinned", "ledger/checkpoint"
    )
    assert pinned.returncode == 0
    assert "no earlier checkpoint" not in pinned.stdout
    assert "compared with none" not in pinned.stdout


def test_what_is_not_verified_exits_4(folder: Path) -> None:
    """A strange key, another origin, a missing witness, an altered record and no ledger: each a code."""
    stranger = WitnessKey("witness.example/w", WITNESS.public_key())
    (folder / "w.vkey").write_text(stranger.vkey)
    witness = ("--witness", "them=w.vkey", "--log-operator", "us")
    for arguments, code in (
        (("--key", "stranger.pub.pem", "--origin", ORIGIN), "RF922"),
        (("--key", "log.pub.pem", "--origin", "other.example"), "RF924"),
        (("--key", "log.vkey", *witness), "RF952"),
    ):
        done = evidence(folder, "fsck", "ledger", *arguments)
        assert (done.returncode, done.stdout, done.stderr.split()[1]) == (4, "", code)
    assert evidence(folder, "fsck", "absent", "--key", "log.vkey").stderr.split()[1] == "RF945"
    bundle = folder / "ledger" / "tile" / "entries" / "000.p" / "10"
    bundle.write_bytes(bundle.read_bytes().replace(b'"d-3"', b'"d-4"'))
    for command in (("fsck", "ledger"), ("inspect", "ledger", "d-6")):
        done = evidence(folder, *command, "--key", "log.vkey")
        assert (done.returncode, done.stdout, done.stderr.split()[1]) == (4, "", "RF926")


@pytest.mark.parametrize("extra", [("--quorum", "1"), ("--max-age", "60"), ("--witness", "x")])
def test_trust_that_says_nothing_is_a_mistake(written: Path, extra: tuple[str, ...]) -> None:
    """A quorum or an age without a witness, and a witness without a file, exit with 1."""
    done = evidence(written, "fsck", "ledger", "--key", "log.vkey", *extra)
    assert done.returncode == 1
    assert "help: " in done.stderr


def test_a_blocked_decision_is_explained(written: Path) -> None:
    """The verdict, the rule that blocked with its source, the waived and approved ones, and the chain."""
    arguments = ("inspect", "ledger", "d-3", "--key", "log.vkey")
    said = json.loads(evidence(written, *arguments, "--format", "json").stdout)
    (one,) = said["decisions"]
    assert (one["verdict"], one["index"], one["tenant"]) == ("blocked", 4, "acme")
    assert one["why"] == ["rule `runner.timeout` was violated at level enforce: block"]
    assert [(rule["rule"], rule["part"]) for rule in one["rules"]] == [
        ("runner.timeout", "blocked"),
        ("runner.quota.monthly-hours", "waived"),
        ("runner.approval.dedicated", "approved"),
    ]
    assert one["rules"][1]["reference"] == "EXC-2041"
    assert said["chain"]["valid"] is True
    assert said["chain"]["not_shown"] != []
    pretty = evidence(written, *arguments).stdout
    assert pretty.startswith("decision d-3: blocked\n")
    assert "chain: valid, 10 records" in pretty
    assert "not shown:" in pretty
    assert CANARY not in pretty


def test_an_allowed_and_an_undecided_decision_are_told_apart(written: Path) -> None:
    """Where OPA logged no result nothing was allowed; an allow names what was waived for it."""
    arguments = ("--key", "log.vkey", "--format", "json")
    allowed = json.loads(evidence(written, "inspect", "ledger", "d-6", *arguments).stdout)
    assert allowed["decisions"][0]["verdict"] == "allowed"
    assert "EXC-2041" in allowed["decisions"][0]["why"][0]
    undecided = json.loads(evidence(written, "inspect", "ledger", "d-7", *arguments).stdout)
    assert undecided["decisions"][0]["verdict"] == "undecided"


def test_a_trace_gives_all_its_decisions(written: Path) -> None:
    """Both decisions of a trace are answered at once."""
    done = evidence(written, "inspect", "ledger", "t-2", "--key", "log.vkey", "--format", "json")
    said = json.loads(done.stdout)
    assert [one["decision_id"] for one in said["decisions"]] == ["d-4", "d-5"]


@pytest.mark.parametrize(
    "arguments", [("none-such",), ("",), ("acme",), ("d-3", "--tenant", "other")]
)
def test_an_unknown_id_is_an_error(written: Path, arguments: tuple[str, ...]) -> None:
    """An id that no record names, or none of the tenant, gives no answer and exit code 4."""
    done = evidence(written, "inspect", "ledger", *arguments, "--key", "log.vkey")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("error: RF971 ")


def test_a_proof_stands_alone(written: Path, tmp_path: Path) -> None:
    """`verify` takes the file and the trusted key; altered, it is refused, each part with its code."""
    proof = tmp_path / "p.tlog-proof"
    key = ("--key", str(written / "log.vkey"))
    made = evidence(written, "prove", "ledger", "--decision", "d-3", "-o", str(proof), *key)
    assert (made.returncode, made.stdout) == (0, f"proved record 4 in {proof}\n")
    by_index = evidence(written, "prove", "ledger", "--index", "4", *key)
    assert by_index.stdout.encode() == proof.read_bytes()
    done = evidence(tmp_path, "verify", "p.tlog-proof", *key, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["index"], said["body"]["decision_id"]) == (4, "d-3")
    assert said["not_shown"][0].startswith("no other record")
    content = proof.read_bytes()
    lines = content.split(b"\n")
    other = base64.b64encode(base64.b64decode(lines[1][6:]).replace(b'"block"', b'"allow"'))
    for altered, code in (
        (content.replace(b"index 4", b"index 5"), "RF930"),
        (content.replace(lines[1][6:], other), "RF930"),
        (content.replace(lines[3] + b"\n", b""), "RF930"),
        (content.replace(b"index 4", b"index 04"), "RF970"),
        (content[:40], "RF970"),
        (content.replace(b"\n10\n", b"\n11\n"), "RF923"),
        (b"", "RF970"),
    ):
        proof.write_bytes(altered)
        done = evidence(tmp_path, "verify", "p.tlog-proof", *key)
        assert (done.returncode, done.stdout, done.stderr.split()[1]) == (4, "", code)


def test_there_is_no_proof_of_what_is_not_there(written: Path) -> None:
    """An unknown decision and an index beyond the checkpoint exit with 4, both or neither with 1."""
    for arguments, status in (
        (("--decision", "none"), 4),
        (("--index", "10"), 4),
        ((), 1),
        (("--decision", "d-1", "--index", "1"), 1),
    ):
        done = evidence(written, "prove", "ledger", *arguments, "--key", "log.vkey")
        assert (done.returncode, done.stdout) == (status, "")


@pytest.mark.skipif(GO is None, reason="Go is not installed")
def test_go_accepts_a_proof(written: Path, tmp_path: Path) -> None:
    """Go's sumdb opens the checkpoint and checks the record by the path, and refuses another record."""
    proof = evidence(written, "prove", "ledger", "--index", "7", "--key", "log.vkey").stdout
    (tmp_path / "p.tlog-proof").write_text(proof)
    source = Path(__file__).parent / "go_proof"
    program = tmp_path / "go_proof"
    subprocess.run([str(GO), "build", "-o", program, "."], cwd=source, check=True, timeout=300)
    vkey = (written / "log.vkey").read_text().strip()
    good = subprocess.run(
        [program, vkey, tmp_path / "p.tlog-proof"], capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stdout) == (0, "record 7 of 10\n"), good
    (tmp_path / "p.tlog-proof").write_text(proof.replace("index 7", "index 6"))
    bad = subprocess.run(
        [program, vkey, tmp_path / "p.tlog-proof"], capture_output=True, text=True, check=False
    )
    assert bad.returncode == 1


def test_a_witness_cosigns_what_is_appended(folder: Path, tmp_path: Path) -> None:
    """With a witness the checkpoint carries its cosignature, which fsck demands and names."""
    key = NoteKey(ORIGIN, KEY.public_key())
    witness = Witness(tmp_path / "w", name="witness.example/w", key=WITNESS,
                      logs={ORIGIN: (key,)}, clock=time.time)  # fmt: skip
    (folder / "w.vkey").write_text(witness.key.vkey)
    write_log(folder, [event(20)])
    trust = ("--witness", "them=w.vkey", "--log-operator", "us")
    with WitnessServer(("127.0.0.1", 0), witness=witness) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = evidence(folder, "append", "ledger", "--key", "log.key.pem", "--log",
                            "log.jsonl", *trust, "--witness-url",
                            f"witness.example/w={server.url}")  # fmt: skip
        finally:
            server.shutdown()
            thread.join()
            witness.close()
    assert (done.returncode, done.stderr) == (0, "")
    sound = evidence(folder, "fsck", "ledger", "--key", "log.vkey", *trust, "--max-age", "600")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "cosigned by witness.example/w at " in sound.stdout
    assert "no witness" not in sound.stdout
    own = evidence(folder, "fsck", "ledger", "--key", "log.vkey", "--witness", "us=w.vkey",
                   "--log-operator", "us")  # fmt: skip
    assert (own.returncode, own.stderr.split()[1]) == (1, "RF956")
