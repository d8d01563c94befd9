"""The usual decision's record, made by types: what these accept needs no look at every value.

What they do not accept is no mistake: the general way in `decision` judges it, and makes the same record
of what both take.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ringfence.evidence.allow import MAX_ITEMS, MAX_TEXT, Allowed
from ringfence.evidence.canonical import MAX_SAFE_INTEGER
from ringfence.evidence.records import VERSION, RecordKind

__all__ = [
    "MAX_NAME",
    "Approval",
    "Policy",
    "Reason",
    "TypedResult",
    "Waived",
    "typed_bytes",
    "typed_result",
]

MAX_NAME: Final = 256
"""Characters of an id, or of the name of a member that a policy chose."""

_Name = Annotated[str, Meta(max_length=MAX_NAME)]
_Text = Annotated[str, Meta(max_length=MAX_TEXT)]
_Integer = Annotated[int, Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]
_One = _Text | _Integer | bool | None
_Plain = _One | Annotated[list[_One], Meta(max_length=MAX_ITEMS)]
_Maybe = _Plain | UnsetType


class Reason(Struct, frozen=True, gc=False):
    """What is kept of a rule that was violated."""

    rule: _Maybe = UNSET
    action: _Maybe = UNSET
    level: _Maybe = UNSET
    source: _Maybe = UNSET


class Waived(Struct, frozen=True, gc=False):
    """What is kept of a rule that an exception lifted."""

    rule: _Maybe = UNSET
    exception: _Maybe = UNSET
    until: _Maybe = UNSET
    by: _Maybe = UNSET
    reason: _Maybe = UNSET


class Approval(Struct, frozen=True, gc=False):
    """What is kept of a rule that an approval lifted."""

    rule: _Maybe = UNSET
    approval: _Maybe = UNSET
    until: _Maybe = UNSET
    by: _Maybe = UNSET


class Policy(Struct, frozen=True, gc=False):
    """What is kept of the policy that decided."""

    bundle: _Maybe = UNSET
    content: _Maybe = UNSET
    release: _Maybe = UNSET
    environment: _Maybe = UNSET


class TypedResult(Struct, frozen=True, gc=False):
    """What is kept of a usual decision."""

    allowed: bool
    action: _Name
    evaluated: bool = False
    reasons: list[Reason] = []
    observed: list[Reason] = []
    waived: list[Waived] = []
    approvals: list[Approval] = []
    obligations: list[dict[_Name, _Plain]] = []
    policy: Policy = Policy()


class _Body(Struct, frozen=True, kw_only=True, gc=False):
    action: str
    allowed: bool
    approvals: list[Approval]
    bundles: Mapping[str, str]
    committed: Mapping[str, str] | UnsetType = UNSET
    decided: bool = True
    decision_id: str
    erased: Sequence[str]
    evaluated: bool
    facts: Mapping[str, Any]
    labels: Mapping[str, Any]
    masked: Sequence[str]
    obligations: list[dict[str, Any]]
    observed: list[Reason]
    path: str
    point: str | None
    pointers_unnamed: int
    policy: Policy
    principal: str | UnsetType = UNSET
    reasons: list[Reason]
    tenant: str | None
    timestamp: str
    trace_id: str | None
    waived: list[Waived]
    withheld: Sequence[str]
    withheld_unnamed: int


class _Envelope(Struct, frozen=True, gc=False):
    body: _Body
    kind: str = RecordKind.DECISION.value
    version: int = VERSION


_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def typed_result(result: object) -> TypedResult | None:
    """Return what is kept of a decision, as a value for `typed_bytes`; None where that is not the place."""
    try:
        found = msgspec.convert(result, TypedResult)
    except (ValueError, TypeError, RecursionError):
        return None
    for one in found.obligations:
        for name in one:
            if not name.isascii():
                return None
    return found


def typed_bytes(common: Mapping[str, Any], *, result: TypedResult, facts: Allowed) -> bytes:
    """Return the RFC 8785 bytes of a decision's record of a result and the other members of its body.

    Those have keys in ASCII, no floats, and only integers of a double: of such values msgspec writes
    what RFC 8785 asks for. Raise UnicodeEncodeError for lone surrogates, and TypeError for subclasses
    of str, among them the numbers that no double holds.
    """
    body = _Body(
        **common,
        committed=facts.committed or UNSET,
        facts=facts.facts,
        withheld=facts.withheld,
        withheld_unnamed=facts.unnamed,
        action=result.action,
        allowed=result.allowed,
        approvals=result.approvals,
        evaluated=result.evaluated,
        obligations=result.obligations,
        observed=result.observed,
        policy=result.policy,
        reasons=result.reasons,
        waived=result.waived,
    )
    return _ENCODER.encode(_Envelope(body))
