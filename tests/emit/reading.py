"""What a request's facts are: each is present with a value of its type, or it is not there.

Written from docs/language.md and the schema, for JSON that was parsed with `parse_request`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ringfence.ir.schema import MAX_STRING, DecisionPoint, Fact, FactSource, FactType, Scalar

__all__ = ["Number", "parse_request", "read_facts"]

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number by its JSON text, which decides whether it is whole."""

    text: str


def parse_request(text: str) -> Any:
    """Read a request; numbers keep their text."""
    return json.loads(text, parse_int=Number, parse_float=Number)


def read_facts(
    point: DecisionPoint, facts: Any, *, attested: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the values of the facts that are there, by dotted name.

    `attested` is what valid attestations assert: an attested fact counts where they assert its value.
    """
    found: dict[str, Any] = {}
    for fact in point.facts:
        value = _value(fact.type, _at(facts, fact.path))
        if value is None:
            continue
        if fact.source is FactSource.ATTESTED and (attested or {}).get(fact.name) != value:
            continue
        found[fact.name] = value
    return found


def _at(facts: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        facts = facts.get(part) if isinstance(facts, Mapping) else None
    return facts


def _value(kind: FactType, sent: Any) -> Any:
    """Return the value, None where what was sent is none of the type."""
    if not kind.is_list:
        return _scalar(kind, sent)
    if not isinstance(sent, list) or len(sent) > kind.max_items:
        return None
    items = [_record(kind.fields, one) if kind.is_records else _scalar(kind, one) for one in sent]
    return None if None in items else items


def _record(fields: tuple[Fact, ...], sent: Any) -> dict[str, Any] | None:
    """Return a record's fields that are there.

    A field that is sent must be of its type: one that isn't spoils the record, and so the list.
    """
    if not isinstance(sent, Mapping):
        return None
    record = {}
    for one in fields:
        value = _scalar(one.type, sent.get(one.name))
        if value is not None:
            record[one.name] = value
        elif one.required or (one.name in sent and not _is_nothing(one.type, sent[one.name])):
            return None
    return record


def _is_nothing(kind: FactType, sent: Any) -> bool:
    """Tell whether a caller sent the value that stands for missing (docs/architecture.md, The IR)."""
    if kind.scalar.is_number:
        return isinstance(sent, Number) and sent.text == str(kind.minimum - 1)
    return bool(sent == "")


def _scalar(kind: FactType, sent: Any) -> Any:
    match kind.scalar:
        case Scalar.BOOLEAN:
            return sent if isinstance(sent, bool) else None
        case Scalar.STRING:
            return sent if isinstance(sent, str) and 1 <= len(sent) <= MAX_STRING else None
        case Scalar.ENUM:
            return sent if isinstance(sent, str) and sent in kind.values else None
        case Scalar.INTEGER | Scalar.DURATION | Scalar.TIMESTAMP:
            return _number(kind, _WHOLE, sent)
        case Scalar.DECIMAL:
            return _number(kind, _DECIMAL, sent)


def _number(kind: FactType, form: re.Pattern[str], sent: Any) -> Fraction | None:
    if not isinstance(sent, Number) or not form.fullmatch(sent.text):
        return None
    if kind.minimum >= 0 and sent.text.startswith("-"):
        return None
    number = Fraction(sent.text)
    return number if kind.minimum <= number <= kind.maximum else None
