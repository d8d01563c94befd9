"""Facts about `ringfence evidence`."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.evidence.samples import KEY, ORIGIN, STRANGER, decision

import ringfence
from ringfence.keys import write_private, write_public


def _event(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "decision_id": f"d-{number}",
        "timestamp": "2026-11-20T20:56:51.6Z",
        "path": "ringfence/main/decision",
        "input": {
            "point": "runner.start",
            "tenant": "acme",
            "facts": {"runner": {"class": "container"}, "run": {"token": "hunter2-canary"}},
        },
        "result": decision(),
        **changes,
    }


def _ringfence(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ringfence.cli.main", "evidence", *arguments]
    env = {**os.environ, "PYTHONPATH": str(Path(ringfence.__file__).parents[1])}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a log and keys."""
    lines = [json.dumps(_event(n)) for n in range(3)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
    write_private(tmp_path / "log.key.pem", KEY)
    write_public(tmp_path / "log.pub.pem", KEY.public_key())
    write_public(tmp_path / "stranger.pub.pem", STRANGER.public_key())
    return tmp_path


SEAL = ("--key", "log.key.pem", "--origin", ORIGIN, "--facts", "runner.class, runner.size")


def test_seal_then_verify(folder: Path) -> None:
    """A sealed log is verified with the key in PEM, and with the verifier key, which names the origin."""
    done = _ringfence(folder, "seal", "log.jsonl", "-o", "p", *SEAL, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["records"], said["duplicates"], said["kinds"]) == (3, 0, {"decision": 3})
    again = _ringfence(folder, "verify", "p", "--key", "log.pub.pem", "--format", "json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["root"] == said["root"]
    assert len(base64.b64decode(said["root"])) == 32
    (folder / "log.vkey").write_text(said["key"] + "\n")
    pretty = _ringfence(folder, "verify", "p", "--key", "log.vkey")
    assert pretty.stdout.startswith("verified 3 records (3 decision) in 11 files\n")
    assert "no witness" in pretty.stdout
    assert "compared with none" not in pretty.stdout


def test_unverified_package_exits_4(folder: Path) -> None:
    """An altered package, another key, another origin and no package at all exit with 4 and a code."""
    assert _ringfence(folder, "seal", "log.jsonl", "-o", "p", *SEAL).returncode == 0
    key = ("--key", "log.pub.pem")
    for arguments, code in (
        (("verify", "p", "--key", "stranger.pub.pem"), "RF922"),
        (("verify", "p", *key, "--origin", "other.example"), "RF924"),
        (("verify", "absent", *key), "RF920"),
    ):
        done = _ringfence(folder, *arguments)
        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr.startswith(f"error: {code} ")
    records = folder / "p" / "records.jsonl"
    records.write_bytes(records.read_bytes().replace(b"container", b"serverless", 1))
    done = _ringfence(folder, "verify", "p", *key)
    assert (done.returncode, done.stderr.split()[1]) == (4, "RF926")


def test_findings_exit_2_and_the_rest_is_sealed(folder: Path) -> None:
    """Bad lines, foreign decisions and conflicts are told by file and line; no text of them is shown."""
    with (folder / "log.jsonl").open("a") as file:
        file.write('{"decision_id": "hunter2-canary\n')
        file.write(json.dumps(_event(5, path="hunter2-canary")) + "\n")
        file.write(json.dumps(_event(1, labels={"id": "other"})) + "\n")
        file.write(json.dumps(_event(2)) + "\n")
    done = _ringfence(folder, "seal", "log.jsonl", "-o", "p", *SEAL)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "log.jsonl:4: RF903 not JSON",
        "log.jsonl:5: RF911 the decision is of another policy",
        "log.jsonl:6: RF912 another decision has this id",
    ]
    assert "1 duplicates dropped, 1 conflicts, 3 findings" in done.stdout
    assert _ringfence(folder, "verify", "p", "--key", "log.pub.pem").returncode == 0
    files = [path for path in (folder / "p").rglob("*") if path.is_file()]
    assert len(files) == 11
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--key", "log.key.pem", "--origin", "a b"), "RF915"),
        (("--key", "log.pub.pem", "--origin", "a"), "not a private key"),
        (("--key", "ec.pem", "--origin", "a"), "no Ed25519 key"),
        (("--key", "log.key.pem", "--origin", "a", "--passphrase-env", "NONE_SUCH"), "NONE_SUCH"),
    ],
)
def test_mistakes_exit_1(folder: Path, arguments: tuple[str, ...], problem: str) -> None:
    """A bad origin or key is told in one line with help, and writes nothing."""
    write_private(folder / "ec.pem", ec.generate_private_key(ec.SECP256R1()))
    done = _ringfence(folder, "seal", "log.jsonl", "-o", "p", *arguments)
    assert done.returncode == 1
    assert problem in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[1].startswith("help: ")
    assert not (folder / "p").exists()


def test_second_seal_into_the_same_folder_is_refused(folder: Path) -> None:
    """A package is never replaced, and a log without decisions makes none."""
    assert _ringfence(folder, "seal", "log.jsonl", "-o", "p", *SEAL).returncode == 0
    assert _ringfence(folder, "seal", "log.jsonl", "-o", "p", *SEAL).returncode == 1
    (folder / "empty.jsonl").write_text("")
    done = _ringfence(folder, "seal", "empty.jsonl", "-o", "q", *SEAL)
    assert (done.returncode, done.stderr.split()[1]) == (1, "RF914")


def test_real_events_of_other_policies_are_findings(folder: Path) -> None:
    """Public decision logs of other projects are read, and refused event by event."""
    data = Path(__file__).parents[3] / "shared" / "data" / "opa_decision_logs.jsonl"
    if not data.exists():
        pytest.skip("the public decision logs are not beside this checkout")
    events = [json.loads(line)["event"] for line in data.read_text().splitlines()]
    with (folder / "log.jsonl").open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in events)
    done = _ringfence(folder, "seal", "log.jsonl", "-o", "p", *SEAL)
    assert [line.split()[1] for line in done.stderr.splitlines()] == ["RF911", "RF911"]
    assert "sealed 3 records" in done.stdout
