"""What the language knows of a kind of document."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.language.values import Model

__all__ = ["Kind", "Merge"]


class Merge(StrEnum):
    """How a narrower scope's value of a field stands to the broader one's.

    `min` and `max`: the narrower value may only be lower, or higher.
    `within`: each item must be, or lie below, an item of the broader list of path prefixes.
    `union`: the items of both count.
    `fixed`: only the platform says it.
    `own`: the kind compares it itself, when it is lowered.
    """

    MIN = "min"
    MAX = "max"
    WITHIN = "within"
    UNION = "union"
    FIXED = "fixed"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of document: its name, the model of its `spec`, where it may stand, how scopes merge.

    `scopes` are among `platform`, `tenant`, `contract`.
    `merge` maps a dotted field of the spec, `*` for any key, to its rule; it is empty for kinds
    without parameters.
    `files` lists the files that a spec names: the path of the name in the spec, and the file, relative
    to the document. They are read with the document, and never written by hand.
    """

    name: str
    spec: type[Model]
    scopes: frozenset[str]
    description: str
    merge: Mapping[str, Merge] = field(default_factory=dict)
    files: Callable[[Model], Iterable[tuple[tuple[str | int, ...], str]]] | None = None
