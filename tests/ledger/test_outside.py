"""Facts about a ledger's folder, as Go's sumdb sees it."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, Clock, key_of
from tests.ledger.test_index import decision

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.publication import Witnessing
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.witness import Witness

GO = shutil.which("go")
STEPS = [1, 255, 256, 257, 700, 1300]
WITNESS = WitnessKey("witness.example", SECOND.public_key())

Run = Callable[[Path, dict[str, Any]], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Build the Go program once, and return a function that runs it on a ledger."""
    if GO is None:
        pytest.skip("Go is not installed")
    folder = tmp_path_factory.mktemp("go")
    program, source = folder / "go_ledger", Path(__file__).parent / "go_ledger"
    subprocess.run([GO, "build", "-o", program, "."], cwd=source, check=True, timeout=300)

    def verify(ledger: Path, asked: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
        (folder / "asked.json").write_text(json.dumps(asked))
        command = [str(program), str(ledger), str(folder / "asked.json")]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return verify


def _encoded(path: list[bytes]) -> list[str]:
    return [base64.b64encode(step).decode() for step in path]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Checkpoint]:
    """Write a witnessed ledger of 1,300 records in six steps, and what is to be checked of it."""
    folder, clock = tmp_path_factory.mktemp("outside"), Clock()
    witness = Witness(
        folder / "w", name=WITNESS.name, key=SECOND, logs={ORIGIN: (key_of(FIRST),)}, clock=clock
    )
    trusted = (TrustedWitness(WITNESS, "them"),)
    witnessing = Witnessing(
        quorum=Quorum(witnesses=trusted, threshold=1, log_operator="us"),
        ask={WITNESS.name: witness.add_checkpoint},
    )
    settings = Settings(keys=(FIRST,), clock=clock, witnessing=witnessing)
    ledger = Ledger.create(folder / "ledger", origin=ORIGIN, settings=settings)
    points = []
    for size in STEPS:
        if more := [decision(n) for n in range(ledger.size, size)]:
            ledger.append(more)
        points.append(ledger.checkpoint().checkpoint)
    tree = ledger.tree()
    asked = {
        "vkey": key_of(FIRST).vkey,
        "witness": WITNESS.vkey,
        "pinned": [
            {"size": one.size, "root": base64.b64encode(one.root).decode()} for one in points
        ],
        "inclusion": [
            {"index": n, "path": _encoded(tree.inclusion_proof(n))} for n in range(0, 1300, 13)
        ],
        "consistency": [
            {"first": one.size, "path": _encoded(tree.consistency_proof(one.size))}
            for one in points
        ],
    }
    ledger.close()
    witness.close()
    return folder / "ledger", asked, points[-1]


@pytest.fixture
def folder(written: tuple[Path, dict[str, Any], Checkpoint], tmp_path: Path) -> Path:
    """Return a copy that a test may alter."""
    return Path(shutil.copytree(written[0], tmp_path / "ledger"))


def test_go_verifies_records_tiles_tree_and_proofs(
    written: tuple[Path, dict[str, Any], Checkpoint], run: Run
) -> None:
    """Go opens checkpoint and cosignature, reads every leaf through our tiles, and accepts our proofs."""
    folder, asked, point = written
    done = run(folder, asked)
    assert done.stderr == ""
    assert done.stdout == f"1300 {base64.b64encode(point.root).decode()}\n"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("tile/entries/003", b'"tenant":"acme"', b'"tenant":"evil"'),
        ("tile/entries/005.p/20", b'"tenant":"acme"', b'"tenant":"evil"'),
        ("tile/0/002", None, None),
        ("tile/0/005.p/20", None, None),
        ("tile/1/000.p/5", None, None),
        ("checkpoint", b"\n1300\n", b"\n1301\n"),
        ("checkpoint", b"platform", b"platfork"),
        ("checkpoint", None, None),
    ],
)
def test_go_refuses_an_altered_ledger(
    written: tuple[Path, dict[str, Any], Checkpoint],
    folder: Path,
    run: Run,
    name: str,
    old: bytes | None,
    new: bytes,
) -> None:
    """An altered record, tile, checkpoint or cosignature (its last bytes) is refused."""
    content = (folder / name).read_bytes()
    if old is None:
        altered = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    else:
        assert old in content
        altered = content.replace(old, new, 1)
    (folder / name).write_bytes(altered)
    assert run(folder, written[1]).returncode == 1


@pytest.mark.parametrize("what", ["vkey", "witness", "pinned", "inclusion", "consistency"])
def test_go_refuses_what_is_not_so(
    written: tuple[Path, dict[str, Any], Checkpoint], run: Run, what: str
) -> None:
    """Under a stranger's key or witness, another pinned root, or a proof of another, it is refused."""
    asked = json.loads(json.dumps(written[1]))
    if what == "vkey":
        asked[what] = key_of(THIRD).vkey
    elif what == "witness":
        asked[what] = WitnessKey(WITNESS.name, THIRD.public_key()).vkey
    elif what == "pinned":
        asked[what][1]["root"] = asked[what][2]["root"]
    else:
        asked[what][1]["path"] = asked[what][2]["path"]
    assert run(written[0], asked).returncode == 1
