"""What the registry says about a code."""

from dataclasses import dataclass

__all__ = ["CodeInfo"]


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """A title of a few words, and one or two sentences on why it is refused and what to do."""

    title: str
    explanation: str
