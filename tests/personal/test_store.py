"""Facts about the store, the erasure that a crash cuts short, and commitments."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.evidence.pages import PAGES

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.personal.commitment import Opening, commitment, salt_of
from ringfence.personal.erasing import Request, erase, erase_keys, record_pending
from ringfence.personal.hold import HOLDS, read_holds
from ringfence.personal.keeping import Personal
from ringfence.personal.period import period_of
from ringfence.personal.scope import Erased, Found, KeyScope, State
from ringfence.personal.sealing import Sealing
from ringfence.personal.store import PersonalStore

SECRET = bytes(range(32))
SCOPE = KeyScope(tenant="acme", period="2026-11", subject="maria")
EVENT = ("sidecar", "d-1")
KEYS = (Ed25519PrivateKey.from_private_bytes(bytes([7] * 32)),)


@pytest.fixture
def store(tmp_path: Path) -> PersonalStore:
    """Make a store."""
    return PersonalStore(tmp_path / "personal", secret=SECRET, create=True)


def kept(store: PersonalStore, value: Any, scope: KeyScope = SCOPE, name: str = "hr.grade") -> str:
    """Commit to a value, durably."""
    made = store.commit((name, value), scope=scope, event=EVENT)
    store.flush()
    assert made is not None
    return made


def request(scope: KeyScope) -> Request:
    """Return a request to erase."""
    return Request(scope=scope, by="dpo", reason="r", now=1_800_000_000.0)


def test_a_commitment_is_a_salted_hash() -> None:
    """The documented bytes are hashed: domain, salt, and the RFC 8785 array of name and value."""
    salt = bytes([5] * 32)
    expected = hashlib.sha256(b"ringfence-fact/v1\n" + salt + b'["hr.grade",3]').digest()
    assert commitment(Opening("hr.grade", 3, salt)) == expected
    assert not Opening("hr.grade", 4, salt).opens(expected)
    assert not Opening("hr.grad", 3, salt).opens(expected)
    assert not Opening("hr.grade", 3, bytes(32)).opens(expected)
    assert Opening.decode(Opening("hr.grade", 3, salt).encode()).opens(expected)


def test_salts_are_one_a_key_event_and_name() -> None:
    """No two places share a salt, also where their texts joined are the same."""
    places = [("a", "bc", "n"), ("ab", "c", "n"), ("a", "b", "cn"), ("a", "bc", "m")]
    assert len({salt_of(key, *one) for key in (SECRET, bytes(32)) for one in places}) == 8


def test_a_value_is_found_until_its_key_is_destroyed(store: PersonalStore) -> None:
    """It is there after reopening, and erased for good once its scope was."""
    committed = kept(store, 3)
    store.close()
    again = PersonalStore(store.folder, secret=SECRET)
    found = again.find(committed, name="hr.grade", tenant="acme")
    assert (found.state, found.value) == (State.SHOWN, 3)
    erased = again.erase(SCOPE, note=lambda _: ("1", "{}"))
    assert (erased.keys, erased.facts) == (1, 1)
    assert again.find(committed, name="hr.grade", tenant="acme").state is State.ERASED
    assert again.commit(("hr.grade", 3), scope=SCOPE, event=EVENT) is None
    assert again.find("00" * 32, name="hr.grade", tenant="acme").state is State.ABSENT
    again.close()


@pytest.mark.parametrize("number", range(4))
def test_nothing_of_a_key_stays_in_the_file(store: PersonalStore, number: int) -> None:
    """No sealed key or value that stood in the file stands there any more, nor in another file.

    Which rows SQLite moves, and so leaves copies of, is chance: in more than half of the stores some.
    """
    for one in range(600):
        kept(store, "x" * (20 + (one * 37) % 900), replace(SCOPE, subject=f"s-{one % 60}"))
    store.flush()
    path = store.folder / "personal.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT sealed FROM key UNION ALL SELECT sealed FROM fact").fetchall()
    ends = {sealed[-16:] for (sealed,) in rows}
    assert len(ends) == 660
    before = path.read_bytes()
    assert all(end in before for end in ends)
    for one in range(60):
        scope = replace(SCOPE, subject=f"s-{one}")
        store.erase(scope, note=lambda _, one=one: (str(one), "{}"))  # type: ignore[misc] # a default
    store.rewrite()
    store.close()
    left = b"".join(file.read_bytes() for file in store.folder.iterdir())
    assert not any(end in left for end in ends)


def test_a_value_put_for_another_is_refused(store: PersonalStore) -> None:
    """Rows that were swapped or altered are told, and nothing is shown under another name or tenant."""
    first, second = kept(store, 3), kept(store, 4)
    assert store.find(first, name="hr.rank", tenant="acme") == Found(State.ABSENT)
    assert store.find(first, name="hr.grade", tenant="zeta") == Found(State.ABSENT)
    store.close()
    with sqlite3.connect(store.folder / "personal.sqlite") as db:
        query = "UPDATE fact SET sealed = (SELECT sealed FROM fact WHERE committed = ?) WHERE committed = ?"
        db.execute(query, (bytes.fromhex(second), bytes.fromhex(first)))
    db.close()
    again = PersonalStore(store.folder, secret=SECRET)
    with pytest.raises(EvidenceError, match="RF916"):
        again.find(first, name="hr.grade", tenant="acme")
    number, key = again._ring.key(
        "acme", "2026-11", "maria"
    )  # whoever has the key seals what they like
    assert key is not None
    other = Opening("hr.grade", 9, bytes(32)).encode()
    sealed = Sealing(key).seal(other, about=bytes.fromhex(second))
    update = "UPDATE fact SET sealed = ? WHERE committed = ? AND key = ?"
    connection = again._database.connection
    assert connection.execute(update, (sealed, bytes.fromhex(second), number)).rowcount == 1
    with pytest.raises(EvidenceError, match="RF918"):
        again.find(second, name="hr.grade", tenant="acme")
    again.close()


def test_a_hold_wins_over_what_came_while_an_erasure_began(tmp_path: Path) -> None:
    """A value that a collector keeps in a held month, after the months were read, is not destroyed, nor any other."""

    class Late(PersonalStore):
        def erase(self, scope: KeyScope, *, note: Callable[[Erased], tuple[str, str]]) -> Erased:
            held = replace(SCOPE, period="2026-10")
            committed.append(self.commit(("hr.grade", 4), scope=held, event=("p", "late")))
            return super().erase(scope, note=note)

    committed: list[str | None] = []
    store = Late(tmp_path / "personal", secret=SECRET, create=True)
    committed.append(kept(store, 3))
    (store.folder / HOLDS).write_text(
        "holds: [{tenant: acme, periods: [2026-10], reason: case 4}]\n"
    )
    with pytest.raises(EvidenceError, match="RF917"):
        erase_keys(store, request(replace(SCOPE, period=None)))
    states = [store.find(str(one), name="hr.grade", tenant="acme").state for one in committed]
    assert (states, store.pending()) == ([State.SHOWN, State.SHOWN], ())
    store.close()


def test_a_crash_between_erasing_and_recording_is_made_up(
    store: PersonalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was erased is recorded once: at the next chance, and not again after a crash behind it."""
    ledger = Ledger.create(tmp_path / "l", origin="e.com/l", settings=Settings(keys=KEYS))
    kept(store, 3)

    def fail(*_: object) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", fail)
        with pytest.raises(OSError, match="power"):
            erase(ledger, store, request(SCOPE))
    assert len(store.pending()) == 1
    with monkeypatch.context() as patch:
        patch.setattr(PersonalStore, "recorded", fail)
        with pytest.raises(OSError, match="power"):
            record_pending(ledger, store)
    assert record_pending(ledger, store) == 0
    assert store.pending() == ()
    assert len(list(ledger.index.kind(RecordKind.RETENTION_EVENT.value))) == 1
    ledger.close()
    store.close()


def test_a_failed_write_leaves_no_key_that_is_not_kept(
    store: PersonalStore, tmp_path: Path
) -> None:
    """After a failure, a value is sealed under no key that was rolled back."""
    other = sqlite3.connect(store.folder / "personal.sqlite", isolation_level=None)
    store._database.connection.execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(EvidenceError, match="RF916"):
        store.commit(("hr.grade", 3), scope=SCOPE, event=EVENT)
    other.execute("COMMIT")
    other.close()
    committed = kept(store, 3)
    store.close()
    again = PersonalStore(store.folder, secret=SECRET)
    assert again.find(committed, name="hr.grade", tenant="acme").value == 3
    again.close()


def test_a_period_is_the_month_that_is_claimed() -> None:
    """What claims no month has a period of its own."""
    assert period_of("2026-11-02T20:56:51Z") == "2026-11"
    assert period_of("2026-13-02T20:56:51Z") == "undated"
    assert period_of("") == "undated"


def test_fields_of_a_personal_fact_are_personal() -> None:
    """Of a list of records each column is."""
    personal = Personal(names=frozenset({"hr.people"}))
    assert personal.is_personal("hr.people")
    assert personal.is_personal("hr.people.name")
    assert not personal.is_personal("hr.peoples")
    assert not personal.is_personal("hr")


def test_the_page_holds_a_hold(tmp_path: Path) -> None:
    """The example of a `holds.yaml` in the documentation is read, and forbids what it names."""
    (tmp_path / HOLDS).write_text(PAGES.split("```yaml holds\n")[1].split("```")[0])
    holds = read_holds(tmp_path)
    with pytest.raises(EvidenceError, match="RF917"):
        holds.refuse(tenant="acme", period="2026-10")
    holds.refuse(tenant="acme", period="2026-12")
    holds.refuse(tenant="zeta", period="2026-10")
