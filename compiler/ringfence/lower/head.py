"""What checks over a whole repository ask of a tenant and its rules, without their conditions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ringfence.errors import Span
from ringfence.ir.rule import Rule, TenantProgram
from ringfence.language.policy import Policy

__all__ = ["Citation", "RuleHead", "TenantHead", "cited_rules", "rule_head", "tenant_head"]


class RuleHead(NamedTuple):
    """A rule's names, its action and what may lift it; the last five members are its span's."""

    id: str
    point: str
    otherwise: str
    was: Sequence[str]
    waivable: bool
    approvable: bool
    invariant: bool
    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        """Return where the rule is written."""
        return Span(self.file, self.line, self.column, self.end_line, self.end_column)


class Citation(NamedTuple):
    """A rule that a document relies on by its id; the last five members are the span's."""

    rule: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        """Return where the rule is named."""
        return Span(*self[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantHead:
    """A tenant's wave, the heads of its own rules, and the rules that its documents rely on.

    `documents` counts what was understood.
    """

    name: str
    wave: str
    documents: int
    rules: tuple[RuleHead, ...]
    citations: tuple[Citation, ...] = ()


def rule_head(rule: Rule) -> RuleHead:
    """Return a rule's head."""
    span = rule.span
    return RuleHead(
        rule.id,
        rule.point,
        str(rule.otherwise),
        rule.was,
        rule.waivable,
        rule.approvable,
        rule.invariant,
        span.file,
        span.line,
        span.column,
        span.end_line,
        span.end_column,
    )


def cited_rules(policies: Iterable[Policy]) -> Iterator[Citation]:
    """Yield the rules that enforce what stands in prompts."""
    for policy in policies:
        for index, instruction in enumerate(getattr(policy.spec, "instructions", ())):
            for place, name in enumerate(instruction.enforced_by):
                span = policy.value("instructions", index, "enforced_by", place)
                yield Citation(
                    name, span.file, span.line, span.column, span.end_line, span.end_column
                )


def tenant_head(program: TenantProgram, policies: Sequence[Policy]) -> TenantHead:
    """Return the head of a tenant with this program, made of these documents."""
    return TenantHead(
        name=program.name,
        wave=program.wave,
        documents=len(policies),
        rules=tuple(map(rule_head, program.rules)),
        citations=tuple(cited_rules(policies)),
    )
