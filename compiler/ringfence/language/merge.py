"""Merge a kind's values over scopes: narrower scopes tighten, and say so where they loosen."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from ringfence.errors import Diagnostic, Span
from ringfence.language.kinds import Kind
from ringfence.language.kinds.kind import Merge
from ringfence.language.policy import Policy
from ringfence.language.values import parse_duration

__all__ = ["Effective", "Setting", "merge"]

Field = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A value in force, where it is written, and what it was loosened from, if it was."""

    value: object
    span: Span
    loosened_from: object = None


@dataclass(frozen=True, slots=True)
class Effective:
    """Every value of a kind for one tenant, by dotted field."""

    settings: Mapping[str, Setting]

    def value(self, field: str) -> object:
        """Return a field's value, None where no scope says it."""
        setting = self.settings.get(field)
        return None if setting is None else setting.value

    def table(self, field: str) -> dict[str, object]:
        """Return the values below a field by their last key."""
        start = field + "."
        return {
            name[len(start) :]: setting.value
            for name, setting in self.settings.items()
            if name.startswith(start)
        }


def merge(
    kind: Kind, *, broad: Policy | None, narrow: Policy
) -> tuple[Effective, tuple[Diagnostic, ...]]:
    """Merge the platform's policy of a kind with a tenant's."""
    settings: dict[str, Setting] = {}
    diagnostics: list[Diagnostic] = []
    for field, rule in _fields(kind, [p for p in (broad, narrow) if p]):
        name = ".".join(field)
        outer = _setting(broad, field) if broad else None
        inner = _setting(narrow, field)
        if inner is None:
            if outer is not None:
                settings[name] = outer
            continue
        looser = outer is not None and _looser(rule, outer.value, inner.value)
        allowed = looser and _loosened(narrow, name)
        value = _joined(outer, inner) if rule is Merge.UNION else inner.value
        settings[name] = Setting(value, inner.span, outer.value if outer and allowed else None)
        if rule is Merge.FIXED:
            diagnostics.append(_fixed(name, inner.span))
        elif looser and outer is not None:
            diagnostics.extend(_check_loosening(name, outer, inner, broad=broad, narrow=narrow))
    diagnostics.extend(_idle_loosenings(narrow, settings))
    diagnostics.extend(_misplaced(narrow))
    return Effective(settings), tuple(diagnostics)


def _joined(outer: Setting | None, inner: Setting) -> object:
    """Join two lists, the broader one's items first, without repeats."""
    items = [one.value for one in (outer, inner) if one and isinstance(one.value, tuple)]
    return tuple(dict.fromkeys(item for each in items for item in each))


def _fields(kind: Kind, policies: Iterable[Policy]) -> Iterator[tuple[Field, Merge]]:
    for pattern, rule in kind.merge.items():
        path = tuple(pattern.split("."))
        if path[-1] != "*":
            yield path, rule
            continue
        keys = {key for policy in policies for key in _get(policy.spec, path[:-1]) or ()}  # type: ignore[attr-defined] # a mapping, by the kind's model
        yield from (((*path[:-1], str(key)), rule) for key in sorted(keys))


def _get(spec: object, path: Field) -> object:
    for step in path:
        if spec is None:
            return None
        spec = spec.get(step) if isinstance(spec, dict) else getattr(spec, step)
    return spec


def _setting(policy: Policy, field: Field) -> Setting | None:
    if not policy.has(*field):
        return None
    value = _get(policy.spec, field)
    plain = value.model_dump() if isinstance(value, BaseModel) else value
    return None if value is None else Setting(plain, policy.key(*field))


def _looser(rule: Merge, outer: object, inner: object) -> bool:
    match rule, outer, inner:
        case Merge.MIN, int(), int():
            return inner > outer
        case Merge.MAX, int(), int():
            return inner < outer
        case Merge.WITHIN, tuple(), tuple():
            return not all(_is_within(item, outer) for item in inner)
        case _:
            return False


def _is_within(item: str, outer: tuple[str, ...]) -> bool:
    return any(item == broad or item.startswith(broad.rstrip("/") + "/") for broad in outer)


def _loosened(policy: Policy, name: str) -> bool:
    return any(entry.field == name for entry in getattr(policy.spec, "loosens", ()))


def _check_loosening(
    name: str, outer: Setting, inner: Setting, *, broad: Policy | None, narrow: Policy
) -> Iterator[Diagnostic]:
    limits = {
        entry.field: entry.loosen_to for entry in getattr(broad and broad.spec, "overridable", ())
    }
    message = f"`{name}` is looser than the platform's, {outer.span}"
    if name not in limits:
        yield Diagnostic(
            "RF303", inner.span, message, "tighten it; the platform does not let it be loosened"
        )
    elif not _loosened(narrow, name):
        yield Diagnostic(
            "RF302",
            inner.span,
            message,
            f"tighten it, or list `field: {name}` under `loosens` with a rationale",
        )
    else:
        furthest = limits[name]
        bound = parse_duration(furthest) if isinstance(furthest, str) else furthest
        if isinstance(inner.value, int) and inner.value > bound:
            hint = f"the platform lets it be loosened to `{furthest}`"
            yield Diagnostic("RF303", inner.span, message, hint)


def _idle_loosenings(policy: Policy, settings: Mapping[str, Setting]) -> Iterator[Diagnostic]:
    for index, entry in enumerate(getattr(policy.spec, "loosens", ())):
        setting = settings.get(entry.field)
        if setting is None or setting.loosened_from is None:
            span = policy.value("loosens", index, "field")
            message = f"`{entry.field}` is listed under `loosens` and loosens nothing"
            yield Diagnostic("RF304", span, message, "remove the entry, or check the field's name")


def _misplaced(policy: Policy) -> Iterator[Diagnostic]:
    if policy.has("overridable"):
        message = "`overridable` stands at the platform only"
        yield Diagnostic("RF311", policy.key("overridable"), message, "remove it here")


def _fixed(name: str, span: Span) -> Diagnostic:
    return Diagnostic("RF311", span, f"`{name}` is the platform's to say", "remove it here")
