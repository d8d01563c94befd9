"""Decision records: what is kept of an OPA decision-log event."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ringfence.decision_log.event import LogEvent
from ringfence.evidence.allow import Allowed, allow_facts, allow_pointers, plain, short_text
from ringfence.evidence.canonical import is_alike
from ringfence.evidence.decision_typed import (
    MAX_NAME,
    Approval,
    Policy,
    Reason,
    Waived,
    typed_bytes,
    typed_result,
)
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import MAX_RECORD, Record, RecordKind, ids_of, make_record

if TYPE_CHECKING:
    from ringfence.personal.keeping import Personal

__all__ = ["DECISION_PATH", "decision_bodies", "first_that_fits", "make_decision"]

DECISION_PATH: Final = "ringfence/main/decision"
_REASON: Final = Reason.__struct_fields__
_WAIVED: Final = Waived.__struct_fields__
_APPROVAL: Final = Approval.__struct_fields__
_POLICY: Final = Policy.__struct_fields__
_ID: Final = MAX_NAME
_MOST: Final = 40


def make_decision(
    event: LogEvent,
    *,
    allowed_facts: frozenset[str],
    principal: str = "",
    personal: "Personal | None" = None,
) -> Record:
    """Return the record of one event of our decision, with only what is on the allow-list.

    Facts are copied where `allowed_facts` has their dotted name, and only named otherwise; of those that
    `personal` names, a commitment is, and with its store texts and people are kept apart. Messages
    are left out, since they show facts, and so are tokens. An event that is too large keeps no facts,
    and only the first of its reasons. `principal` is who delivered the event, where that was
    authenticated. Raise EvidenceError for an event of another policy, or whose decision has no known
    shape.
    """
    if event.path != DECISION_PATH:
        raise EvidenceError("RF911", "the decision is of another policy")
    asked = event.input if isinstance(event.input, dict) else {}
    facts = allow_facts(asked.get("facts", {}), allowed=allowed_facts)
    try:
        common = _common(event, asked, principal)
        if personal is not None:
            facts = personal.apply(facts, asked=asked.get("facts"), common=common)
        made = _typed(event, common, facts, personal)
        if made is not None:
            return made
        body: Mapping[str, Any] = {**common, **_result(event.result)}
    except ValueError:
        raise EvidenceError("RF904", "the decision has no known shape") from None
    if personal is not None:
        body = personal.set_apart(body, asked=asked.get("facts"))
    return first_that_fits(_bodies(body, facts))


def first_that_fits(bodies: Iterable[Mapping[str, Any]]) -> Record:
    """Return the record of the first body that makes one; raise EvidenceError where none does."""
    problem = EvidenceError("RF910", "a decision has no body")
    for one in bodies:
        try:
            return make_record(RecordKind.DECISION, one)
        except EvidenceError as error:
            problem = error
    raise problem


def decision_bodies(
    event: LogEvent, *, allowed_facts: frozenset[str], principal: str = ""
) -> Iterator[dict[str, Any]]:
    """Return the bodies of which an event's record has the first that fits, with nothing kept apart.

    Raise EvidenceError, as `make_decision` does.
    """
    if event.path != DECISION_PATH:
        raise EvidenceError("RF911", "the decision is of another policy")
    asked = event.input if isinstance(event.input, dict) else {}
    facts = allow_facts(asked.get("facts", {}), allowed=allowed_facts)
    try:
        body = {**_common(event, asked, principal), **_result(event.result)}
    except ValueError:
        raise EvidenceError("RF904", "the decision has no known shape") from None
    return _bodies(body, facts)


def _bodies(body: Mapping[str, Any], facts: Allowed) -> Iterator[dict[str, Any]]:
    """Yield the whole body, one without facts, and one with the first entries of its lists."""
    yield {**body, **_facts(facts)}
    bare = {**body, **_facts(facts.without_facts())}
    yield bare
    yield _cut(bare)


def _typed(
    event: LogEvent, common: Mapping[str, Any], facts: Allowed, personal: "Personal | None"
) -> Record | None:
    """Return the record of a usual decision; None where the general way must look at it.

    So it must where texts and people are kept apart, which only lifted rules have.
    """
    result = typed_result(event.result)
    if result is None or (
        personal is not None and personal.keeps and (result.waived or result.approvals)
    ):
        return None
    if not is_alike(facts.facts) or not all(map(str.isascii, event.bundles)):
        return None
    try:
        data = typed_bytes(common, result=result, facts=facts)
    except (UnicodeEncodeError, TypeError):
        return None
    return Record(RecordKind.DECISION, data, ids_of(common)) if len(data) <= MAX_RECORD else None


def _common(event: LogEvent, asked: Mapping[str, object], principal: str) -> dict[str, Any]:
    """Return what is kept of an event but its result and facts."""
    erased, erased_unnamed = allow_pointers(event.erased)
    masked, masked_unnamed = allow_pointers(event.masked)
    common: dict[str, Any] = {
        "decision_id": short_text(event.decision_id, limit=_ID),
        "timestamp": event.timestamp,
        "path": event.path,
        "labels": _pick(event.labels, ("id", "version")),
        "bundles": {
            short_text(name, limit=_ID): short_text(revision)
            for name, revision in event.bundles.items()
        },
        "erased": erased,
        "masked": masked,
        "pointers_unnamed": erased_unnamed + masked_unnamed,
        "point": _callers(asked.get("point")),
        "tenant": _callers(asked.get("tenant")),
        "trace_id": _callers(asked.get("trace_id")),
    }
    if principal:
        common["principal"] = short_text(principal, limit=_ID)
    return common


def _callers(value: object) -> str | None:
    """Return what the caller says of the request; null where that is no short text.

    The caller chose the value, so it cannot keep a decision out of the evidence.
    """
    # INVARIANT: not `isinstance`: the literal of a number that no double holds is a `str` too.
    return str(value) if type(value) is str and len(value) <= _ID else None


def _facts(facts: Allowed) -> dict[str, Any]:
    committed = {"committed": facts.committed} if facts.committed else {}
    return {
        **committed,
        "facts": facts.facts,
        "withheld": facts.withheld,
        "withheld_unnamed": facts.unnamed,
    }


def _result(result: object) -> dict[str, Any]:
    """Return what is kept of a decision; where OPA gave none, that is what is kept."""
    if result is None:
        return {"decided": False}
    if not isinstance(result, dict):
        raise ValueError("no decision")
    if not isinstance(result.get("allowed"), bool) or type(result.get("action")) is not str:
        raise ValueError("no decision")
    return {
        "decided": True,
        "action": short_text(result["action"], limit=_ID),
        "allowed": result["allowed"],
        "evaluated": result.get("evaluated") is True,
        "reasons": _entries(result, "reasons", _REASON),
        "observed": _entries(result, "observed", _REASON),
        "waived": _entries(result, "waived", _WAIVED),
        "approvals": _entries(result, "approvals", _APPROVAL),
        "obligations": [_obligation(one) for one in _mappings(result, "obligations")],
        "policy": _pick(result.get("policy"), _POLICY),
    }


def _cut(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with only the first entries of its lists, and how many were left out."""
    omitted = {n: len(v) - _MOST for n, v in body.items() if isinstance(v, list) and len(v) > _MOST}
    return {**body, **{name: body[name][:_MOST] for name in omitted}, "omitted": omitted}


def _entries(
    result: Mapping[str, object], name: str, fields: tuple[str, ...]
) -> list[dict[str, Any]]:
    return [_pick(one, fields) for one in _mappings(result, name)]


def _mappings(result: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    value = result.get(name, [])
    if not isinstance(value, list):
        raise ValueError("no decision")
    for one in value:
        if not isinstance(one, dict):
            raise ValueError("no decision")
    return value


def _pick(value: object, fields: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {name: _plain(value[name]) for name in fields if name in value}


def _obligation(value: Mapping[str, object]) -> dict[str, Any]:
    return {short_text(name, limit=_ID): _plain(one) for name, one in value.items()}


def _plain(value: object) -> Any:
    if type(value) is str and len(value) <= _ID:
        return value  # most are
    try:
        return plain(value)
    except ValueError:
        return {"withheld": True}  # too long, or no plain value
