"""A pass over what stands in prompts: each instruction has a rule that enforces it."""

from collections.abc import Iterator

from ringfence.check.compiled import Overview
from ringfence.errors import Diagnostic
from ringfence.ir.rule import Action
from ringfence.language.suggest import did_you_mean

__all__ = ["instructions_are_enforced"]


def instructions_are_enforced(compiled: Overview) -> Iterator[Diagnostic]:
    """Refuse an instruction that no rule enforces: a prompt can be talked around."""
    for citation in compiled.citations:
        name = citation.rule
        rule = compiled.rules.get(name)
        if rule is None:
            near = did_you_mean(name, compiled.rules)
            help_text = f"did you mean `{near}`?" if near else "name a rule that enforces it"
            yield Diagnostic("RF322", citation.span, f"there is no rule `{name}`", help_text)
        elif Action(rule.otherwise).rank <= Action.ALLOW_LOG.rank:
            message = f"`{name}` allows what it finds, and so enforces nothing"
            yield Diagnostic("RF322", citation.span, message, "name a rule that enforces it")
