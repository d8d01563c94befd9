"""Facts about personal facts from end to end: appended, erased, inspected, proved and exported."""

import json
import sqlite3
from pathlib import Path

import pytest
from tests.personal.site import CHECK, EVENTS, MARIA, OTTO, SIGNING, STORE, Site, event, values_in


def test_no_personal_value_stands_in_the_ledger(site: Site) -> None:
    """Ledger and store hold no personal value in the clear; the store shows it, verified."""
    for value in (MARIA, OTTO):
        assert values_in(site.folder / "ledger", value.encode()) == []
        assert values_in(site.folder / "personal", value.encode()) == []
    assert site.personal(1, *STORE) == {
        "hr.grade": {"state": "shown", "value": 1},
        "request.by": {"state": "shown", "value": MARIA},
    }
    assert site.personal(1)["request.by"] == {"state": "committed"}


def test_a_decision_that_comes_again_is_one(site: Site) -> None:
    """The commitments of a redelivered event are the same, so that it is a duplicate."""
    said = site.append(*STORE)
    assert (said["added"], said["duplicates"], said["conflicts"]) == (0, 4, 0)


def test_equal_values_have_unequal_commitments(site: Site) -> None:
    """No two decisions of one person, month or tenant show that they are about the same."""
    (bundle,) = values_in(site.folder / "ledger/tile/entries", b'"committed"')
    entries = bundle.read_bytes()
    found = set()
    for line in entries.split(b'"committed":')[1:]:
        found |= set(json.loads(line[: line.index(b"}") + 1]).values())
    assert len(found) == 2 * len(EVENTS)


def test_a_subject_is_erased_and_the_tree_verifies(site: Site) -> None:
    """Maria's facts at acme are gone in all months; otto's and zeta's stay; old proofs still hold."""
    site.run("prove", "ledger", "--decision", "d-1", "-o", "before.tlog-proof", *CHECK)
    (site.folder / "pinned").write_bytes((site.folder / "ledger/checkpoint").read_bytes())
    size, _ = site.root()
    said = json.loads(site.erase("--tenant", "acme", "--subject", MARIA))
    assert (said["keys"], said["facts"], said["periods"]) == (2, 6, ["2026-10", "2026-11"])
    for number in (1, 2):
        erased = {"state": "erased"}
        assert site.personal(number, *STORE) == {"hr.grade": erased, "request.by": erased}
    assert site.personal(3, *STORE)["request.by"]["value"] == OTTO
    assert site.personal(4, *STORE)["request.by"]["value"] == MARIA
    assert site.root()[0] == size + 1
    site.run("fsck", "ledger", *CHECK, "--pinned", "pinned")
    site.run("verify", "before.tlog-proof", *CHECK)
    site.run("prove", "ledger", "--decision", "d-2", "-o", "after.tlog-proof", *CHECK)
    site.run("verify", "after.tlog-proof", *CHECK)
    assert values_in(site.folder / "ledger", MARIA.encode()) == []


def test_an_export_after_an_erasure_verifies(site: Site) -> None:
    """A package holds commitments and the tombstone, no value, and verifies."""
    site.erase("--tenant", "acme", "--period", "2026-11")
    site.run(
        "export", "ledger", "--tenant", "acme", "-o", "acme", "--signing-key", "package.pem", *CHECK
    )  # fmt: skip
    site.run("verify", "acme", *CHECK, "--package-key", "package.pub.pem")
    assert values_in(site.folder / "acme", MARIA.encode()) == []
    assert values_in(site.folder / "acme", b'"kind":"retention_event"')


def test_the_tombstone_names_no_subject(site: Site) -> None:
    """It says who erased what scope, why and how much."""
    site.erase("--tenant", "acme", "--subject", OTTO)
    (holder,) = values_in(site.folder / "ledger/tile/entries", b'"kind":"retention_event"')
    raw = holder.read_bytes()
    body = json.loads(raw[raw.rindex(b'{"body"') :])["body"]
    assert len(body.pop("id")) == 32
    assert body.pop("timestamp").endswith("Z")
    assert (set(body.pop("by")), set(body.pop("reason"))) == ({"person"}, {"size", "text"})
    assert (body.pop("size"), len(body.pop("root"))) == (len(EVENTS) + 1, 64)
    assert body == {
        "event": "erase", "facts": 3, "keys": 1, "periods": ["2026-11"], "scope": "subject",
        "tenant": "acme",
    }  # fmt: skip
    assert OTTO.encode() not in raw


def test_an_erased_key_is_nowhere(site: Site) -> None:
    """No row holds a key or a value of the scope; what was erased does not come back by delivery."""
    site.erase("--tenant", "acme", "--period", "2026-11")
    with sqlite3.connect(site.folder / "personal/personal.sqlite") as db:
        query = "SELECT count(*) FROM key WHERE tenant = 'acme' AND period = '2026-11' AND sealed IS NOT NULL"
        assert db.execute(query).fetchone() == (0,)
        query = "SELECT count(*) FROM fact JOIN key ON key.id = key WHERE fact.sealed IS NOT NULL AND period != 'erasures'"
        assert db.execute(query).fetchone() == (8,)
    db.close()
    later = json.dumps(event(9, "user:new@acme.example"))
    (site.folder / "log.jsonl").write_text(later + "\n")
    site.append(*STORE)
    assert site.personal(9, *STORE) == {}
    assert values_in(site.folder, b"new@acme") == [site.folder / "log.jsonl"]


@pytest.mark.parametrize("scope", [(), ("--period", "2026-11"), ("--subject", OTTO)])
def test_a_legal_hold_wins(site: Site, scope: tuple[str, ...]) -> None:
    """Where any of the scope is held nothing at all is erased, and no tombstone is written."""
    hold = "holds:\n  - {tenant: acme, periods: [2026-11], reason: case 4}\n"
    (site.folder / "personal/holds.yaml").write_text(hold)
    before = site.root()
    assert "RF917" in site.erase("--tenant", "acme", *scope, code=1)
    assert site.root() == before
    assert site.personal(1, *STORE)["request.by"]["state"] == "shown"
    site.erase("--tenant", "acme", "--period", "2026-10")
    site.erase("--tenant", "zeta")


@pytest.mark.parametrize("text", ["holds: [", "hold: []", "holds: [{tenant: acme}]", "[]", ""])
def test_a_hold_that_cannot_be_read_holds(site: Site, text: str) -> None:
    """A file of holds with a mistake in it forbids every erasure."""
    (site.folder / "personal/holds.yaml").write_text(text)
    assert "RF917" in site.erase("--tenant", "zeta", code=1)


def test_without_a_store_personal_facts_are_withheld(tmp_path: Path) -> None:
    """The allow-list alone copies no fact that the schema marks; `seal` never does."""
    site = Site(tmp_path)
    site.run("init", "other", "--origin", "e.com/l", *SIGNING)
    facts = ("--facts", "request.by,runner.class")
    site.run("append", "other", *SIGNING, "--log", "log.jsonl", *facts)
    site.run("seal", "log.jsonl", "-o", "sealed", "--origin", "e.com/l", *SIGNING, *facts)
    for place in ("other", "sealed"):
        assert values_in(tmp_path / place, MARIA.encode()) == []
        assert values_in(tmp_path / place, b'"withheld":["hr.grade","request.by"]')
        assert values_in(tmp_path / place, b'"runner.class":"container"')


def test_another_stores_key_is_refused(site: Site) -> None:
    """A store opens under its own key alone, and no key is shown."""
    site.run("init-personal", "second", "--personal-key", "second.key")
    said = site.run(
        "inspect", "ledger", "d-1", *CHECK, "--personal-store", "personal",
        "--personal-key", "second.key", code=1,
    )  # fmt: skip
    assert "RF916" in said
    assert (site.folder / "second.key").read_text().split()[1] not in said
    assert (site.folder / "second.key").stat().st_mode & 0o077 == 0
    assert "not empty" in site.run("init-personal", "personal", "--personal-key", "k", code=1)
    assert not (site.folder / "k").exists()
    assert site.personal(1, *STORE)["request.by"]["value"] == MARIA


def test_a_scope_without_keys_is_a_mistake(site: Site) -> None:
    """A mistyped subject or tenant is told, and leaves no tombstone; a second erasure likewise."""
    before = site.root()
    assert "nothing is kept" in site.erase("--tenant", "acme", "--subject", "user:mario", code=1)
    assert "nothing is kept" in site.erase("--tenant", "acne", code=1)
    assert "no period" in site.erase("--tenant", "acme", "--period", "November", code=1)
    assert site.root() == before
    site.erase("--tenant", "acme", "--subject", MARIA)
    assert "nothing is kept" in site.erase("--tenant", "acme", "--subject", MARIA, code=1)
