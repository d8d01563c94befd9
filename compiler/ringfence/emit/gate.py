"""The gate: every fact that a body reads is checked by type and range before anything compares it.

Numbers are checked by a regular expression over their JSON text first: comparing a number such as
`1e10000000` can take OPA down. A gate that doesn't hold makes the whole body undefined, which blocks.
"""

from collections.abc import Sequence

from ringfence.emit.rego_filter import pattern, rego
from ringfence.ir.schema import MAX_INTEGER, MAX_STRING, Fact, FactType, Scalar

__all__ = ["gate", "is_missing_value", "missing_value"]

Bound = Sequence[tuple[str, Fact]]


def missing_value(kind: FactType) -> str | int:
    """Return the value, outside the type's domain, that stands for a missing optional fact.

    For a list it is the empty string, over which nothing iterates.
    """
    return kind.minimum - 1 if kind.scalar.is_number and not kind.is_list else ""


def is_missing_value(kind: FactType, value: object) -> bool:
    """Tell whether a value is the one that stands for missing."""
    return not isinstance(value, bool) and value == missing_value(kind)


def gate(bound: Bound, *, joined: str = "joined") -> list[str]:
    """Return the statements that hold only if each local has a value of its fact's type.

    An optional fact may also have its missing value.
    `joined` names the local that holds all strings, one after the other.
    """
    return [*_strings(bound, joined=joined), *_scalars(bound), *_ranges(bound)]


def _strings(bound: Bound, *, joined: str) -> list[str]:
    strings = [(local, fact) for local, fact in bound if fact.type.scalar is Scalar.STRING]
    if not strings:
        return []
    every = ", ".join(local for local, _ in strings)
    required = ", ".join(local for local, fact in strings if fact.required)
    none_empty = [f'false in ["" in [{required}]]'] if required else []
    if len(strings) == 1:
        return [f'count(concat("", [{every}])) <= {MAX_STRING}', *none_empty]
    # Each is looked at only where all of them together are longer than one may be.
    too_long = f"count({joined}) > {MAX_STRING}; some text in [{every}]; count(text) > {MAX_STRING}"
    return [f'{joined} := concat("", [{every}])', f"[1 | {too_long}] == []", *none_empty]


def _scalars(bound: Bound) -> list[str]:
    others = [(local, fact) for local, fact in bound if fact.type.scalar is not Scalar.STRING]
    if not others:
        return []
    regex = rf"^\[{','.join(_text_pattern(fact) for _, fact in others)}\]$"
    values = ", ".join(local for local, _ in others)
    return [f"regex.match({pattern(regex)}, json.marshal([{values}]))"]


def _text_pattern(fact: Fact) -> str:
    """Write the pattern of a fact's JSON text, its missing value included."""
    kind = fact.type
    alternatives = [] if fact.required else [rego(missing_value(kind))]
    match kind.scalar:
        case Scalar.BOOLEAN:
            alternatives += ["true", "false"]
        case Scalar.ENUM:
            alternatives += [rego(value) for value in kind.values]
        case Scalar.DECIMAL:
            alternatives.append(_sign(kind) + r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
        case _:
            alternatives.append(_sign(kind) + "[0-9]{1,15}")
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


def _sign(kind: FactType) -> str:
    return "-?" if kind.minimum < 0 else ""


def _ranges(bound: Bound) -> list[str]:
    numbers = [(local, fact) for local, fact in bound if fact.type.scalar.is_number]
    return [line for local, fact in numbers for line in (*_least(local, fact), *_most(local, fact))]


def _least(local: str, fact: Fact) -> list[str]:
    kind = fact.type
    if kind.minimum == 0:  # its text has no sign
        return []
    if fact.required:
        return [f"{local} >= {kind.minimum}"]
    missing = missing_value(kind)
    if kind.scalar is not Scalar.DECIMAL:
        return [f"{local} >= {missing}"]
    # There are decimals between the value that stands for missing and the least one.
    return [f"true in [{local} == {missing}, {local} >= {kind.minimum}]"]


def _most(local: str, fact: Fact) -> list[str]:
    kind = fact.type
    if kind.maximum == MAX_INTEGER and kind.scalar is not Scalar.DECIMAL:  # its text has 15 digits
        return []
    return [f"{local} <= {kind.maximum}"]
