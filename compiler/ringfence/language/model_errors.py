"""What is wrong with a document's data, in the words and at the places of its YAML."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ringfence.errors import Diagnostic
from ringfence.language.source import Document, Path
from ringfence.language.suggest import did_you_mean

__all__ = ["model_diagnostics"]

_WORDS = {
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false, without quotes",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "model_type": "must be a mapping",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def model_diagnostics(
    document: Document, error: ValidationError, *, model: type[BaseModel], at: Path = ()
) -> tuple[Diagnostic, ...]:
    """Turn a pydantic error about the data at path `at` into diagnostics."""
    best: dict[Path, Diagnostic] = {}
    for one in _told(error):
        path = at + _existing(document, at, one["loc"])
        best.setdefault(
            (*path, one["type"] == "missing" and one["loc"][-1]),
            _one(document, one, path, model, at),
        )
    return tuple(best.values())


def _told(error: ValidationError) -> list[Any]:
    """Return the errors without those that a list is empty only because its items are wrong."""
    found = error.errors(include_url=False)
    inner = {one["loc"][:depth] for one in found for depth in range(len(one["loc"]))}
    return [one for one in found if one["type"] != "too_short" or one["loc"] not in inner]


def _existing(document: Document, at: Path, loc: tuple[int | str, ...]) -> Path:
    """Drop the steps that pydantic adds for unions and that the document doesn't have."""
    path: Path = ()
    for step in loc:
        if (*at, *path, step) in document.spans:
            path = (*path, step)
    return path


def _one(
    document: Document, error: Mapping[str, Any], path: Path, model: type[BaseModel], at: Path
) -> Diagnostic:
    match error["type"]:
        case "extra_forbidden":
            known = _fields(model, path[len(at) : -1])
            near = did_you_mean(str(path[-1]), known)
            hint = f"did you mean `{near}`?" if near else f"known keys: {', '.join(known)}"
            return Diagnostic("RF101", document.spans.key(path), f"unknown key `{path[-1]}`", hint)
        case "missing":
            name = str(error["loc"][-1])
            where = document.spans.key(path) if path else document.spans.nearest(())
            return Diagnostic("RF102", where, f"`{name}` is missing", f"add `{name}: …` here")
        case _:
            message, hint = _wrong(error)
            name = f"`{path[-1]}` " if path and isinstance(path[-1], str) else ""
            return Diagnostic("RF103", document.spans.nearest(path), f"{name}{message}", hint)


def _wrong(error: Mapping[str, Any]) -> tuple[str, str]:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", "`").replace(" or ", ", ").split(", ")
        near = did_you_mean(str(value), [choice.strip("`") for choice in choices])
        hint = f"did you mean `{near}`?" if near else ""
        return f"must be one of {', '.join(choices)}, not `{_short(value)}`", hint
    if kind == "string_pattern_mismatch":
        return f"`{_short(value)}` does not have the form `{context['pattern']}`", ""
    if kind == "value_error":
        return str(context["error"]), ""
    if kind in _WORDS:
        hint = "quote it" if kind == "string_type" and not isinstance(value, (dict, list)) else ""
        got = "" if kind.endswith("short") else f", not {_kind_of(value)}"
        return f"{_WORDS[kind]}{got}", hint
    text = str(error["msg"])
    return text[:1].lower() + text[1:].replace("Input should be", "must be"), ""


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return f"the text `{_short(value)}`"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"`{_short(value)}`"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _fields(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """List the keys that the model knows at a path below it."""
    found: list[type[BaseModel]] = [model]
    for step in path:
        if isinstance(step, str):
            inner = [m.model_fields[step].annotation for m in found if step in m.model_fields]
            values = [annotation for m in inner for annotation in _models(m)]
            found = values or found
    return tuple(dict.fromkeys(name for m in found for name in m.model_fields))


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
