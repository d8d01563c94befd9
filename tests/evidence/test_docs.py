"""Facts about the page on evidence."""

import re
from pathlib import Path

from tests.evidence.pages import PAGES
from tests.evidence.samples import KEY, STRANGER

from ringfence.codes import CODES
from ringfence.enterprise.files import OSCAL, POLICY
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.layout import REQUIRED
from ringfence.evidence.note import NoteKey, sign_note
from ringfence.evidence.records import RecordKind, read_record
from ringfence.evidence.tree import leaf_hash, root_of
from ringfence.export import layout
from ringfence.ledger.cosignature import WitnessKey, cosign
from ringfence.ledger.key_event import start_record
from ringfence.ledger.store import Ledger


def _block(label: str) -> bytes:
    (found,) = re.findall(rf"```{label}\n(.*?)```", PAGES, re.DOTALL)
    return str(found).encode()


def test_the_pages_vector_is_what_we_write() -> None:
    """Records, leaf hash, verifier key and checkpoint of the page come out of the code."""
    records = [read_record(line) for line in _block("json records").splitlines()]
    leaves = [leaf_hash(record.data) for record in records]
    checkpoint = Checkpoint(origin="example.com/log", size=len(leaves), root=root_of(leaves))
    assert sign_note(checkpoint.text(), name=checkpoint.origin, key=KEY) == _block(
        "text checkpoint"
    )
    assert f"`{leaves[0].hex()}`" in PAGES
    assert f"`{NoteKey('example.com/log', KEY.public_key()).vkey}`" in PAGES


def test_the_ledgers_vector_is_what_we_write() -> None:
    """The first record, and the cosigned checkpoint over it, come out of the code."""
    record = start_record(origin="example.com/log", key=KEY)
    assert record.data + b"\n" == _block("json first record")
    checkpoint = Checkpoint(origin="example.com/log", size=1, root=leaf_hash(record.data))
    note = sign_note(checkpoint.text(), name=checkpoint.origin, key=KEY)
    witness = WitnessKey("witness.example/w1", STRANGER.public_key())
    line = cosign(checkpoint.text(), name=witness.name, key=STRANGER, time=1_800_000_000)
    assert note + line == _block("text cosigned checkpoint")
    assert f"`{witness.vkey}`" in PAGES


def test_the_ledgers_snippet_runs(tmp_path: Path) -> None:
    """What the page shows makes a ledger, appends to it and closes it."""
    records = [read_record(line) for line in _block("json records").splitlines()]
    given = {"folder": tmp_path / "ledger", "private_key": KEY, "records": records}
    exec(_block("python"), given)
    again = Ledger.open(tmp_path / "ledger")
    assert again.size == 4
    again.close()


def test_the_page_names_every_kind_file_and_code() -> None:
    """Kinds of records, files of a package and codes of verification all stand there."""
    named = set(re.findall(r"`([^`\n]+)`", PAGES))
    codes = {code for code in CODES if "RF920" <= code <= "RF939" or "RF960" <= code <= "RF979"}
    exported = {layout.RECORDS, layout.PROOFS, layout.CONSISTENCY, layout.TIMESTAMP, POLICY, OSCAL}
    assert {kind.value for kind in RecordKind} | REQUIRED | exported | codes <= named
