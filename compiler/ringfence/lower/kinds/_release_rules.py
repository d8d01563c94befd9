"""The rules of a release: what must be shown before a bundle is activated in an environment."""

from collections.abc import Iterator
from enum import StrEnum

from ringfence.ir.build import (
    add,
    all_of,
    any_of,
    equal,
    fact,
    has,
    is_in,
    least,
    lookup,
    message,
    most,
    no,
    now,
    times,
)
from ringfence.ir.expression import And, Expr
from ringfence.ir.rule import Action, Rule

__all__ = ["POINT", "Demand", "release_derived", "release_rules"]

POINT = "policy.activate"
_MILLION = 1_000_000
_CONTENT = fact("activation.content")
_ALWAYS = And(())
_LOOSER = (
    "this content was not shown to allow no more than what is in force: "
    "{facts.policy_diff.loosened} differences"
)
_NEVER = 10**15
"""Seconds that no time span reaches: what a row that is missing asks for."""


class Demand(StrEnum):
    """What an environment of a release can ask for, as the parameter `demands` lists it."""

    STAY = "stay"
    EFFECTIVE = "effective"
    TESTS = "tests"
    DIFF = "diff"
    TIGHTER = "diff.none"
    LOOSENED = "diff.approved"
    REPLAY = "replay"
    REVIEW = "review"


def _said(table: str, *, default: int | str | tuple[str, ...]) -> Expr:
    """Read what the release says of the environment."""
    keys = (fact("activation.bundle"), fact("activation.environment"))
    return lookup(table, *keys, default=default)


_BEFORE = _said("before", default=())


def _asked(demand: Demand) -> Expr:
    return is_in(demand.value, _said("demands", default=()))


def _rule(
    name: str,
    require: Expr,
    text: str,
    fix: str,
    *,
    where: Expr = _ALWAYS,
    review: bool = False,
) -> Rule:
    """Make a rule that no level and no exception makes milder; some yield to reviewers."""
    return Rule(
        id=f"activate.{name}",
        point=POINT,
        require=require,
        message=message(text),
        fix=fix,
        invariant=True,
        otherwise=Action.HUMAN_REVIEW if review else Action.BLOCK,
        approvable=review,
        limits="activate.reviewers" if review else "",
        where=where,
    )


def release_rules(_: str) -> tuple[Rule, ...]:
    """Return what must be shown before a bundle is activated."""
    return (*_before(), *_gate(), *_replay(), *_review())


def _before() -> Iterator[Rule]:
    tested = all_of(
        is_in(fact("tested.environment"), _BEFORE), equal(fact("tested.content"), _CONTENT)
    )
    yield _rule(
        "tested-before",
        any_of(is_in("", _BEFORE), all_of(tested, equal(fact("tested.result"), "passed"))),
        "this content was not shown to pass its tests in the environment before "
        "{facts.activation.environment}",
        "activate and test it in the earlier environment first, and present the attestation",
    )
    yield _rule(
        "stayed",
        all_of(tested, most(add(fact("tested.since"), _said("stay", default=_NEVER)), now())),
        "this content was not shown to have been in {facts.tested.environment} for long enough",
        "wait, and present an attestation that says since when it is active there",
        where=_asked(Demand.STAY),
    )
    yield _rule(
        "effective",
        least(now(), _said("effective_at", default=_NEVER)),
        "the release is effective from {derived.activate.effective_from}",
        "activate it then, or change `effective_at`",
        where=_asked(Demand.EFFECTIVE),
    )
    yield _rule(
        "change-ref",
        has("activation.change_ref"),
        "no change is named",
        "send activation.change_ref",
    )


def _gate() -> Iterator[Rule]:
    yield _rule(
        "tests",
        all_of(
            equal(fact("policy_tests.content"), _CONTENT),
            equal(fact("policy_tests.result"), "passed"),
        ),
        "the policy tests were not shown to pass for this content",
        "run `ringfence test`, and present an attestation of its result",
        where=_asked(Demand.TESTS),
    )
    yield _rule(
        "diff",
        _compared("policy_diff"),
        "no comparison of this content with what is in force was shown",
        "present an attestation of the comparison, and send activation.baseline",
        where=_asked(Demand.DIFF),
    )
    yield _rule(
        "tightened",
        equal(fact("policy_diff.loosened"), 0),
        _LOOSER,
        "tighten it; the release lets nothing be loosened",
        where=_asked(Demand.TIGHTER),
    )
    yield _rule(
        "loosened",
        equal(fact("policy_diff.loosened"), 0),
        _LOOSER,
        "have the reviewers approve it: see `ringfence approve --help`",
        where=_asked(Demand.LOOSENED),
        review=True,
    )


def _compared(name: str) -> Expr:
    return all_of(
        equal(fact(f"{name}.content"), _CONTENT),
        equal(fact(f"{name}.baseline"), fact("activation.baseline")),
    )


def _replay() -> Iterator[Rule]:
    events = fact("policy_replay.events")
    yield _rule(
        "replay",
        all_of(
            _compared("policy_replay"),
            least(fact("policy_replay.window"), _said("replay_window", default=_NEVER)),
            least(events, 1),
        ),
        "no replay of this content over as long as the release asks for was shown",
        "replay the decisions of that time, attest the result, and send activation.baseline",
        where=_asked(Demand.REPLAY),
    )
    for name, said in (("new_block", "newly blocked"), ("not_replayable", "not replayable")):
        yield _rule(
            name.replace("_", "-"),
            most(
                times(fact(f"policy_replay.{name}"), _MILLION),
                times(events, _said(f"{name}_at_most", default=0)),
            ),
            f"not few enough events were shown to be {said}: {{facts.policy_replay.{name}}} of "
            "{facts.policy_replay.events}",
            "see `ringfence replay`, and correct the policy",
            where=_asked(Demand.REPLAY),
        )


def _review() -> Iterator[Rule]:
    waits = _asked(Demand.REVIEW)
    yield _rule(
        "review",
        no(waits),
        "as many reviewers as the release asks for must approve this content",
        "have each of them approve it: see `ringfence approve --help`",
        where=waits,
        review=True,
    )


def release_derived(_: str) -> tuple[tuple[str, Expr], ...]:
    """Return what the rules' messages and limits say of the environment."""
    return (
        ("activate.effective_from", _said("effective_from", default="")),
        ("activate.reviewers", _said("reviewers", default="")),
    )
