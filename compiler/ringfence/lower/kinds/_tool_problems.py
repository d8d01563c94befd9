"""What is wrong with a ToolPolicy, or would surprise its reader."""

from collections.abc import Iterator, Mapping

from ringfence.errors import Diagnostic, Severity
from ringfence.language.kinds.tool_policy import AllowedTool, Budgets, ToolPolicy
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean
from ringfence.lower.kinds._toolset import Listed, Toolset
from ringfence.tools.lock import ToolLock

__all__ = ["problems"]

_OWN = ("agents", "servers", "allow", "instructions")


def problems(
    policy: Policy,
    *,
    broad: Policy | None,
    effective: Effective,
    locks: Mapping[str, ToolLock],
    tools: Toolset,
) -> Iterator[Diagnostic]:
    """List mistakes and warnings of a tenant's policy, and what the platform's may not say."""
    spec = policy.spec
    assert isinstance(spec, ToolPolicy)
    for field in _OWN:
        if broad is not None and broad.has(field):
            message = f"`{field}` stands at tenants only"
            yield Diagnostic("RF311", broad.key(field), message, "move it to the tenant's policy")
    yield from _due(policy, spec, effective)
    yield from _breadth(policy, spec)
    for index, row in enumerate(spec.allow):
        yield from _row(policy, index, row, locks=locks)
    yield from _repeated(policy, spec)
    for key, one in tools.listed.items():
        yield from _dead(policy, key, one, tools=tools)
        yield from _hints(policy, key, one)
    yield from _denials(policy, spec, locks=locks)


def _due(policy: Policy, spec: ToolPolicy, effective: Effective) -> Iterator[Diagnostic]:
    if not spec.agents:
        message = "this policy names no agent"
        yield Diagnostic("RF305", policy.key(), message, "list the agents that it governs")
    for name in Budgets.model_fields:
        if effective.value(f"stop_at.{name}") is None:
            message = f"neither the platform nor this tenant says `stop_at.{name}`"
            help_text = f"set `stop_at.{name}` here, or at the platform"
            yield Diagnostic("RF305", policy.key("stop_at"), message, help_text)


def _breadth(policy: Policy, spec: ToolPolicy) -> Iterator[Diagnostic]:
    if not spec.allow:
        message = "the empty allow-list allows nothing"
        help_text = "list the tools; every tool of the locks is written `*`"
        yield Diagnostic("RF315", policy.key("allow"), message, help_text, Severity.WARNING)
    for index, row in enumerate(spec.allow):
        if "*" in row.tool:
            message = f"`{row.tool}` allows every such tool that a lock pins, now and later"
            span = policy.value("allow", index, "tool")
            yield Diagnostic("RF316", span, message, "list the tools by name", Severity.WARNING)


def _row(
    policy: Policy, index: int, row: AllowedTool, *, locks: Mapping[str, ToolLock]
) -> Iterator[Diagnostic]:
    yield from _approval(policy, index, row)
    server, _, tool = row.tool.partition("/")
    span = policy.value("allow", index, "tool")
    if server != "*" and server not in locks:
        help_text = f"servers: {', '.join(sorted(locks)) or 'none'}"
        yield Diagnostic("RF317", span, f"no server `{server}` in this policy", help_text)
    elif "*" not in row.tool and tool not in locks[server].tools:
        near = did_you_mean(tool, locks[server].tools)
        help_text = (
            f"did you mean `{server}/{near}`?" if near else "pin it with `ringfence tools pin`"
        )
        yield Diagnostic("RF318", span, f"the lock of `{server}` pins no tool `{tool}`", help_text)
    elif "*" not in row.tool:
        yield from _arguments(policy, index, row, lock=locks[server], tool=tool)


def _approval(policy: Policy, index: int, row: AllowedTool) -> Iterator[Diagnostic]:
    if row.approval == "none" and row.effect != "read" and row.rationale is None:
        message = (
            f"`{row.tool}` has the effect `{row.effect}`, needs no approval, and no word says why"
        )
        span = policy.value("allow", index, "approval")
        yield Diagnostic("RF319", span, message, "write a `rationale`, or require an approval")
    for field in ("approvers", "approval_ttl", "arguments"):
        if not row.needs_approval and policy.has("allow", index, field):
            message = f"`{field}` goes with an approval, and `{row.tool}` needs none"
            yield Diagnostic(
                "RF319", policy.key("allow", index, field), message, "write `approval: required`"
            )


def _arguments(
    policy: Policy, index: int, row: AllowedTool, *, lock: ToolLock, tool: str
) -> Iterator[Diagnostic]:
    for version in lock.tools[tool]:
        schema = version.members.get("inputSchema")
        known = schema.get("properties", {}) if isinstance(schema, dict) else {}
        for place, name in enumerate(row.arguments):
            if name not in known or "," in name:
                near = did_you_mean(name, known)
                help_text = f"did you mean `{near}`?" if near else f"arguments: {', '.join(known)}"
                span = policy.value("allow", index, "arguments", place)
                message = f"`{row.tool}` has no argument `{name}`"
                yield Diagnostic("RF318", span, message, help_text)


def _repeated(policy: Policy, spec: ToolPolicy) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    for index, row in enumerate(spec.allow):
        if first.setdefault(row.tool, index) != index:
            message = f"`{row.tool}` stands twice"
            help_text = f"see {policy.value('allow', first[row.tool], 'tool')}"
            yield Diagnostic("RF319", policy.value("allow", index, "tool"), message, help_text)


def _dead(
    policy: Policy, key: tuple[str, str], one: Listed, *, tools: Toolset
) -> Iterator[Diagnostic]:
    name = "/".join(key)
    why = ""
    if key in tools.denied:
        why = f"`deny` has `{tools.denied[key]}`"
    elif key in tools.forbidden:
        why = f"it is of a forbidden class: {', '.join(tools.forbidden[key])}"
    if why and "*" not in one.row.tool:
        span = policy.value("allow", one.index, "tool")
        message = f"`{name}` is allowed here and stays denied: {why}"
        help_text = "remove it here; a denial always wins"
        yield Diagnostic("RF320", span, message, help_text, Severity.WARNING)


def _hints(policy: Policy, key: tuple[str, str], one: Listed) -> Iterator[Diagnostic]:
    if one.row.effect == "read" and any(version.read_only is False for version in one.pinned):
        span = policy.value("allow", one.index, "effect")
        message = f"`{'/'.join(key)}` is said to read, and its server says that it changes things"
        yield Diagnostic("RF321", span, message, "state the effect", Severity.WARNING)


def _denials(
    policy: Policy, spec: ToolPolicy, *, locks: Mapping[str, ToolLock]
) -> Iterator[Diagnostic]:
    """Warn of a denial that names nearly what a lock pins: a slip there denies nothing."""
    for index, pattern in enumerate(spec.deny):
        server, _, tool = pattern.partition("/")
        if "*" in pattern or server not in locks or tool in locks[server].tools:
            continue
        near = did_you_mean(tool, locks[server].tools)
        if near:
            message = f"the lock of `{server}` pins no tool `{tool}`"
            help_text = f"did you mean `{server}/{near}`?"
            span = policy.value("deny", index)
            yield Diagnostic("RF318", span, message, help_text, Severity.WARNING)
