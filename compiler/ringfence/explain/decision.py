"""Why a decision came out as it did: facts read, values with their origin, near misses, whom to ask."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringfence.check.compiled import Compiled
from ringfence.effective import effective_settings
from ringfence.explain.expression import condition_text
from ringfence.explain.rule import KnownRule, parameters_of, rules_of
from ringfence.ir.logic import reads
from ringfence.language.kinds.exception import ExceptionSpec
from ringfence.language.policy import Policy

__all__ = ["Decided", "explain_decision"]

MISSING = "missing"
WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, the request it answers where that is known, and what a log had left out of it.

    `withheld` are JSON pointers below `/input`.
    """

    decision: Mapping[str, Any]
    request: Mapping[str, Any] = field(default_factory=dict)
    withheld: Sequence[str] = ()
    decision_id: str = ""
    time: str = ""


def explain_decision(decided: Decided, compiled: Compiled | None) -> dict[str, Any]:
    """Return the decision and, of each rule that it names, what it reads and where that comes from.

    Without a repository, only what the decision says of itself is known.
    """
    decision = decided.decision
    entries = [*decision.get("reasons", ()), *decision.get("observed", ())]
    waived = [entry["rule"] for entry in decision.get("waived", ())]
    rules = [entry["rule"] for entry in entries] + waived
    return {
        "decision_id": decided.decision_id,
        "time": decided.time,
        "point": decided.request.get("point", ""),
        "tenant": decided.request.get("tenant", ""),
        "decision": decision,
        "rules": dict(_details(rules, decided, compiled)),
        "waivers_missed": list(_near_misses(decided, compiled)),
        "ask": sorted({entry["escalate_to"] for entry in entries if entry.get("escalate_to")}),
    }


def _details(
    rules: Sequence[str], decided: Decided, compiled: Compiled | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    if compiled is None:
        return
    tenant, point = decided.request.get("tenant", ""), decided.request.get("point", "")
    known = {
        one.rule.id: one
        for one in rules_of(compiled, tenant=tenant)
        if one.program.point.name == point
    }
    for rule in dict.fromkeys(rules):
        if rule in known:
            yield rule, _detail(known[rule], decided, compiled)


def _detail(known: KnownRule, decided: Decided, compiled: Compiled) -> dict[str, Any]:
    schema = known.program.point.by_name()
    names = reads(known.rule.require, known.program.derived)
    return {
        "where": condition_text(known.rule.where),
        "require": condition_text(known.rule.require),
        "facts": {
            name: WITHHELD if schema[name].secret else _fact(name, decided) for name in names
        },
        "params": dict(_params(known, decided, compiled)),
        "lines": _lines(known, compiled),
    }


def _fact(name: str, decided: Decided) -> Any:
    pointer = "/input/facts"
    value: Any = decided.request.get("facts")
    for part in name.split("."):
        pointer += f"/{part}"
        value = value.get(part) if isinstance(value, Mapping) else None
        if any(pointer == one or one.startswith(f"{pointer}/") for one in decided.withheld):
            return WITHHELD
    return MISSING if value is None else value


def _params(
    known: KnownRule, decided: Decided, compiled: Compiled
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the parameters that a rule reads, each with its value and where it is written."""
    tenant, point = decided.request.get("tenant", ""), known.program.point.name
    program = next((one for one in compiled.tenants if one.name == tenant), None)
    if program is None:
        return
    rows = {
        row.field: row
        for row in effective_settings(compiled, tenant=tenant, environment="", release="")
    }
    cited = program.sources.get(point, {}).get(known.rule.id)
    for name in parameters_of(known):
        row = rows.get(f"params.{name}")
        value = program.params.get(point, {}).get(name)
        source = row.source if row else str(cited) if cited else "the platform's default"
        yield name, {"value": value, "source": source}


def _lines(known: KnownRule, compiled: Compiled) -> list[str]:
    """Return the line of YAML where the rule begins, if it is the repository's."""
    span = known.rule.span
    text = compiled.repository.texts.get(span.file, "")
    lines = text.splitlines()[span.line - 1 : span.line]
    return [line.strip() for line in lines]


def _near_misses(decided: Decided, compiled: Compiled | None) -> Iterator[dict[str, Any]]:
    """List waivers that nearly held, each with the facts in which the request differs."""
    documents = (
        {one.metadata.name: one for one in compiled.of_kind("Exception")} if compiled else {}
    )
    for missed in decided.decision.get("waivers_missed", ()):
        differs: dict[str, Any] = {}
        ceiling: dict[str, int] = {}
        policy: Policy | None = documents.get(missed["exception"])
        if policy is not None and isinstance(policy.spec, ExceptionSpec):
            for path, wanted in policy.spec.match.items():
                values = wanted if isinstance(wanted, (list, tuple)) else [wanted]
                sent = _fact(path.removeprefix("facts."), decided)
                if sent not in values:
                    differs[path] = {"sent": sent, "covers": list(values)}
            ceiling = dict(policy.spec.ceiling)
        source = str(policy.document.file) if policy is not None else ""
        yield {**missed, "differs": differs, "ceiling": ceiling, "source": source}
