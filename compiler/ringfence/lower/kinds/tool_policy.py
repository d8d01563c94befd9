"""Lower `ToolPolicy`: fixed rules, and a row of tables an agent."""

from collections.abc import Mapping

from ringfence.errors import Diagnostic, Span
from ringfence.language.kinds.tool_policy import Budgets, ToolPolicy
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy
from ringfence.lower.kinds._tool_problems import problems
from ringfence.lower.kinds._tool_rules import CALL, LIST, SERVE, tool_derived, tool_rules
from ringfence.lower.kinds._toolset import Listed, Toolset, read_locks, toolset
from ringfence.lower.lowering import Joined, Lowering, TenantParams, table_digest

__all__ = ["LOWERING"]

# The field that a rule's reason cites.
_FIELDS = {
    "tool.unlisted": ("allow",),
    "tool.denied": ("deny",),
    "tool.forbidden-class": ("forbidden_classes",),
    "tool.approval": ("allow",),
    "tool.arguments": ("allow",),
    "tool.drift": ("servers",),
    "tool.workload-drift": ("servers",),
    "tools.drift": ("servers",),
    "tools.missing": ("allow",),
    "tools.exposed": ("allow",),
    "tools.filtered": ("allow",),
    "serve.drift": ("servers",),
    "serve.missing": ("allow",),
    "serve.exposed": ("allow",),
    **{f"tool.budget.{name.replace('_', '-')}": ("stop_at", name) for name in Budgets.model_fields},
}


def _params(
    effective: Effective, broad: Policy | None, narrow: Policy
) -> tuple[TenantParams, tuple[Diagnostic, ...]]:
    spec = narrow.spec
    assert isinstance(spec, ToolPolicy)
    locks, unread = read_locks(narrow)
    tools = toolset(spec, effective, locks)
    found = problems(narrow, broad=broad, effective=effective, locks=locks, tools=tools)
    # One mistake in a lock is one diagnostic: what would follow from it is not said.
    is_complete = not unread and len(locks) == len(spec.servers)
    diagnostics = tuple(found) if is_complete else unread
    standings = tools.standings()
    pins = {name: lock.digests() for name, lock in locks.items()}
    row = {
        "toolset": table_digest(standings),
        "locks": {name: table_digest(table) for name, table in pins.items()},
        "stop_at": effective.table("stop_at"),
        **_sparse(tools),
    }
    tables = {table_digest(table): table for table in (standings, *pins.values())}
    agents = {"agents": dict.fromkeys(spec.agents, row)}
    params = TenantParams(
        params=dict.fromkeys((CALL, LIST, SERVE), agents),
        sources={point: _sources(point, broad, narrow) for point in (CALL, LIST, SERVE)},
        tables=tables,
    )
    return params, diagnostics


def _sparse(tools: Toolset) -> dict[str, object]:
    """Write what only some tools have: covered arguments, limits of approvals, forbidden classes."""
    waiting = {key: one for key, one in tools.listed.items() if one.row.needs_approval}
    return {
        "arguments": _nested({k: _covered(one) for k, one in waiting.items() if one.row.arguments}),
        "limits": _nested({k: found for k, one in waiting.items() if (found := _limits(one))}),
        "forbidden": _nested({key: list(names) for key, names in tools.forbidden.items()}),
    }


def _covered(one: Listed) -> str:
    return ",".join(sorted(set(one.row.arguments)))


def _limits(one: Listed) -> dict[str, object]:
    by = {"by": sorted(one.row.approvers)} if one.row.approvers else {}
    ttl = {"ttl": one.row.approval_ttl} if one.row.approval_ttl is not None else {}
    return {**by, **ttl}


def _nested(values: Mapping[tuple[str, str], object]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for (server, tool), value in sorted(values.items(), key=lambda one: one[0]):
        found.setdefault(server, {})[tool] = value
    return found


def _sources(point: str, broad: Policy | None, narrow: Policy) -> dict[str, Span]:
    found = {}
    for rule in tool_rules(point):
        field = _FIELDS.get(rule.id, ())
        writer = broad if broad and not narrow.has(*field) and broad.has(*field) else narrow
        found[rule.id] = writer.key(*field)
    return found


LOWERING = Lowering(
    kind="ToolPolicy",
    points=(CALL, LIST, SERVE),
    rules=tool_rules,
    derived=tool_derived,
    params=_params,
    joined=Joined(field="agents", fact="agent.id"),
)
