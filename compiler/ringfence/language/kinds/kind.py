"""What the language knows of a kind of document."""

from dataclasses import dataclass

from ringfence.language.values import Model

__all__ = ["Kind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of document: its name, the model of its `spec`, and where it may stand.

    `scopes` are among `platform`, `tenant`, `contract`.
    """

    name: str
    spec: type[Model]
    scopes: frozenset[str]
    description: str
