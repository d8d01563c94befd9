"""Facts about what a package holds."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.export.samples import (
    FOREIGN,
    LOG,
    NEXT_LOG,
    PACKAGE,
    QUORUM,
    THEN,
    WITNESS_KEY,
    Site,
    decided,
    log_key,
    make_ledger,
    package,
    said_of,
    trust,
    verifier,
)

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.records import RecordKind
from ringfence.export import layout
from ringfence.export.archive import pack
from ringfence.export.build import package_files
from ringfence.export.folder import write_folder
from ringfence.export.package_key import PackageSigner
from ringfence.export.predicate import Exporter
from ringfence.export.request import ExportRequest
from ringfence.export.selection import Selection, select
from ringfence.keys import generate
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger


@pytest.mark.requirement("R1.44", on="record")
def test_the_records_are_the_ledgers_bytes(site: Site, files: dict[str, bytes]) -> None:
    """Each line is the record that stands in the ledger at the position of its proof."""
    ledger = Ledger.open(site.folder)
    proofs = [json.loads(line) for line in files[layout.PROOFS].splitlines()]
    stored = [ledger.read(proof["index"]).data for proof in proofs]
    ledger.close()
    assert files[layout.RECORDS] == b"".join(one + b"\n" for one in stored)
    assert said_of(files)["kinds"] == {"decision": 14, "gap": 1, "key_event": 2}


def test_no_byte_of_another_tenant_leaves(site: Site, files: dict[str, bytes]) -> None:
    """Neither the other tenant's records nor records of no tenant are anywhere in a package."""
    foreign = [record for record in _stored(site) if record["body"].get("tenant") == "globex"]
    assert len(foreign) == 6
    for content in (pack(files), *files.values()):
        assert FOREIGN.encode() not in content
        assert b"globex" not in content
    ids = {one["body"]["decision_id"].encode() for one in foreign}
    assert not any(b'"%b"' % name in content for name in ids for content in files.values())


def _stored(site: Site) -> list[dict[str, Any]]:
    ledger = Ledger.open(site.folder)
    found = [json.loads(ledger.read(n).data) for n in range(ledger.size)]
    ledger.close()
    return found


def test_the_same_records_and_keys_give_the_same_bytes(site: Site, tmp_path: Path) -> None:
    """Twice the same export is the same package, under Ed25519 and under P-256."""
    for key in (PACKAGE, generate("es256")):
        assert pack(site.files(key=key)) == pack(site.files(key=key))


@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_a_package_verifies_as_folder_and_archive(site: Site, tmp_path: Path, kind: str) -> None:
    """Both forms show the same, with every trust that can be brought along."""
    key = generate("ed25519" if kind == "ed25519" else "es256")
    made = site.files(key=key)
    write_folder(tmp_path / "p", made)
    (tmp_path / "p.tar").write_bytes(pack(made))
    asked = verifier(key=key, quorum=QUORUM, now=THEN + 1010, max_age=60, pinned=(site.seen,))
    found = [asked.verify(tmp_path / name) for name in ("p", "p.tar")]
    assert found[0] == found[1]
    one = found[0]
    assert (len(one.records), one.checkpoint.size, one.files) == (17, 24, len(made))
    assert one.key == log_key(NEXT_LOG)
    assert [(c.key, c.time) for c in one.cosignatures] == [(WITNESS_KEY, THEN + 1000)]
    assert not any("tree" in said for said in one.not_shown)


def test_what_was_not_asked_is_not_shown(folder: Path) -> None:
    """Without witness, age and pinned checkpoint the answer says what that leaves open."""
    said = verifier().verify(folder).not_shown
    assert [one.split(":")[0] for one in said if "tree" in one] == [
        "that others are shown the same tree",
        "that this is the newest tree",
        "that the tree extends one that you have seen",
    ]


@pytest.mark.parametrize(
    ("given", "positions"),
    [
        ({"start": 5, "end": 8}, [5, 7]),
        ({"start": 20}, [20, 22]),
        ({"ids": frozenset({"decision-3"})}, [4]),
        ({"ids": frozenset({"trace-2"})}, [5]),
        (
            {"start": datetime(2026, 11, 20, 20, 12, tzinfo=UTC),
             "end": datetime(2026, 11, 20, 20, 14, tzinfo=UTC)},
            [14, 15, 22],
        ),
    ],
    ids=["positions", "from", "decision", "trace", "times"],
)  # fmt: skip
def test_a_selection_takes_what_it_says(
    site: Site, given: dict[str, Any], positions: list[int]
) -> None:
    """Windows and ids narrow the tenant's records; key events always go along."""
    found = select(
        site.folder, Selection(tenants=frozenset({"acme"}), **given), trust=trust()
    ).records
    events = {one.position for one in found if one.record.kind is RecordKind.KEY_EVENT}
    assert events == {0, 10}
    assert [one.position for one in found if one.position not in events] == positions


@pytest.mark.parametrize(
    "given",
    [
        {"tenants": frozenset({"nobody"})},
        {"tenants": frozenset({"acme"}), "ids": frozenset({"decision-2"})},
        {"tenants": frozenset({"acme"}), "start": 24},
    ],
    ids=["tenant", "another tenant's decision", "window"],
)
def test_nothing_selected_is_an_error(site: Site, given: dict[str, Any]) -> None:
    """An empty package would look like an answer; another tenant's id is as unknown as any."""
    with pytest.raises(EvidenceError) as caught:
        select(site.folder, Selection(**given), trust=trust())
    assert caught.value.code == "RF961"


def test_a_record_of_another_tenant_is_refused_whatever_selected_it(site: Site) -> None:
    """The last step before signing looks at every record's tenant once more."""
    both = select(site.folder, Selection(tenants=frozenset({"acme", "globex"})), trust=trust())
    request = ExportRequest(
        profile="operator",
        selection=Selection(tenants=frozenset({"acme"})),
        exporter=Exporter(name="", by="ledger"),
    )
    with pytest.raises(EvidenceError) as caught:
        package_files(
            both, ledger=site.folder, request=request, pinned=(), signer=PackageSigner(PACKAGE)
        )
    assert caught.value.code == "RF963"


def test_two_tenants_may_share_a_package(site: Site, tmp_path: Path) -> None:
    """Where both are asked for, both are named, and it verifies."""
    chosen = Selection(tenants=frozenset({"acme", "globex"}))
    write_folder(tmp_path / "p", package(site.folder, selection=chosen))
    assert verifier().verify(tmp_path / "p").said["tenants"] == ["acme", "globex"]


def test_a_ledger_may_grow_meanwhile(tmp_path: Path) -> None:
    """What was selected is proved under the checkpoint that was verified, though a newer one is out."""
    grown = make_ledger(tmp_path)
    chosen = Selection(tenants=frozenset({"acme"}))
    selected = select(grown.folder, chosen, trust=trust())
    ledger = Ledger.open(grown.folder, settings=Settings(keys=(LOG, NEXT_LOG)))
    ledger.append([decided(n % 60, decision_id=f"later-{n}") for n in range(600)])
    newest = ledger.checkpoint().checkpoint
    ledger.close()
    request = ExportRequest(
        profile="operator", selection=chosen, exporter=Exporter(name="", by="ledger")
    )
    made = package_files(
        selected, ledger=grown.folder, request=request, pinned=(), signer=PackageSigner(PACKAGE)
    )
    write_folder(tmp_path / "p", made)
    assert verifier().verify(tmp_path / "p").checkpoint.size == 24
    assert newest.size == 624
    write_folder(tmp_path / "q", package(grown.folder))
    assert verifier().verify(tmp_path / "q").checkpoint == newest


def test_a_ledger_that_does_not_hold_is_not_exported(site: Site, tmp_path: Path) -> None:
    """What is exported is what was verified: under another key nothing is."""
    with pytest.raises(VerifyError) as caught:
        select(
            site.folder,
            Selection(tenants=frozenset({"acme"})),
            trust=trust(key=log_key(PACKAGE)),
        )
    assert caught.value.code == "RF922"


@pytest.mark.parametrize("name", ["../up", "/abs", "a//b", ".hidden", "käse", "a" * 200, "a b"])
def test_a_name_that_a_verifier_refuses_is_never_written(site: Site, name: str) -> None:
    """Files that go along must have plain names."""
    with pytest.raises(EvidenceError) as caught:
        package(site.folder, files={f"policy/sources/{name}": b""})
    assert caught.value.code == "RF914"
