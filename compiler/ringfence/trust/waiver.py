"""Exceptions as data of the live bundle, and what their `match` must be."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ringfence.errors import Diagnostic
from ringfence.ir.schema import MAX_STRING, DecisionPoint, Fact, FactSource, Scalar
from ringfence.language.suggest import did_you_mean
from ringfence.trust.exception import ExceptionDocument

__all__ = ["check_match", "compile_waivers"]

_KEPT_AFTER_EXPIRY: Final = 30 * 86_400

Waivers = dict[str, dict[str, dict[str, list[dict[str, Any]]]]]


def compile_waivers(
    exceptions: Iterable[ExceptionDocument],
    *,
    points: Mapping[str, DecisionPoint],
    now: int | None = None,
) -> Waivers:
    """Map decision point, tenant and rule to the waivers there, by name of the exception.

    `attested` are the matched facts that count only if an attestation asserts them.
    The exceptions have passed `verify_exception`. Fact names are without `facts.`, times are
    epoch seconds, durations seconds. What expired more than 30 days before `now` is left out; what
    expired later stays, so that a decision can say so.
    """
    waivers: Waivers = {}
    for document in sorted(exceptions, key=lambda document: document.name):
        spec = document.spec
        if now is not None and now - spec.expires_at > _KEPT_AFTER_EXPIRY:
            continue
        for point in sorted(set(spec.at)):
            rules = waivers.setdefault(point, {}).setdefault(document.tenant, {})
            for rule in sorted(set(spec.lifts)):
                rules.setdefault(rule, []).append(_waiver(document, points.get(point)))
    return waivers


def _waiver(document: ExceptionDocument, point: DecisionPoint | None) -> dict[str, Any]:
    spec = document.spec
    facts = point.by_name() if point is not None else {}
    names = [_fact_name(path) for path in sorted(spec.match)]
    return {
        "exception": document.name,
        "match": [
            {"path": name.split("."), "values": list(spec.match[f"facts.{name}"])} for name in names
        ],
        "attested": [name.split(".") for name in names if _word(facts.get(name)) == "attested"],
        "ceiling": {_fact_name(path): spec.ceiling[path] for path in sorted(spec.ceiling)},
        "from": spec.starts_at,
        "until": spec.expires_at,
        "by": spec.approval.by if spec.approval is not None else "",
        "reason": spec.business_justification,
        "on_the_word_of": sorted({_word(facts.get(name)) for name in names}),
    }


def _word(fact: Fact | None) -> str:
    """Say whose word a matched fact is; of one that is not in the schema, the caller's."""
    return str(fact.source if fact is not None else FactSource.CALLER)


def _fact_name(path: str) -> str:
    return path.removeprefix("facts.")


def check_match(
    document: ExceptionDocument, *, points: Mapping[str, DecisionPoint]
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the exception's points, its facts, their values and `renews`."""
    found: list[Diagnostic] = []
    for at, name in enumerate(document.spec.at):
        if name not in points:
            near = did_you_mean(name, points)
            hint = f"did you mean `{near}`?" if near else f"use one of {', '.join(points)}"
            span = document.source.spans.nearest(("spec", "at", at))
            found.append(Diagnostic("RF520", span, f"there is no decision point `{name}`", hint))
            continue
        for path in document.spec.match:
            found += _check_fact(document, path, points[name])
    if document.spec.renews == document.name:
        message = f"exception `{document.name}` renews itself"
        hint = "a renewal is a new exception, with a name of its own"
        found.append(document.diagnose("RF523", "renews", message, hint=hint))
    return tuple(found)


def _check_fact(document: ExceptionDocument, path: str, point: DecisionPoint) -> list[Diagnostic]:
    spans, spec = document.source.spans, document.spec
    facts = point.by_name()
    fact = facts.get(_fact_name(path))
    if fact is None:
        near = did_you_mean(_fact_name(path), facts)
        hint = f"did you mean `facts.{near}`?" if near else "see `ringfence schema`"
        message = f"`{point.name}` has no fact `{path}`"
        return [Diagnostic("RF521", spans.key(("spec", "match", path)), message, hint)]
    return [
        Diagnostic(
            "RF522",
            spans.nearest(("spec", "match", path, at)),
            f"`{value}` is not a value of `{path}` at `{point.name}`",
            _advise(fact),
        )
        for at, value in enumerate(spec.match[path])
        if not _fits(fact, value)
    ]


def _fits(fact: Fact, value: str | bool | int) -> bool:
    kind = fact.type
    if kind.is_list:
        return False
    match kind.scalar:
        case Scalar.BOOLEAN:
            return isinstance(value, bool)
        case Scalar.ENUM:
            return value in kind.values
        case Scalar.STRING:
            return isinstance(value, str) and len(value) <= MAX_STRING
        case _:
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and kind.minimum <= int(value) <= kind.maximum


def _advise(fact: Fact) -> str:
    if fact.type.is_list:
        return "match on facts with one value; lists are not matched"
    if fact.type.values:
        return f"use one of {', '.join(fact.type.values)}"
    return f"write a {fact.type.scalar} value"
