"""The personal store: values and salts, each under a key of its tenant, period and subject.

Destroying a key is what erases: without it, nothing that it sealed can be read, and no commitment of it can
be guessed. The rows stay, so that what was erased is known to be.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ringfence.errors import InternalError
from ringfence.evidence.error import EvidenceError
from ringfence.personal.commitment import Opening, commitment, salt_of
from ringfence.personal.database import Database
from ringfence.personal.key_ring import KeyRing
from ringfence.personal.scope import Erased, Found, KeyScope, State
from ringfence.personal.sealing import Sealing

__all__ = ["PERSON", "PersonalStore"]

PERSON: Final = "person"
"""Under which name a person is committed to, wherever they are named."""

_MARK: Final = b"ringfence personal store"


class PersonalStore:
    """An SQLite file in a folder. Its methods may be called from any thread; raise EvidenceError."""

    def __init__(
        self, folder: Path, *, secret: bytes, create: bool = False, read_only: bool = False
    ) -> None:
        """Open a store, or make it; RF916 where it is not there, or of another key.

        One that is `read_only` is never written, and finds only.
        """
        self.folder, sealing = folder, Sealing(secret)
        self._database = Database(folder, create=create, read_only=read_only)
        self._ring = KeyRing(self._database, sealing=sealing)
        try:
            mark = sealing.seal(_MARK, about=_MARK) if create else None
            sealing.open(self._database.prepare(mark), about=_MARK)
        except BaseException:
            self._database.connection.close()
            raise

    def commit(
        self, opening: tuple[str, Any], *, scope: KeyScope, event: tuple[str, str]
    ) -> str | None:
        """Keep a name and a value, and return their commitment in hex; None where it was erased.

        `event` is principal and decision id, or else what is one of the record. Nothing is durable before
        `flush`.
        """
        return self._keep(opening, scope=scope, salted=(*event, opening[0]))

    def pseudonym(self, person: str, *, tenant: str, period: str) -> str | None:
        """Keep who someone is, and return what stands for them; None where it was erased.

        It is one for a person, tenant and period: a commitment whose salt is the key's alone, which is
        that of the person as the subject.
        """
        scope = KeyScope(tenant=tenant, period=period, subject=person)
        return self._keep((PERSON, person), scope=scope, salted=(PERSON,))

    def keep(self, opening: Opening, *, scope: KeyScope) -> bool:
        """Keep what opens a commitment that someone else has made; False where it was erased.

        Nothing is durable before `flush`.
        """
        committed = commitment(opening)
        with self._database.working() as connection:
            self._database.begin()  # first, as in `commit`
            row = connection.execute(
                "SELECT sealed FROM fact WHERE committed = ?", (committed,)
            ).fetchone()
            if row is not None:
                return row[0] is not None
            return self._put(opening, committed, scope=scope)

    def flush(self) -> None:
        """Make durable what was committed to."""
        self._database.flush()

    def find(self, committed: str, *, name: str, tenant: object) -> Found:
        """Return what there is of a commitment to a name; RF918 where the value does not fit it.

        Another tenant's is absent, and so is another name's: whoever delivers a record could name it in
        one of its own.
        """
        with self._database.working() as connection:
            try:
                raw = bytes.fromhex(committed)
            except ValueError:
                return Found(State.ABSENT)
            row = connection.execute(
                "SELECT fact.sealed, key.tenant, key.period, key.tag, key.sealed FROM fact"
                " JOIN key ON key.id = fact.key WHERE committed = ?",
                (raw,),
            ).fetchone()
        if row is None:
            return Found(State.ABSENT)
        sealed, owner, period, tag, wrapped = row
        if owner != tenant:
            return Found(State.ABSENT)
        if sealed is None or wrapped is None:
            return Found(State.ERASED)
        key = self._ring.opened(wrapped, owner, period, tag)
        opening = Opening.decode(Sealing(key).open(sealed, about=raw))
        if not opening.opens(raw):
            raise EvidenceError(
                "RF918", "a value in the personal store does not fit its commitment"
            )
        return Found(State.SHOWN, opening.value) if opening.name == name else Found(State.ABSENT)

    def periods(self, scope: KeyScope) -> tuple[str, ...]:
        """Return the periods of which keys of the scope are still there."""
        with self._database.working():
            return tuple(sorted({period for _, period in self._ring.alive(scope)}))

    def erase(self, scope: KeyScope, *, note: Callable[[Erased], tuple[str, str]]) -> Erased:
        """Destroy the keys of a scope with all that they sealed, and keep a note until it is recorded.

        `note` makes an id and what is to be recorded, and may commit to more; all of it is durable with
        the erasure, or nothing. Where the scope names a period, nothing more is kept of it later.
        """
        with self._database.working() as connection:
            self.flush()
            alive = self._ring.alive(scope)
            self._database.begin()
            try:
                found = self._destroy(scope, alive)
                connection.execute("INSERT INTO pending VALUES (?, ?)", note(found))
            except BaseException:
                connection.rollback()
                self._ring.forget()
                raise
            connection.execute("COMMIT")
            return found

    def pending(self) -> tuple[tuple[str, str], ...]:
        """Return the notes of erasures that no ledger has recorded yet."""
        with self._database.working() as connection:
            return tuple(connection.execute("SELECT id, body FROM pending ORDER BY rowid"))

    def rewrite(self) -> None:
        """Leave no byte of what was destroyed in the file; takes as long as copying it does."""
        self._database.rewrite()

    def recorded(self, id: str) -> None:
        """Forget a note, once its record is durable in the ledger."""
        with self._database.working() as connection:
            self.flush()
            connection.execute("DELETE FROM pending WHERE id = ?", (id,))

    def close(self) -> None:
        """Make all durable, and close the file."""
        self._database.close()

    def _destroy(self, scope: KeyScope, alive: list[tuple[int, str]]) -> Erased:
        periods = {period for _, period in alive}
        facts = sum(self._ring.destroy(number) for number, _ in alive)
        for period in {scope.period} if scope.period else periods:
            self._ring.shut(scope, period)
        self._ring.forget()
        return Erased(keys=len(alive), facts=facts, periods=tuple(sorted(periods)))

    def _keep(
        self, opening: tuple[str, Any], *, scope: KeyScope, salted: tuple[str, ...]
    ) -> str | None:
        with self._database.working():
            self._database.begin()  # first, so that no other process destroys a key from here on
            _, key = self._key(scope)
            if key is None:
                return None
            made = Opening(*opening, salt_of(key, *salted))
            committed = commitment(made)
            self._put(made, committed, scope=scope)
            return committed.hex()

    def _put(self, opening: Opening, committed: bytes, *, scope: KeyScope) -> bool:
        """Seal an opening under its key, unless that was destroyed."""
        number, key = self._key(scope)
        if key is None:
            return False
        sealed = Sealing(key).seal(opening.encode(), about=committed)
        row = (committed, number, sealed)
        self._database.connection.execute("INSERT OR IGNORE INTO fact VALUES (?, ?, ?)", row)
        return True

    def _key(self, scope: KeyScope) -> tuple[int, bytes | None]:
        if scope.period is None or scope.subject is None:
            raise InternalError("a value without a period or subject")
        return self._ring.key(scope.tenant, scope.period, scope.subject)
