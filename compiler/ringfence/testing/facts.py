"""Facts that a test writes, nested or dotted: typed, checked, and by their dotted names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ringfence.errors import Diagnostic, Span
from ringfence.ir.schema import DecisionPoint
from ringfence.language.source import Document, Path
from ringfence.language.suggest import did_you_mean
from ringfence.testing.value import WrongValueError, typed_value

__all__ = ["Reader", "nested", "unknown_fact"]


@dataclass(slots=True)
class Reader:
    """Reads the facts of one document for one decision point, and collects what is wrong."""

    document: Document
    point: DecisionPoint
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def read(self, data: Mapping[str, object], *, at: Path) -> dict[str, object]:
        """Return the facts of a mapping that stands at a path of the document."""
        found: dict[str, object] = {}
        for name, value, path in _facts(data, at=at, prefix="", names=self.point.by_name()):
            if name not in self.point.by_name():
                self.diagnostics.append(unknown_fact(name, self._key(path), self.point))
            elif name in found:
                message = f"fact `{name}` is given twice"
                self.diagnostics.append(
                    Diagnostic("RF611", self._key(path), message, "keep one of the two")
                )
            else:
                self._take(found, name, value, path)
        return found

    def _take(self, found: dict[str, object], name: str, value: object, path: Path) -> None:
        try:
            found[name] = typed_value(value, self.point.by_name()[name].type)
        except WrongValueError as error:
            place = (*path, *error.path)
            span = self._key(place) if error.at_key else self.document.spans.nearest(place)
            message = f"`{name}` {error.message}"
            self.diagnostics.append(Diagnostic("RF603", span, message, error.help))

    def _key(self, path: Path) -> Span:
        return self.document.spans.key(path)


def _facts(
    data: Mapping[str, object], *, at: Path, prefix: str, names: Mapping[str, object]
) -> Iterator[tuple[str, object, Path]]:
    for key, value in data.items():
        name, path = prefix + key, (*at, key)
        inside = name not in names and any(known.startswith(f"{name}.") for known in names)
        if inside and isinstance(value, dict):
            yield from _facts(value, at=path, prefix=f"{name}.", names=names)
        else:
            yield name, value, path


def unknown_fact(name: str, span: Span, point: DecisionPoint) -> Diagnostic:
    """Say that a decision point has no such fact, and which one is meant."""
    near = did_you_mean(name, point.by_name())
    hint = (
        f"did you mean `{near}`?" if near else "`ringfence schema` prints the facts of each point"
    )
    return Diagnostic("RF602", span, f"`{point.name}` has no fact `{name}`", hint)


def nested(facts: Mapping[str, object]) -> dict[str, object]:
    """Nest facts by the steps of their dotted names, as a request has them."""
    tree: dict[str, object] = {}
    for name, value in facts.items():
        *parents, last = name.split(".")
        place = tree
        for step in parents:
            place = place.setdefault(step, {})  # type: ignore[assignment] # a step above a fact is a dict
        place[last] = value
    return tree
