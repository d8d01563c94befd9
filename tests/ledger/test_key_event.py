"""Facts about key events: who may sign which tree."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.ledger.samples import FIRST, ORIGIN, SECOND, THIRD, key_of

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import sign_note
from ringfence.ledger.key_event import KeyHistory, rotation_record, start_record

START = start_record(origin=ORIGIN, key=FIRST).body
ROTATE = rotation_record(origin=ORIGIN, old=FIRST, new=SECOND, position=100, overlap=50).body
AGAIN = rotation_record(origin=ORIGIN, old=SECOND, new=THIRD, position=500, overlap=0).body
EVENTS: list[tuple[int, Mapping[str, Any]]] = [(0, START), (100, ROTATE), (500, AGAIN)]


def _note(size: int, *keys: Any) -> bytes:
    text = Checkpoint(origin=ORIGIN, size=size, root=bytes(32)).text()
    lines = [sign_note(text, name=ORIGIN, key=key)[len(text) + 1 :] for key in keys]
    return text + b"\n" + b"".join(lines)


def test_keys_follow_each_other_by_size() -> None:
    """Each key signs from its event's tree on, the older one as long as the overlap says."""
    history = KeyHistory.of(EVENTS)
    keys = {size: history.at(size) for size in (0, 100, 101, 151, 152, 500, 501, 10_000)}
    first, second, third = key_of(FIRST), key_of(SECOND), key_of(THIRD)
    assert [[key.vkey for key in found] for found in keys.values()] == [
        [key.vkey for key in found]
        for found in [
            [first], [first], [first, second], [first, second], [second], [second],
            [second, third], [third],
        ]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "keys", "code"),
    [
        (100, (FIRST,), ""),
        (101, (FIRST,), ""),
        (120, (FIRST, SECOND), ""),
        (151, (SECOND,), ""),
        (152, (FIRST, SECOND), ""),
        (152, (FIRST,), "RF949"),
        (100, (SECOND,), "RF949"),
        (9999, (FIRST, SECOND), "RF949"),
        (9999, (THIRD,), ""),
    ],
)
def test_a_signature_counts_only_at_its_sizes(size: int, keys: tuple[Any, ...], code: str) -> None:
    """A checkpoint after a key's last size, or before its first, does not open by that key."""
    history, note = KeyHistory.of(EVENTS), _note(size, *keys)
    if code:
        with pytest.raises(VerifyError, match=code):
            history.open(note)
    else:
        assert history.open(note).size == size


def test_a_false_signature_of_a_known_key_is_refused() -> None:
    """One good signature does not excuse another that claims a known key."""
    good, other = _note(120, FIRST, SECOND), _note(121, FIRST, SECOND)
    mixed = good[: good.rindex("— ".encode())] + other[other.rindex("— ".encode()) :]
    with pytest.raises(VerifyError, match="RF923"):
        KeyHistory.of(EVENTS).open(mixed)


def test_strangers_and_other_origins_are_refused() -> None:
    """A note of no known key is RF922, one of another origin RF924."""
    with pytest.raises(VerifyError, match="RF922"):
        KeyHistory.of([(0, START)]).open(_note(5, SECOND))
    text = Checkpoint(origin="other.example/log", size=5, root=bytes(32)).text()
    with pytest.raises(VerifyError, match="RF924"):
        KeyHistory.of([(0, START)]).open(sign_note(text, name="other.example/log", key=FIRST))


def test_trust_goes_forward_only() -> None:
    """Who trusts the second key follows to the third, and not back to the first."""
    spans = KeyHistory.of(EVENTS, trusted=key_of(SECOND)).spans
    assert [span.key.vkey for span in spans] == [key_of(SECOND).vkey, key_of(THIRD).vkey]
    with pytest.raises(VerifyError, match="RF922"):
        KeyHistory.of([(0, START)], trusted=key_of(SECOND))


@pytest.mark.parametrize(
    "change",
    [
        {"vkey": key_of(THIRD).vkey},
        {"previous": key_of(THIRD).vkey},
        {"until": 10_000},
        {"from": 100},
        {"origin": "other.example/log"},
        {"event": "start"},
        {"signatures": []},
        {"signatures": ["", ""]},
        {"signatures": ROTATE["signatures"][::-1]},
        {"vkey": "nonsense"},
        {"vkey": 7},
        {"until": True},
        {"until": 1 << 60},
        {"event": []},
        {"more": 1},
    ],
)
def test_an_altered_event_does_not_hold(change: Mapping[str, Any]) -> None:
    """Any altered, missing or extra member of a rotation is RF948."""
    with pytest.raises(VerifyError, match="RF948"):
        KeyHistory.of([(0, START), (100, {**ROTATE, **change})])


@pytest.mark.parametrize(
    "events",
    [
        [],
        [(1, START)],
        [(0, ROTATE)],
        [(0, START), (1, START)],
        [(0, START), (99, ROTATE)],
        [(0, START), (500, AGAIN)],
        [(0, START), (100, ROTATE), (100, ROTATE)],
        [(0, {})],
    ],
)
def test_events_out_of_order_do_not_hold(events: list[tuple[int, Mapping[str, Any]]]) -> None:
    """A history without its start, moved, repeated or with a gap is RF948."""
    with pytest.raises(VerifyError, match="RF948"):
        KeyHistory.of(events)


def test_a_rotation_to_the_same_key_is_refused() -> None:
    """A key does not follow itself."""
    with pytest.raises(EvidenceError, match="RF948"):
        rotation_record(origin=ORIGIN, old=FIRST, new=FIRST, position=1, overlap=0)
