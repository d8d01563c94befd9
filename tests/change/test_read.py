"""Facts about results as files: strictly the shape that a command wrote, or none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.change.samples import PROMOTION, REPLAY, TESTED

from ringfence.change.facts import shown_facts
from ringfence.change.model import ReplayResult, TestResult
from ringfence.change.read import parse_result, read_result, result_bytes
from ringfence.errors import UsageError


def _altered(result: Any, change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(result_bytes(result))
    change(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def test_what_is_written_is_read_as_it_was() -> None:
    """Each kind of result comes back equal from its bytes."""
    for result in (TESTED, REPLAY, PROMOTION):
        assert parse_result(result_bytes(result), name="f") == result


ALTERED: dict[str, tuple[Any, Callable[[dict[str, Any]], object]]] = {
    "a member too many": (TESTED, lambda v: v.update(note="x")),
    "a member too few": (TESTED, lambda v: v.pop("engine")),
    "a text for a count": (TESTED, lambda v: v.update(failed="0")),
    "true for a count": (TESTED, lambda v: v.update(failed=True)),
    "a fraction for a count": (TESTED, lambda v: v.update(tests=31.0)),
    "a count below zero": (REPLAY, lambda v: v.update(newly_blocked=-1)),
    "a count that JSON loses": (TESTED, lambda v: v.update(tests=1 << 53)),
    "more failures than tests": (TESTED, lambda v: v.update(failed=32)),
    "failures of no document": (TESTED, lambda v: v.update(failed=1)),
    "a tag for a digest": (TESTED, lambda v: v.update(content="latest")),
    "a digest in capitals": (TESTED, lambda v: v.update(content="sha256:" + "A" * 64)),
    "a digest with a line feed": (TESTED, lambda v: v.update(content=v["content"] + "\n")),
    "another format": (TESTED, lambda v: v.update(format="ringfence-result/v2")),
    "another kind": (TESTED, lambda v: v.update(what="replay")),
    "no kind": (TESTED, lambda v: v.pop("what")),
    "counts that do not add up": (REPLAY, lambda v: v.update(newly_blocked=0)),
    "a window without events": (REPLAY, lambda v: v.update(events=1, unchanged=0)),
    "a log twice": (REPLAY, lambda v: v.update(logs=v["logs"] * 2)),
    "no log": (REPLAY, lambda v: v.update(logs=[])),
    "a log's name": (REPLAY, lambda v: v["logs"][0].update(name="x")),
    "allowed by a block": (PROMOTION, lambda v: v.update(action="block")),
    "an action that there is not": (PROMOTION, lambda v: v.update(action="pass")),
    "a control character": (PROMOTION, lambda v: v.update(change_ref="CHG\x1b[2J")),
}


@pytest.mark.parametrize(("result", "change"), ALTERED.values(), ids=ALTERED)
def test_an_altered_shape_is_no_result(
    result: Any, change: Callable[[dict[str, Any]], object]
) -> None:
    """One member altered in name, type, form or sum: refused, and no value is shown."""
    raw = _altered(result, change)
    assert raw != result_bytes(result)
    with pytest.raises(UsageError) as refused:
        parse_result(raw, name="f")
    assert "`f` is no result of ringfence" in refused.value.message
    assert "latest" not in refused.value.message
    assert "\x1b" not in refused.value.message


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}\n",
        b"[]\n",
        b"\xff",
        b"[" * 50_000,
        result_bytes(TESTED)[:-1],
        b" " + result_bytes(TESTED),
        result_bytes(TESTED).replace(b'"failed":0', b'"failed":0,"failed":0'),
        json.dumps(json.loads(result_bytes(TESTED)), indent=2).encode(),
        result_bytes(TESTED) + b" " * 70_000,
    ],
)
def test_other_bytes_are_no_result(raw: bytes) -> None:
    """Only the one encoding that was written is read: no other layout, no name twice."""
    with pytest.raises(UsageError, match="is no result of ringfence"):
        parse_result(raw, name="f")


def test_a_result_of_another_command_is_refused(tmp_path: Path) -> None:
    """A replay stands for no test, and a missing file is told as such."""
    path = tmp_path / "replay.json"
    path.write_bytes(result_bytes(REPLAY))
    assert read_result(path, ReplayResult) == REPLAY
    with pytest.raises(UsageError, match="is the result of a replay"):
        read_result(path, TestResult)
    with pytest.raises(UsageError, match="cannot be read"):
        read_result(tmp_path / "none.json", TestResult)


def test_what_cannot_be_trusted_counts_as_not_replayable() -> None:
    """Untrustworthy events and unreadable lines are told beside those that could not be replayed."""
    shown = shown_facts(REPLAY)
    assert shown["policy_replay.events"] == 12
    assert shown["policy_replay.not_replayable"] == 1 + 1 + 2
    assert shown["policy_replay.new_block"] == 1


@pytest.mark.parametrize("changes", [{"threshold": "missed"}, {"failed": 1}])
def test_a_run_that_fell_short_shows_a_failure(changes: dict[str, Any]) -> None:
    """A failure, or coverage below the threshold, never shows as passed; no test at all shows nothing."""
    failing = [{"name": "t", "tests": 2, "failed": 1}] if "failed" in changes else []
    value = {**json.loads(result_bytes(TESTED)), **changes, "failing": failing}
    result = TestResult.model_validate_json(json.dumps(value))
    assert shown_facts(result)["policy_tests.result"] == "failed"
    assert shown_facts(TESTED)["policy_tests.result"] == "passed"
    none = TestResult.model_validate_json(
        json.dumps({**value, "tests": 0, "failed": 0, "documents": 0, "failing": []})
    )
    with pytest.raises(UsageError, match="no policy test was run"):
        shown_facts(none)
