"""The state of a session: turns that exclude each other, and counts that outlive a proxy."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import anyio
import pytest
from tests.proxy.running import run

from ringfence.errors import UsageError
from ringfence.proxy.budget import Used
from ringfence.proxy.identity import Identity
from ringfence.proxy.session import BusyError, Session

WHO = Identity(
    tenant="acme", environment="prod", requester="user:m", agent="a", session="s-1", server="desk"
)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


Open = Callable[..., Session]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Return a function that opens a session, which is closed after the test."""
    with ExitStack() as stack:

        def one(folder: Path | None, *, who: Identity = WHO, **clocks: Clock) -> Session:
            return stack.enter_context(closing(Session(folder, who=who, **clocks)))

        yield one


async def _spoilt(session: Session) -> None:
    async with session.turn(within=1) as turn:
        turn.reserve(also=["pipeline_runs"], size=8, approvals=["j1"])
        raise ValueError("spoilt")


async def _no_turn(session: Session) -> None:
    with pytest.raises(BusyError):
        async with session.turn(within=0.05):
            raise AssertionError


def test_a_turn_that_fails_counts_nothing(opened: Open) -> None:
    """What was reserved before an error is not kept, and the next call has its turn."""

    async def test() -> None:
        session = opened(None)
        with pytest.raises(ValueError, match="spoilt"):
            await _spoilt(session)
        async with session.turn(within=1) as turn:
            assert (turn.used().calls, turn.spent()) == (0, frozenset())
            turn.reserve(also=["pipeline_runs"], size=8, approvals=["j1", "j1"])
        async with session.turn(within=1) as turn:
            used = turn.used()
            assert (used.calls, used.size, used.pipeline_runs, used.credential_requests) == (
                1, 8, 1, 0,
            )  # fmt: skip
            assert turn.spent() == {"j1"}

    run(test)


@pytest.mark.parametrize("shared", [True, False])
def test_a_call_that_gets_no_turn_is_told_so(tmp_path: Path, shared: bool, opened: Open) -> None:
    """While one call is decided another one of the session waits, and gives up in the end."""

    async def test() -> None:
        one = opened(tmp_path)
        other = opened(tmp_path) if shared else one
        async with one.turn(within=1), anyio.create_task_group() as group:
            group.start_soon(_no_turn, other)
        async with other.turn(within=1) as turn:
            assert turn.used().calls == 0

    run(test)


def test_no_two_turns_overlap(tmp_path: Path, opened: Open) -> None:
    """Of forty turns in four proxies each sees the count of all before it."""
    seen: list[int] = []

    async def some(session: Session) -> None:
        for _ in range(10):
            async with session.turn(within=60) as turn:
                seen.append(turn.used().calls)
                await anyio.sleep(0)
                turn.reserve(also=(), size=0, approvals=())

    async def test() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(some, opened(tmp_path))
        assert seen == list(range(40))

    run(test)


def test_age_is_counted_by_the_later_of_two_clocks(tmp_path: Path, opened: Open) -> None:
    """A clock that is set back makes a session no younger than its proxy; a new proxy sees its age."""
    wall, steady = Clock(), Clock()

    async def age(session: Session) -> float:
        async with session.turn(within=1) as turn:
            return turn.used().seconds

    async def test() -> None:
        session = opened(tmp_path, now=wall, clock=steady)
        wall.now, steady.now = wall.now + 60, steady.now + 60
        assert await age(session) == 60
        wall.now -= 3600
        steady.now += 10
        assert await age(session) == 70
        wall.now += 3600 + 40
        assert await age(opened(tmp_path, now=wall, clock=Clock())) == 100

    run(test)


def test_an_answer_is_counted_at_the_latest_with_the_next_call(
    tmp_path: Path, opened: Open
) -> None:
    """Bytes that could not be written at once are not forgotten."""

    async def test() -> None:
        one, other = opened(tmp_path), opened(tmp_path)
        await one.received(5, within=1)
        async with other.turn(within=1):
            await one.received(7, within=0.01)
        async with one.turn(within=1) as turn:
            assert turn.used().size == 5
        async with other.turn(within=1) as turn:
            assert turn.used().size == 12

    run(test)


def test_drift_of_all_servers_is_counted(tmp_path: Path, opened: Open) -> None:
    """A server's new count replaces its old one, and the counts of all are added up."""

    async def test() -> None:
        session = opened(tmp_path)
        async with session.turn(within=1) as turn:
            counts = [turn.drifted(*one) for one in (("a", 2), ("b", 1), ("a", 0), ("b", 0))]
        assert counts == [2, 3, 1, 0]

    run(test)


def test_the_file_is_its_users_alone_and_one_for_each_session(tmp_path: Path, opened: Open) -> None:
    """The folder is made for this user; agents and sessions have files of their own."""
    folder = tmp_path / "state"
    opened(folder)
    assert folder.stat().st_mode & 0o077 == 0
    for change in ({"session": "s-2"}, {"agent": "b"}, {"tenant": "globex"}):
        who = {name: getattr(WHO, name) for name in WHO.__slots__} | change
        opened(folder, who=Identity(**who))
    assert len(list(folder.glob("*.sqlite"))) == 4


def test_a_state_that_is_none_is_refused(tmp_path: Path, opened: Open) -> None:
    """A file in the folder's place, and a file of the session that is no database, are named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="state cannot be opened"):
        opened(tmp_path / "file")
    Session(tmp_path, who=WHO).close()
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(UsageError, match="state cannot be opened"):
        opened(tmp_path)


def test_a_state_that_breaks_while_in_use_stops_the_turn(tmp_path: Path, opened: Open) -> None:
    """Where a count cannot be kept the turn raises, so that no call goes out uncounted."""

    async def test() -> None:
        session = opened(tmp_path)
        (file,) = tmp_path.glob("*.sqlite")
        with sqlite3.connect(file) as database:
            database.execute("DROP TABLE session")
        database.close()
        with pytest.raises(sqlite3.Error):
            async with session.turn(within=1) as turn:
                turn.reserve(also=(), size=1, approvals=())

    run(test)


def test_tokens_are_bytes_or_what_the_runtime_tells() -> None:
    """Four bytes are a token, parts of one count, and the greater count of each kind holds."""
    used = Used(calls=3, size=9, seconds=0.2)
    assert used.facts({}) == {
        "turns": 3, "tokens": 3, "tool_calls": 3, "duration": 1, "pipeline_runs": 0,
        "credential_requests": 0,
    }  # fmt: skip
    told = used.facts({"turns": 2, "tokens": 90})
    assert (told["turns"], told["tokens"], told["tool_calls"]) == (3, 90, 3)
