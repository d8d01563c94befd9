"""Values of facts as they stand in YAML, typed by the decision point's schema."""

from decimal import Decimal

from ringfence.ir.schema import MAX_STRING, Fact, FactType, Scalar
from ringfence.language.source import Path
from ringfence.language.suggest import did_you_mean
from ringfence.language.values import parse_decimal, parse_duration, parse_timestamp

__all__ = ["WrongValueError", "typed_value"]


class WrongValueError(Exception):
    """A value does not fit its fact; `path` leads to it from the fact's own value.

    With `at_key`, it is the path's last key that is wrong.
    """

    def __init__(
        self, message: str, *, path: Path = (), help: str = "", at_key: bool = False
    ) -> None:
        super().__init__(message)
        self.at_key = at_key
        self.message = message
        self.path = path
        self.help = help


def typed_value(value: object, kind: FactType) -> object:
    """Return a fact's value as JSON has it, durations and times in seconds; decimals are `Decimal`.

    Raises WrongValueError.
    """
    if not kind.is_list:
        return _scalar(value, kind, path=())
    if not isinstance(value, list):
        raise WrongValueError("must be a list", help="write `[]` for none")
    if len(value) > kind.max_items:
        raise WrongValueError(f"has {len(value)} items, more than {kind.max_items}")
    if kind.is_records:
        return [_record(item, kind, index=index) for index, item in enumerate(value)]
    return [_scalar(item, kind, path=(index,)) for index, item in enumerate(value)]


def _record(item: object, kind: FactType, *, index: int) -> dict[str, object]:
    if not isinstance(item, dict):
        raise WrongValueError("must be a record", path=(index,), help=_fields(kind))
    fields = {field.name: field for field in kind.fields}
    for name in item:
        if name not in fields:
            near = did_you_mean(name, fields)
            hint = f"did you mean `{near}`?" if near else _fields(kind)
            raise WrongValueError(
                f"has no field `{name}`", path=(index, name), help=hint, at_key=True
            )
    missing = [name for name, field in fields.items() if field.required and name not in item]
    if missing:
        raise WrongValueError(f"lacks the field `{missing[0]}`", path=(index,), help=_fields(kind))
    return {
        name: _scalar(value, fields[name].type, path=(index, name)) for name, value in item.items()
    }


def _fields(kind: FactType) -> str:
    return "fields: " + ", ".join(_described(field) for field in kind.fields)


def _described(field: Fact) -> str:
    return field.name if field.required else f"{field.name} (optional)"


def _scalar(value: object, kind: FactType, *, path: Path) -> object:
    try:
        return _parsed(value, kind)
    except ValueError as error:
        raise WrongValueError(str(error), path=path, help=_advice(value, kind)) from None


def _parsed(value: object, kind: FactType) -> bool | int | str | Decimal:
    match kind.scalar:
        case Scalar.BOOLEAN:
            if not isinstance(value, bool):
                raise ValueError("must be true or false")
            return value
        case Scalar.STRING:
            return _text(value, kind)
        case Scalar.ENUM:
            if not isinstance(value, str) or value not in kind.values:
                raise ValueError(f"must be one of {', '.join(kind.values)}")
            return value
        case _:
            return _in_range(_number(value, kind.scalar), kind)


def _text(value: object, kind: FactType) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text that is not empty")
    if len(value) > MAX_STRING:
        raise ValueError(f"has {len(value)} characters, more than {MAX_STRING}")
    return value


def _number(value: object, scalar: Scalar) -> int | Decimal:
    if scalar is Scalar.DURATION:
        return parse_duration(value)
    if scalar is Scalar.TIMESTAMP:
        return parse_timestamp(value)
    if scalar is Scalar.DECIMAL:
        return parse_decimal(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number")
    return value


def _in_range(value: int | Decimal, kind: FactType) -> int | Decimal:
    if not kind.minimum <= value <= kind.maximum:
        raise ValueError(f"must be from {kind.minimum} to {kind.maximum}")
    return value


def _advice(value: object, kind: FactType) -> str:
    near = did_you_mean(value, kind.values) if isinstance(value, str) and kind.values else None
    return f"did you mean `{near}`?" if near else ""
