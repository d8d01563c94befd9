"""Facts about texts of runs, which the runner commits to before it signs."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.evidence.test_run import REPORT, USE
from tests.personal.site import CHECK, SIGNING, STORE, Site, values_in

from ringfence.evidence.delivered import read_delivered
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.run import close_run
from ringfence.evidence.run_signature import sign_run, signer_of_run
from ringfence.keys import write_public
from ringfence.personal.commitment import Opening, commitment
from ringfence.personal.run_texts import commit_run, keep_openings
from ringfence.personal.scope import KeyScope
from ringfence.personal.shown import Shown
from ringfence.personal.store import PersonalStore

RUNNER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LEE = "user:lee@platform.example"
TEXTS = ("Re-run of 12 days lost in OUT-88.", "Reviewed in CAB-7.", LEE)
NOW = 1_795_211_000.0  # 2026-11


@pytest.fixture
def store(tmp_path: Path) -> PersonalStore:
    """Make a store."""
    return PersonalStore(tmp_path / "personal", secret=bytes(range(32)), create=True)


def signed(**changes: Any) -> tuple[Record, tuple[Opening, ...]]:
    """Return a run that was committed to and then signed, and what opens it."""
    closed, openings = commit_run(close_run({**REPORT, **changes}, decisions=[USE]))
    return sign_run(closed, runner="pool-1", key=RUNNER), openings


def test_a_signed_run_holds_commitments_alone() -> None:
    """No approver and no reason is in it, its form is that of a run, and its signature holds."""
    run, openings = signed()
    assert not any(one.encode() in run.data for one in TEXTS)
    assert read_delivered(run.data).data == run.data
    assert signer_of_run(run.body, trusted={"pool-1": RUNNER.public_key()}) == "pool-1"
    assert len({one.salt for one in openings}) == len(openings) == 4
    assert signed()[0].data != run.data


def test_what_opens_a_run_is_kept_shown_and_erased(store: PersonalStore) -> None:
    """The store shows it until the approver is erased, and takes it no second time."""
    run, openings = signed()
    found = keep_openings([run], openings, store=store, now=NOW)
    assert (found.kept, found.erased, found.unknown) == (4, 0, [])
    shown = Shown.of(run, store)
    assert [(one["by"], one["reason"]) for one in shown.body["approvals"]] == [
        (LEE, TEXTS[0]),
        (LEE, TEXTS[1]),
    ]
    store.erase(KeyScope(tenant="acme", subject=LEE), note=lambda _: ("1", "{}"))
    for now in (NOW, NOW + 40 * 86_400):
        again = keep_openings([run], openings, store=store, now=now)
        assert (again.kept, again.erased) == (0, 4)
    assert {one["state"] for one in Shown.of(run, store).texts.values()} == {"erased"}
    store.close()
    left = b"".join(one.read_bytes() for one in store.folder.iterdir())
    assert not any(one.encode() in left for one in TEXTS)


def test_an_opening_that_no_run_commits_to_is_not_kept(store: PersonalStore) -> None:
    """Neither another run's, nor one under another name, place or value."""
    run, openings = signed()
    _, others = signed()
    found = keep_openings([run], others, store=store, now=NOW)
    assert (found.kept, found.unknown) == (0, [0, 1, 2, 3])
    first = openings[0]
    renamed = Opening("text:run:approvals[9].by", first.value, first.salt)
    changed = Opening(first.name, "user:else", first.salt)
    found = keep_openings([run], [renamed, changed], store=store, now=NOW)
    assert (found.kept, found.unknown) == (0, [0, 1])
    body = copy.deepcopy(run.body)
    moved = body["approvals"]
    moved[0]["by"], moved[1]["by"] = moved[1]["by"], moved[0]["by"]
    elsewhere = make_record(RecordKind.RUN, body)
    found = keep_openings([elsewhere], openings, store=store, now=NOW)
    assert [commitment(openings[one]).hex() for one in found.unknown] == [
        moved[1]["by"]["text"],
        moved[0]["by"]["text"],
    ]


def test_a_run_shows_no_other_tenants_texts(store: PersonalStore) -> None:
    """A commitment that a runner has copied from another tenant's run opens nothing."""
    run, openings = signed()
    keep_openings([run], openings, store=store, now=NOW)
    body = {**run.body, "tenant": "zeta"}
    shown = Shown.of(make_record(RecordKind.RUN, body), store)
    assert {one["state"] for one in shown.texts.values()} == {"absent"}
    assert shown.body == body


def test_an_opening_that_two_tenants_claim_is_not_kept(store: PersonalStore) -> None:
    """Else a copied commitment would put a text under another's keys, where its own tenant cannot erase it."""
    run, openings = signed()
    copied = make_record(RecordKind.RUN, {**run.body, "tenant": "zeta"})
    found = keep_openings([run, copied], openings, store=store, now=NOW)
    assert (found.kept, found.unknown) == (0, [0, 1, 2, 3])


def test_only_an_unsigned_run_is_committed_to() -> None:
    """What was signed, or is no run, is left alone."""
    run, _ = signed()
    for record in (run, make_record(RecordKind.GAP, {"cause": "no_run"})):
        with pytest.raises(EvidenceError, match="RF990"):
            commit_run(record)


@pytest.mark.parametrize(
    "form",
    [
        {"text": "0" * 64},
        {"text": "0" * 63, "size": 1},
        {"text": "0" * 64, "size": -1},
        {"text": "0" * 64, "size": True},
        {"text": "0" * 64, "size": 1, "more": 1},
        {"person": "0" * 64},
        {"erased": True},
        {},
    ],
)
def test_a_run_takes_references_in_one_form_only(form: dict[str, Any]) -> None:
    """Anything else in place of a text is refused by its place."""
    body = signed()[0].body
    body["approvals"][0]["reason"] = form
    with pytest.raises(EvidenceError) as caught:
        read_delivered(make_record(RecordKind.RUN, body).data)
    assert caught.value.code == "RF909"
    assert any(one.startswith("approvals[0].reason") for one in caught.value.missing)


def test_runs_are_kept_apart_from_end_to_end(site: Site) -> None:
    """Appended, kept, inspected and erased by the commands, a run names nobody in the ledger."""
    run, openings = signed(tenant="acme")
    (site.folder / "runs.jsonl").write_bytes(run.data + b"\n")
    (site.folder / "runs.texts").write_bytes(b"".join(one.encode() + b"\n" for one in openings))
    write_public(site.folder / "pool-1.pub.pem", RUNNER.public_key())
    site.run(
        "append", "ledger", *SIGNING, "--record", "runs.jsonl", "--runner", "pool-1=pool-1.pub.pem",
        *STORE,
    )  # fmt: skip
    kept = ("keep", "runs.jsonl", "--texts", "runs.texts", *STORE)
    said = json.loads(site.run(*kept, "--format", "json"))
    assert said == {"kept": 4, "erased": 0, "unknown": 0}
    (site.folder / "runs.texts").unlink()
    for text in TEXTS:
        assert values_in(site.folder / "ledger", text.encode()) == []
        assert values_in(site.folder / "personal", text.encode()) == []
    told = site.run("inspect", "ledger", "run-1", *CHECK, *STORE)
    assert f"text approvals[1].reason: {TEXTS[1]}" in told
    site.erase("--tenant", "acme", "--subject", LEE)
    told = site.run("inspect", "ledger", "run-1", *CHECK, *STORE)
    assert "text approvals[1].reason: erased" in told
    (site.folder / "runs.texts").write_text("{}\n")
    assert "runs.texts:1" in site.run(*kept, code=1)
