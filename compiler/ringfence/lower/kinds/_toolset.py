"""What a ToolPolicy comes to, tool by tool: patterns expanded over the locks, and denials on top."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ringfence.errors import Diagnostic
from ringfence.language.kinds.tool_policy import AllowedTool, ToolPolicy
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy
from ringfence.lower.kinds._tool_rules import standing
from ringfence.tools.definition import ToolDefinition
from ringfence.tools.lock import ToolLock, read_lock

__all__ = ["Listed", "Toolset", "matches", "read_locks", "toolset"]

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An allowed tool: the row that allows it, by its place, and the classes that it is of."""

    index: int
    row: AllowedTool
    classes: tuple[str, ...]
    pinned: tuple[ToolDefinition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolset:
    """The allowed tools by server and name, and why some of them are denied all the same.

    `denied` maps a tool to the pattern that denies it, `forbidden` to its forbidden classes. A tool
    may be denied without being listed.
    """

    listed: Mapping[Key, Listed]
    denied: Mapping[Key, str]
    forbidden: Mapping[Key, tuple[str, ...]]

    def standings(self) -> dict[str, dict[str, str]]:
        """Write what becomes of each tool, by server and name."""
        found: dict[str, dict[str, str]] = {}
        for server, tool in sorted({*self.listed, *self.denied, *self.forbidden}):
            found.setdefault(server, {})[tool] = self._standing((server, tool))
        return found

    def _standing(self, key: Key) -> str:
        if key in self.denied:
            return "denied"
        if key in self.forbidden:
            return "forbidden"
        one = self.listed[key]
        return standing("approval" if one.row.needs_approval else "allowed", one.classes)


def matches(pattern: str, server: str, tool: str) -> bool:
    """Tell whether `*`, `SERVER/*`, `*/TOOL` or `SERVER/TOOL` names a tool."""
    if pattern == "*":
        return True
    left, _, right = pattern.partition("/")
    return left in ("*", server) and right in ("*", tool)


def read_locks(policy: Policy) -> tuple[dict[str, ToolLock], tuple[Diagnostic, ...]]:
    """Read the locks of a policy's servers, by server; a lock is of the server that it names.

    One that cannot be had is left out: why is said here, or where the file was looked for.
    """
    spec = policy.spec
    assert isinstance(spec, ToolPolicy)
    locks: dict[str, ToolLock] = {}
    diagnostics: list[Diagnostic] = []
    for name, server in spec.servers.items():
        document = policy.files.get(server.lock)
        lock = read_lock(document) if document else ()
        if not isinstance(lock, ToolLock):
            diagnostics += lock
            continue
        locks[name] = lock
        if lock.server != name:
            message = f"`{server.lock}` is the lock of the server `{lock.server}`"
            span = policy.key("servers", name)
            diagnostics.append(Diagnostic("RF317", span, message, f"name it `{lock.server}` here"))
    return locks, tuple(diagnostics)


def toolset(spec: ToolPolicy, effective: Effective, locks: Mapping[str, ToolLock]) -> Toolset:
    """Resolve a policy: the exact row of a tool wins over patterns, and a denial over every row."""
    classes = {
        name: patterns
        for name, patterns in effective.table("classes").items()
        if isinstance(patterns, tuple)
    }
    listed = {
        key: Listed(index=index, row=row, classes=_of_class(classes, key), pinned=_pinned(locks, key))
        for index, row in _by_weight(spec.allow)
        for key in _named(row.tool, locks)
    }  # fmt: skip
    denials = _strings(effective.value("deny"))
    forbidden = set(_strings(effective.value("forbidden_classes")))
    known = dict.fromkeys(
        (
            *listed,
            *(k for p in (*denials, *_patterns(classes, forbidden)) for k in _named(p, locks)),
        )
    )
    return Toolset(
        listed=listed,
        denied={k: p for k in known for p in denials if matches(p, *k)},
        forbidden={
            key: bad
            for key in known
            if (bad := tuple(n for n in _of_class(classes, key) if n in forbidden))
        },
    )


def _by_weight(rows: Iterable[AllowedTool]) -> list[tuple[int, AllowedTool]]:
    """Order rows so that the more exact ones come later, and replace what patterns said."""
    return sorted(enumerate(rows), key=lambda one: (-one[1].tool.count("*"), one[0]))


def _named(pattern: str, locks: Mapping[str, ToolLock]) -> Iterator[Key]:
    """List the tools that a pattern names: those that the locks pin, and a tool by its own name."""
    server, _, tool = pattern.partition("/")
    if "*" not in (server, tool):
        yield server, tool
        return
    for name, lock in locks.items():
        found = {tool} if tool not in ("", "*") else set(lock.tools)
        yield from ((name, one) for one in sorted(found) if matches(pattern, name, one))


def _pinned(locks: Mapping[str, ToolLock], key: Key) -> tuple[ToolDefinition, ...]:
    lock = locks.get(key[0])
    return lock.tools.get(key[1], ()) if lock else ()


def _of_class(classes: Mapping[str, tuple[str, ...]], key: Key) -> tuple[str, ...]:
    return tuple(n for n, ps in sorted(classes.items()) if any(matches(p, *key) for p in ps))


def _patterns(classes: Mapping[str, tuple[str, ...]], forbidden: Iterable[str]) -> Iterator[str]:
    for name in sorted(forbidden):
        yield from classes.get(name, ())


def _strings(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
