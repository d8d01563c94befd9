"""What changed between the tools that a server lists and the ones that its lock accepts, in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import rfc8785

from ringfence.tools.definition import ToolDefinition
from ringfence.tools.lock import ToolLock

__all__ = ["Change", "changes"]

_LONGEST = 160
_WORDS = {"inputSchema": "input schema", "annotations": "annotations"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One tool that differs: what it came to, and each difference in a line of words.

    `gone`, `changed` and `new` are the ways; a new tool is no drift, since no policy lists it yet.
    """

    tool: str
    way: Literal["changed", "gone", "new"]
    details: tuple[str, ...] = ()

    @property
    def is_drift(self) -> bool:
        """Tell whether a decision on these tools would block."""
        return self.way != "new"


def changes(lock: ToolLock, listed: Iterable[ToolDefinition]) -> tuple[Change, ...]:
    """Compare what a server lists with its lock, tool by tool, sorted by name."""
    now = {one.name: one for one in listed}
    found = []
    for name in sorted({*now, *lock.tools}):
        accepted = lock.tools.get(name, ())
        if name not in now:
            found.append(Change(tool=name, way="gone", details=("the server lists it no more",)))
        elif not accepted:
            found.append(Change(tool=name, way="new", details=("it is in no lock",)))
        elif now[name].digest not in {one.digest for one in accepted}:
            details = tuple(_differences(accepted[-1], now[name]))
            found.append(Change(tool=name, way="changed", details=details))
    return tuple(found)


def _differences(before: ToolDefinition, now: ToolDefinition) -> Iterator[str]:
    old, new = before.members.get("description"), now.members.get("description")
    if old != new:
        yield f"description: was {_quoted(old)}, is {_quoted(new)}"
    for member, words in _WORDS.items():
        for path, was, is_now in _leaves(before.members.get(member), now.members.get(member)):
            place = f"{words}{': ' + '.'.join(path) if path else ''}"
            if was is _ABSENT:
                yield f"{place} was added: {_quoted(is_now)}"
            elif is_now is _ABSENT:
                yield f"{place} was removed: {_quoted(was)}"
            else:
                yield f"{place}: was {_quoted(was)}, is {_quoted(is_now)}"


class _Absent:
    """Stands for a member that is not there."""


_ABSENT = _Absent()


def _leaves(
    old: Any, new: Any, path: Sequence[str] = ()
) -> Iterator[tuple[Sequence[str], Any, Any]]:
    """List the smallest members that differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _leaves(old.get(key, _ABSENT), new.get(key, _ABSENT), (*path, key))
    elif _text(old) != _text(new):
        yield (
            path,
            _ABSENT if old is None and not path else old,
            (_ABSENT if new is None and not path else new),
        )


def _text(value: Any) -> str:
    return "" if value is _ABSENT else rfc8785.dumps(value).decode()


def _quoted(value: Any) -> str:
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else _text(value)
    return f"`{text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}`"
