"""The rules of tools: one shape each, what differs stands in tables by agent."""

from collections.abc import Iterable

from ringfence.ir.build import (
    any_of,
    call,
    derived,
    equal,
    fact,
    is_in,
    less,
    message,
    no,
    param,
    shared,
    size,
)
from ringfence.ir.expression import And, Expr
from ringfence.ir.rule import Action, Category, Obligation, Rule

__all__ = ["CALL", "LIST", "SERVE", "STANDINGS", "standing", "tool_derived", "tool_rules"]

CALL, LIST, SERVE = "tool.call", "tools.list", "workload.serve"

_AGENT, _SERVER, _TOOL = fact("agent.id"), fact("tool.server"), fact("tool.name")
_LISTED = fact("tools")
_TOOLSET = derived("agent.toolset")
_STANDING = derived("tool.standing")
_KNOWN = no(equal(_TOOLSET, ""))
_PIPELINE, _CREDENTIAL = "pipeline_run", "credential_request"

# Budget: what is said when it is reached, and the class of the tools that alone use it up.
_BUDGETS = {
    "turns": ("max turns reached", ""),
    "tokens": ("token budget exhausted", ""),
    "tool_calls": ("max tool calls reached", ""),
    "duration": ("time limit exceeded", ""),
    "pipeline_runs": ("max pipeline runs reached", _PIPELINE),
    "credential_requests": ("max credential requests reached", _CREDENTIAL),
}
_USED_BY = {name: used_by for name, (_, used_by) in _BUDGETS.items() if used_by}


def standing(base: str, classes: Iterable[str] = ()) -> str:
    """Write what a policy says of a tool as one word, such as `approval+pipeline_run`."""
    return "+".join((base, *(name for name in (_PIPELINE, _CREDENTIAL) if name in set(classes))))


STANDINGS = tuple(
    standing(base, classes)
    for base in ("allowed", "approval")
    for classes in ((), (_PIPELINE,), (_CREDENTIAL,), (_PIPELINE, _CREDENTIAL))
)


def _own(*keys: Expr | str, default: int | str | tuple[str, ...] = "") -> Expr:
    """Read what the agent's policy says."""
    return shared(param("agents"), _AGENT, *keys, default=default)


def tool_derived(point: str) -> tuple[tuple[str, Expr], ...]:
    """List what is computed at a decision point."""
    toolset = ("agent.toolset", _own("toolset"))
    match point:
        case "tool.call":
            return (
                toolset,
                ("tool.standing", shared(_TOOLSET, _SERVER, _TOOL, default="unlisted")),
                ("tool.classes", _own("forbidden", _SERVER, _TOOL, default=())),
                ("tool.covered", _own("arguments", _SERVER, _TOOL, default="*")),
                ("tool.limits", _own("limits", _SERVER, _TOOL)),
                *((f"limit.{name}", _own("stop_at", name, default=-1)) for name in _BUDGETS),
            )  # fmt: skip
        case "tools.list":
            lock = _own("locks", _SERVER)
            return (
                toolset,
                ("tools.drifted", call("tools.drifted", _LISTED, lock)),
                *(
                    (f"tools.{name}", call(f"tools.{name}", _LISTED, _TOOLSET, _SERVER))
                    for name in ("missing", "exposed", "hidden", "visible")
                ),
            )
        case _:
            return (
                toolset,
                ("tools.drifted", call("tools.drifted_anywhere", _LISTED, param("agents"), _AGENT)),
                ("tools.missing", call("tools.missing_anywhere", _LISTED, _TOOLSET)),
                ("tools.exposed", call("tools.exposed_anywhere", _LISTED, _TOOLSET)),
            )


def tool_rules(point: str) -> tuple[Rule, ...]:
    """Build the rules of a decision point of tools."""
    match point:
        case "tool.call":
            return (*_permission(), *_budgets(), *_counted())
        case "tools.list":
            return (*_listing(point, "tools"), _filtered())
        case _:
            return (*_listing(point, "serve"), _loaded())


def _invariant(
    point: str,
    rule_id: str,
    require: Expr,
    text: str,
    fix: str,
    *,
    where: Expr = _KNOWN,
    due: tuple[Obligation, ...] = (),
) -> Rule:
    return Rule(
        id=rule_id,
        point=point,
        require=require,
        message=message(text),
        fix=fix,
        invariant=True,
        where=where,
        obligations=due,
    )


def _unknown_agent(point: str, prefix: str) -> Rule:
    return _invariant(
        point,
        f"{prefix}.agent",
        _KNOWN,
        "no policy of the tenant names the agent {facts.agent.id}",
        "name the agent in a ToolPolicy",
        where=And(()),
    )


def _permission() -> Iterable[Rule]:
    tool = "{facts.tool.server}/{facts.tool.name}"
    yield _unknown_agent(CALL, "tool")
    yield _invariant(
        CALL,
        "tool.unlisted",
        no(equal(_STANDING, "unlisted")),
        f"{tool} is not on the allow-list",
        "use a tool that is listed, or have this one allowed in the ToolPolicy",
    )
    yield _invariant(
        CALL,
        "tool.denied",
        no(equal(_STANDING, "denied")),
        f"{tool} is denied",
        "use another tool; a denial wins over every allow-list",
    )
    yield _invariant(
        CALL,
        "tool.forbidden-class",
        no(equal(_STANDING, "forbidden")),
        f"{tool} is of a forbidden class: {{derived.tool.classes}}",
        "use another tool; a denial wins over every allow-list",
    )
    yield _invariant(
        CALL,
        "tool.drift",
        any_of(
            no(is_in(_STANDING, STANDINGS)),
            is_in(
                fact("tool.digest"),
                shared(_own("locks", _SERVER), _TOOL, default=()),
            ),
        ),
        f"{tool} is not as it was pinned",
        "review what changed with `ringfence tools drift`, and pin it anew",
    )
    yield _invariant(
        CALL,
        "tool.workload-drift",
        equal(fact("workload.drifted"), 0),
        "{facts.workload.drifted} tools of this workload are not as they were pinned",
        "review what changed with `ringfence tools drift`, and pin it anew",
    )
    yield from _approval(tool)


def _approval(tool: str) -> Iterable[Rule]:
    waits = is_in(_STANDING, tuple(s for s in STANDINGS if s.startswith("approval")))
    yield Rule(
        id="tool.approval",
        point=CALL,
        require=no(waits),
        otherwise=Action.HUMAN_REVIEW,
        message=message(f"{tool} needs an approval of this very call"),
        fix="present an approval of these arguments: see `ringfence approve --help`",
        approvable=True,
        limits="tool.limits",
    )
    yield _invariant(
        CALL,
        "tool.arguments",
        equal(fact("arguments.covered"), derived("tool.covered")),
        "the digest covers the arguments {facts.arguments.covered}, not {derived.tool.covered}",
        "send the digest of exactly the arguments that the policy names",
        where=waits,
        due=(Obligation((("cover", {"derived": "tool.covered"}),)),),
    )


def _budgets() -> Iterable[Rule]:
    for name, (said, used_by) in _BUDGETS.items():
        yield Rule(
            id=f"tool.budget.{name.replace('_', '-')}",
            point=CALL,
            where=_uses(used_by) if used_by else _KNOWN,
            require=less(fact(f"usage.{name}"), _own("stop_at", name, default=-1)),
            message=message(f"{said}: {{facts.usage.{name}}} of {{derived.limit.{name}}}"),
            fix="end the session; a new one is a person's decision",
            obligations=(
                Obligation((("stop", "session"), ("error", "BudgetExceededError"), ("budget", name))),
            ),
        )  # fmt: skip


def _uses(name: str) -> Expr:
    return is_in(_STANDING, tuple(one for one in STANDINGS if name in one.split("+")))


def _counted() -> Iterable[Rule]:
    """Say of an allowed call which budgets it uses up beside the calls: only the policy knows."""
    for name, used_by in _USED_BY.items():
        yield Rule(
            id=f"tool.counts.{name.replace('_', '-')}",
            point=CALL,
            where=_KNOWN,
            require=no(_uses(used_by)),
            invariant=True,
            otherwise=Action.ALLOW,
            if_unknown=Action.ALLOW,
            category=Category.CORRECTIVE,
            message=message(f"the call counts as one of the session's {name.replace('_', ' ')}"),
            fix="count it before the call is made",
            obligations=(Obligation((("count", name),)),),
        )


def _listing(point: str, prefix: str) -> Iterable[Rule]:
    yield _unknown_agent(point, prefix)
    yield _invariant(
        point,
        f"{prefix}.drift",
        equal(size(derived("tools.drifted")), 0),
        "not as they were pinned, which blocks the whole workload: {derived.tools.drifted}",
        "review what changed with `ringfence tools drift`, and pin it anew",
        due=(Obligation((("drifted", {"derived": "tools.drifted"}),)),),
    )
    yield _invariant(
        point,
        f"{prefix}.missing",
        equal(size(derived("tools.missing")), 0),
        "allowed, and not known to the server: {derived.tools.missing}",
        "remove them from the ToolPolicy, or correct their names",
    )
    yield _invariant(
        point,
        f"{prefix}.exposed",
        equal(size(derived("tools.exposed")), 0),
        "shown to the agent, and not allowed: {derived.tools.exposed}",
        "leave them out of the agent's list; refusing the call is not enough",
    )


def _filtered() -> Rule:
    return Rule(
        id="tools.filtered",
        point=LIST,
        where=_KNOWN,
        require=equal(size(derived("tools.hidden")), 0),
        invariant=True,
        otherwise=Action.ALLOW,
        if_unknown=Action.ALLOW,
        category=Category.CORRECTIVE,
        message=message("the server lists tools that the agent may not see"),
        fix="show exactly the tools of the obligation",
        obligations=(Obligation((("show", {"derived": "tools.visible"}),)),),
    )


def _loaded() -> Rule:
    return _invariant(
        SERVE,
        "serve.policy-loaded",
        equal(fact("policy.loaded"), True),
        "the enforcement point could not load its policy",
        "repair the policy; nothing is served without one",
    )
