"""Suggest a threshold from what reviewers said of decisions: a hint, and none without reviews."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ringfence.evidence.account import Account
from ringfence.evidence.held import HeldDecisions
from ringfence.evidence.records import Record, RecordKind
from ringfence.ledger.search import search
from ringfence.ledger.trust import LedgerTrust

__all__ = ["COMPARATORS", "Comparator", "Question", "Suggestion", "read_reviews", "suggest"]

Comparator = Literal["lt", "lte", "gt", "gte"]
COMPARATORS: Final[tuple[Comparator, ...]] = ("lt", "lte", "gt", "gte")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which fact a rule compares, and how, and what reviewers called the decisions that count.

    With `tenant` or `rule` only decisions of that tenant, or in which that rule had a part, count.
    """

    fact: str
    comparator: Comparator
    reviewed: str = "false_positive"
    tenant: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The threshold, None where nothing says one, and the value of each decision that it is over.

    `without` are decisions of which neither review nor record has the fact as a number.
    """

    threshold: float | None
    values: Mapping[str, float]
    without: tuple[str, ...]


def read_reviews(folder: Path, *, trust: LedgerTrust) -> tuple[Sequence[Record], HeldDecisions]:
    """Verify a ledger, and return its reviews in their order, and the decisions of which they are.

    Raise VerifyError.
    """
    _, found = search(
        folder,
        trust=trust,
        naming=["review_id"],
        wanted=lambda _, record, __: record.kind is RecordKind.REVIEW,
    )
    reviews = [one.record for one in found]
    ids = {str(one.body.get("decision_id")) for one in reviews}
    return reviews, HeldDecisions.read(folder, ids, trust=trust)


def suggest(reviews: Iterable[Record], *, held: HeldDecisions, question: Question) -> Suggestion:
    """Return the largest value for `lt` and `lte`, the least for `gt` and `gte`.

    Of a decision's reviews the last one says what it was. Its value is the one that the reviewer observed,
    else the decision's fact.
    """
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in reviews:
        body = one.body
        last[str(body.get("tenant")), str(body.get("decision_id"))] = body
    values: dict[str, float] = {}
    without: list[str] = []
    for (tenant, name), review in last.items():
        decision = _decision(held, name, tenant=tenant)
        if decision is None or not _counts(review, decision, question):
            continue
        value = _value(review, decision, question.fact)
        if value is None:
            without.append(name)
        else:
            values[name] = value
    ends = max if question.comparator in ("lt", "lte") else min
    return Suggestion(
        threshold=ends(values.values(), default=None),
        values=dict(sorted(values.items())),
        without=tuple(sorted(without)),
    )


def _decision(held: HeldDecisions, name: str, *, tenant: str) -> Mapping[str, Any] | None:
    found = [one.body for one in held.by_id.get(name, ()) if one.body.get("tenant") == tenant]
    return found[0] if len(found) == 1 else None


def _counts(review: Mapping[str, Any], decision: Mapping[str, Any], question: Question) -> bool:
    rules = {one.rule for one in Account.of(decision).contributions}
    return (
        review.get("class") == question.reviewed
        and question.tenant in (None, decision.get("tenant"))
        and (question.rule is None or question.rule in rules)
    )


def _value(review: Mapping[str, Any], decision: Mapping[str, Any], fact: str) -> float | None:
    observed, facts = review.get("observed"), decision.get("facts")
    told = [one for one in observed if isinstance(one, dict)] if isinstance(observed, list) else []
    found = [one.get("value") for one in told if one.get("name") == fact]
    found.append(facts.get(fact) if isinstance(facts, dict) else None)
    return next((one for one in found if type(one) in (int, float)), None)
