"""Definitions of tools: what is pinned of them, and what is no answer to `tools/list`."""

import hashlib
import json

import pytest

from ringfence.errors import UsageError
from ringfence.tools.definition import read_answer, read_definition

TOOL = {
    "name": "find",
    "description": "Find <one>.",
    "inputSchema": {"type": "object", "properties": {"b": {"maximum": 1.0}, "a": {}}},
    "annotations": {"readOnlyHint": True},
}


def test_the_digest_is_over_the_canonical_bytes_of_four_members() -> None:
    """The digest is that of the RFC 8785 text, written out here by hand."""
    text = (
        '{"annotations":{"readOnlyHint":true},"description":"Find <one>.","inputSchema":'
        '{"properties":{"a":{},"b":{"maximum":1}},"type":"object"},"name":"find"}'
    )
    digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert read_definition(TOOL).digest == digest
    assert read_definition({**TOOL, "title": "not pinned", "_meta": {}}).digest == digest


@pytest.mark.parametrize(
    "change",
    [
        {"name": "find2"},
        {"description": "Find <one>. "},
        {"description": None},
        {"inputSchema": {"type": "object"}},
        {"annotations": {"readOnlyHint": False}},
        {"annotations": {"readOnlyHint": True, "title": "x"}},
        {"annotations": None},
    ],
)
def test_any_change_of_the_four_changes_the_digest(change: dict[str, object]) -> None:
    """A changed or removed name, description, schema or annotation is another digest."""
    assert read_definition({**TOOL, **change}).digest != read_definition(TOOL).digest


@pytest.mark.parametrize(
    "wrap", [lambda t: t, lambda t: {"tools": t}, lambda t: {"id": 1, "result": {"tools": t}}]
)
def test_an_answer_is_the_list_its_result_or_the_whole_response(wrap: object) -> None:
    """Three ways to hand over an answer give the same tools, sorted by name."""
    raw = json.dumps(wrap([TOOL, {"name": "add"}])).encode()  # type: ignore[operator] # a function, above
    assert [one.name for one in read_answer(raw)] == ["add", "find"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"{}", "no list of tools"),
        (b'{"tools": [], "nextCursor": "2"}', "one page of several"),
        (b'[{"name": "a"}, {"name": "a"}]', "stands twice"),
        (b'[{"name": "a", "name": "b"}]', "stands twice"),
        (b'[{"description": "x"}]', "without a name"),
        (b'[{"name": "a b"}]', "is no name"),
        (b'[{"name": "a", "inputSchema": 9007199254740993}]', "without canonical JSON"),
        (b'[{"name": "a", "description": "\\ud800"}]', "without canonical JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes, said: str) -> None:
    """Each of these is refused in words, and none of them as a crash."""
    with pytest.raises(UsageError) as caught:
        read_answer(raw)
    assert said in caught.value.message
