"""Lock files: they say what they pin, read back as they were, and show when they were edited."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.language.source import Document, load
from ringfence.tools.change import changes
from ringfence.tools.definition import ToolDefinition, read_definition
from ringfence.tools.lock import ToolLock, add_versions, lock_text, new_lock, read_lock

FIND = read_definition(
    {"name": "find", "description": "Find.", "inputSchema": {"properties": {"name": {"type": "string"}}}}
)  # fmt: skip
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def _read(text: str) -> object:
    document = load("desk.lock.yaml", text.encode())
    return read_lock(document) if isinstance(document, Document) else document


@settings(max_examples=150)
@given(description=_TEXTS, schema=_VALUES, annotations=_VALUES)
def test_every_definition_reads_back_as_it_was(
    description: str, schema: object, annotations: object
) -> None:
    """Whatever a server says, invisible characters and odd numbers too, the lock keeps the digest."""
    tool = {"name": "t", "description": description, "inputSchema": schema}
    one = read_definition({**tool, "annotations": annotations})
    lock = new_lock("desk", [one])
    found = _read(lock_text(lock))
    assert isinstance(found, ToolLock)
    assert found.digests() == lock.digests()


def test_nothing_in_a_lock_is_invisible() -> None:
    """A hidden instruction stands in the lock as escapes, where a reviewer sees it."""
    hidden = "\u202e\u200b\U000e0041\x07\ufeff\uffff"
    text = lock_text(new_lock("desk", [read_definition({"name": "t", "description": hidden})]))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert r"\u202e\u200b\udb40\udc41\u0007\ufeff\uffff" in text


def test_the_same_lock_gives_the_same_bytes_in_any_order() -> None:
    """The order in which a server lists its tools doesn't show in the lock."""
    other = read_definition({"name": "add"})
    one, two = new_lock("desk", [FIND, other]), new_lock("desk", [other, FIND])
    assert lock_text(one) == lock_text(two)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"description": "Find."', '"description": "Find, then delete."'),
        ('"name": "find"', '"name": "find", "title": "unpinned"'),
        ('"name": "find"', '"name": "other"'),
        ('"description": "Find."', '"description": "Seen.", "description": "Find."'),
        ("{\n", "[\n"),
    ],
)
def test_an_edited_lock_is_refused_where_it_was_edited(old: str, new: str) -> None:
    """A definition that is not the digest's is a diagnostic at its line."""
    text = lock_text(new_lock("desk", [FIND]))
    assert old in text
    found = _read(text.replace(old, new, 1))
    assert isinstance(found, tuple)
    assert [(one.code, one.span.file) for one in found] == [("RF116", "desk.lock.yaml")]
    assert found[0].span.line in (8, 9)


def _with(**members: object) -> ToolDefinition:
    return read_definition({**FIND.members, **members})


def test_two_versions_count_during_an_upgrade_and_one_after_it() -> None:
    """Adding keeps the old definition, adding again changes nothing, a new lock drops it."""
    new = _with(description="Find it.")
    both = add_versions(new_lock("desk", [FIND]), [new])
    assert both.digests() == {"find": sorted([FIND.digest, new.digest])}
    assert add_versions(both, [new]) == both
    assert changes(both, [FIND]) == changes(both, [new]) == ()
    assert new_lock("desk", [new]).digests() == {"find": [new.digest]}


@pytest.mark.parametrize(
    ("now", "detail"),
    [
        (_with(description="Find it."), "description: was `Find.`, is `Find it.`"),
        (_with(description=None), "description: was `Find.`, is absent"),
        (_with(inputSchema=None), "input schema was removed"),
        (_with(annotations={"readOnlyHint": True}), 'annotations was added: `{"readOnlyHint":true}`'),
        (
            _with(inputSchema={"properties": {"name": {"type": "number"}}}),
            "input schema: properties.name.type: was `string`, is `number`",
        ),
        (
            _with(inputSchema={"properties": {"name": {"type": "string"}, "all": True}}),
            "input schema: properties.all was added: `true`",
        ),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(now: ToolDefinition, detail: str) -> None:
    """The smallest member that differs is named, with what it was and is."""
    (change,) = changes(new_lock("desk", [FIND]), [now])
    assert (change.tool, change.way, change.is_drift) == ("find", "changed", True)
    (said,) = change.details
    assert said.startswith(detail)


def test_a_number_that_became_a_boolean_is_told() -> None:
    """`1` and `true` are equal in Python, and differ in JSON and here."""
    before, now = _with(inputSchema={"a": 1}), _with(inputSchema={"a": True})
    (change,) = changes(new_lock("desk", [before]), [now])
    assert change.details == ("input schema: a: was `1`, is `true`",)


def test_a_tool_that_is_gone_is_drift_and_a_new_one_is_not() -> None:
    """A policy may name the first; no policy can name the second yet."""
    found = changes(new_lock("desk", [FIND]), [read_definition({"name": "add"})])
    assert [(one.tool, one.way, one.is_drift) for one in found] == [
        ("add", "new", False),
        ("find", "gone", True),
    ]
