"""What checking a part of a condition needs of the whole: the text, the names, and the mistakes so far."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ringfence.ir.schema import Fact
from ringfence.language.cel.finding import Finding
from ringfence.language.cel.scope import ConditionScope
from ringfence.language.cel.syntax import Syntax
from ringfence.language.cel.tokens import Token
from ringfence.language.cel.value import BOOLEAN, Value, describe, poison

__all__ = ["Checking"]

_MAX_EXPANDED = 1024


@dataclass(kw_only=True)
class Checking(ABC):
    """One condition that is being checked; mistakes are collected, and checking goes on beside them.

    `variable` and `items` are the quantifier's variable and the list it runs over.
    """

    tokens: tuple[Token, ...]
    text: str
    scope: ConditionScope
    findings: list[Finding] = field(default_factory=list)
    quantifiers: int = 0
    variable: str = ""
    items: Fact | None = None
    max_expanded: int = _MAX_EXPANDED

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Map dotted names to the facts of the decision point."""
        return self.scope.point.by_name()

    @abstractmethod
    def value(self, syntax: Syntax) -> Value:
        """Check one part of the condition."""

    def boolean(self, syntax: Syntax) -> Value:
        """Check a part that must be true or false."""
        value = self.value(syntax)
        if value.type is None or value.type == BOOLEAN:
            return value
        hint = "compare it, such as `… == …`"
        if value.type.is_list:
            hint = f"write `size({self.source(syntax)}) > 0` to ask whether it has items"
        elif value.choice is not None:
            hint = "compare the ternary: `(c ? a : b) == …`"
        return self.refuse(
            syntax,
            "RF212",
            f"`{self.source(syntax)}` is {describe(value)}, not true or false",
            hint,
        )

    def refuse(self, syntax: Syntax, code: str, message: str, help: str) -> Value:
        """Report a mistake at a part of the text."""
        start, end = self.tokens[syntax.first].start, self.tokens[syntax.last].end
        self.findings.append(Finding(code, start, end, message, help))
        return poison(syntax)

    def refuse_token(self, syntax: Syntax, index: int, code: str, message: str, help: str) -> Value:
        """Report a mistake at one token of a part."""
        token = self.tokens[index]
        self.findings.append(Finding(code, token.start, token.end, message, help))
        return poison(syntax)

    def too_large(self, syntax: Syntax) -> Value:
        """Report a condition that its ternaries multiply."""
        return self.refuse(
            syntax,
            "RF201",
            "the ternaries of this condition expand to too many cases",
            "split it into several rules, each with its own `where`",
        )

    def source(self, syntax: Syntax) -> str:
        """Return the text of a part on one line, shortened for a message."""
        text = self.text[self.tokens[syntax.first].start : self.tokens[syntax.last].end]
        line = " ".join(text.split())
        return line if len(line) <= 60 else line[:59] + "…"

    def words(self, syntax: Syntax) -> tuple[str, ...]:
        """Return the names of a part."""
        return tuple(self.tokens[index].text for index in syntax.words)
