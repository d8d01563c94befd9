"""Facts about single bytes: each class of them that evidence is made of has its own code (group 1)."""

import base64
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.evidence.samples import KEY, event, records
from tests.evidence.samples import ORIGIN as PACKAGE_ORIGIN
from tests.tamper.sound import SIZE, Spoiled, check_all, flip

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.seal import seal
from ringfence.evidence.verify import Verifier
from ringfence.ledger.segment import HEAD_SIZE, scan
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

LINE = "\u2014 ".encode()


def _at(name: str, at: int, *, mask: int = 1) -> Callable[[Path], None]:
    return lambda folder: flip(folder / name, at, mask=mask)


def _signature(name: bytes, at: int) -> Callable[[Path], None]:
    """Change a byte of the key id (0 to 3) or of what follows, in the line of this name."""

    def change(folder: Path) -> None:
        path = folder / "checkpoint"
        note = path.read_bytes()
        (line,) = re.findall(rb"\xe2\x80\x94 " + re.escape(name) + rb" (\S+)\n", note)
        raw = bytearray(base64.b64decode(line))
        raw[at] ^= 1
        path.write_bytes(note.replace(line, base64.b64encode(raw)))

    return change


def _line(number: int, at: int) -> Callable[[Path], None]:
    """Change a character of a line of the checkpoint's text into another of its kind."""

    def change(folder: Path) -> None:
        path = folder / "checkpoint"
        lines = path.read_bytes().split(b"\n")
        old = lines[number][at : at + 1]
        new = b"7" if old.isdigit() and old != b"7" else b"x" if old != b"x" else b"y"
        lines[number] = lines[number][:at] + new + lines[number][at + 1 :]
        path.write_bytes(b"\n".join(lines))

    return change


def _segment(folder: Path) -> Path:
    (found,) = (folder / "wal").iterdir()
    return found


def _frame(number: int, at: int) -> Callable[[Path], None]:
    """Change a byte of a frame: 0 is the first of its marker, 36 that of its payload."""

    def change(folder: Path) -> None:
        path = _segment(folder)
        frames = scan(path.read_bytes(), name="", first=0).frames[:number]
        flip(path, HEAD_SIZE + sum(36 + len(frame.payload) for frame in frames) + at)

    return change


BYTES = (
    Spoiled("a record's content", "RF926 record 0 ", _at("tile/entries/000", 90)),
    Spoiled("a record's content, in a partial bundle", "RF926", _at("tile/entries/001.p/44", 90)),
    Spoiled("a record's length", "RF945", _at("tile/entries/000", 1)),
    Spoiled("a hash in a full tile", "RF959", _at("tile/0/000", 77)),
    Spoiled("a hash in a partial tile", "RF959", _at("tile/0/001.p/44", 77)),
    Spoiled("a hash in a tile above", "RF959", _at("tile/1/000.p/1", 5)),
    Spoiled("the checkpoint's origin", "RF924", _line(0, 3)),
    Spoiled("the checkpoint's size", "RF931", _line(1, 0)),
    Spoiled("the checkpoint's root", "RF926 the records", _line(2, 9)),
    Spoiled("the end of the checkpoint's root", "RF921", _line(2, 43)),
    Spoiled("the line between text and signatures", "RF921", _line(3, 0)),
    Spoiled("the key id of the log's signature", "RF922", _signature(b"platform.example/ledger", 1)),
    Spoiled("the log's signature", "RF923", _signature(b"platform.example/ledger", 40)),
    Spoiled("the key id of a cosignature", "RF952", _signature(b"witness.example", 1)),
    Spoiled("the time of a cosignature", "RF953", _signature(b"witness.example", 11)),
    Spoiled("a cosignature", "RF953", _signature(b"witness.example", 40)),
    Spoiled("a segment's head", "RF942", lambda folder: flip(_segment(folder), 9)),
    Spoiled("a frame's marker", "RF942", _frame(3, 2)),
    Spoiled("a frame's length", "RF942", _frame(3, 17)),
    Spoiled("a frame's checksum", "RF942", _frame(3, 21)),
    Spoiled("a frame's position", "RF942", _frame(3, 27)),
    Spoiled("a record in a frame", "RF942", _frame(3, 80)),
)  # fmt: skip


@pytest.mark.parametrize("one", BYTES, ids=[one.what for one in BYTES])
def test_a_changed_byte_of_a_ledger_is_refused_by_its_code(folder: Path, one: Spoiled) -> None:
    """Each class of bytes in records, tiles, checkpoint, signatures and frames is told by its code."""
    assert check_all(folder).checkpoint.size == SIZE
    one.change(folder)
    with pytest.raises(VerifyError, match=f"^{one.code}"):
        check_all(folder)


WRITERS = (
    Spoiled("the size that was signed last", "RF943", _at("signed", 24, mask=10)),
    Spoiled("the root that was signed last", "RF944", _at("signed", 30)),
    Spoiled("whose ledger it is", "RF947", _at("ledger.json", 30)),
    Spoiled("a hash under the checkpoint", "RF944", _at("tile/0/001.p/44", 77)),
    Spoiled("a frame before others", "RF942", _frame(3, 80)),
)


@pytest.mark.parametrize("one", WRITERS, ids=[one.what for one in WRITERS])
def test_a_changed_byte_keeps_the_writer_from_signing(folder: Path, one: Spoiled) -> None:
    """A ledger whose own state was altered is not opened, so that nothing is signed over it."""
    one.change(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises((EvidenceError, VerifyError), match=f"^{one.code}"):
        Ledger.open(folder, settings=Settings())
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


FILES = {
    "records.jsonl": "RF926", "checkpoint": "RF923", "checkpoint.body": "RF929",
    "checkpoint.sig": "RF929", "keys/log.vkey": "RF929", "keys/log.pub.pem": "RF929",
    "SHA256SUMS": "RF929", "VERIFY.md": "RF929", "statement.dsse.json": "RF928",
    "statement.body": "RF929", "statement.sig": "RF929",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_of_a_package_is_refused_by_its_code(tmp_path: Path, name: str) -> None:
    """A byte of each file of a sealed package: record, note, envelope, or a file that they name."""
    made = seal(
        records([event(n) for n in range(7)]), out=tmp_path / "p", origin=PACKAGE_ORIGIN, key=KEY
    )
    path = made.path / name
    text = path.read_bytes()
    at = {"checkpoint": text.rfind(LINE) + 60, "statement.dsse.json": 400}.get(name, 30)
    path.write_bytes(text[:at] + (b"x" if text[at : at + 1] != b"x" else b"y") + text[at + 1 :])
    with pytest.raises(VerifyError, match=f"^{FILES[name]}"):
        Verifier(trusted_key=KEY.public_key(), origin=PACKAGE_ORIGIN).verify(made.path)
    shutil.rmtree(made.path)
