"""Lower `Release`: what must be shown before a bundle is activated in an environment."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ringfence.errors import Diagnostic
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
from ringfence.ir.lower.lowering import Lowering, TenantParams
from ringfence.ir.rule import Action, Cited, Rule
from ringfence.language.kinds.release import Environment, Gate, Release
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy

__all__ = ["LOWERING"]

_POINT = "policy.activate"
_CONTENT = fact("activation.content")
_ALWAYS = And(())
_LOOSER = (
    "this content was not shown to allow no more than what is in force: "
    "{facts.policy_diff.loosened} differences"
)
_MILLION = 1_000_000
_NEVER = 10**15
"""Seconds that no time span reaches: what a row that is missing asks for."""

# What an environment of a release asks for, as the parameter `demands` lists it, and where it says so.
_STAY, _EFFECTIVE, _TESTS = "stay", "effective", "tests"
_DIFF, _TIGHTER, _LOOSENED = "diff", "diff.none", "diff.approved"
_REPLAY, _REVIEW = "replay", "review"
_TABLES = (
    "before",
    "demands",
    "effective_at",
    "effective_from",
    "new_block_at_most",
    "not_replayable_at_most",
    "replay_window",
    "reviewers",
    "stay",
)
_FIELDS = {
    "activate.tested-before": ("after",),
    "activate.stayed": ("after",),
    "activate.effective": ("effective_at",),
    "activate.tests": ("gate", "tests"),
    "activate.diff": ("gate", "diff"),
    "activate.tightened": ("gate", "diff"),
    "activate.loosened": ("gate", "diff"),
    "activate.replay": ("gate", "replay"),
    "activate.new-block": ("gate", "replay"),
    "activate.not-replayable": ("gate", "replay"),
    "activate.review": ("gate", "approvals"),
}


def _said(table: str, *, default: int | str | tuple[str, ...]) -> Expr:
    """Read what the release says of the environment."""
    keys = (fact("activation.bundle"), fact("activation.environment"))
    return lookup(table, *keys, default=default)


_BEFORE = _said("before", default=())


def _asked(demand: str) -> Expr:
    return is_in(demand, _said("demands", default=()))


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
        point=_POINT,
        require=require,
        message=message(text),
        fix=fix,
        invariant=True,
        otherwise=Action.HUMAN_REVIEW if review else Action.BLOCK,
        approvable=review,
        limits="activate.reviewers" if review else "",
        where=where,
    )


def _rules(_: str) -> tuple[Rule, ...]:
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
        where=_asked(_STAY),
    )
    yield _rule(
        "effective",
        least(now(), _said("effective_at", default=_NEVER)),
        "the release is effective from {derived.activate.effective_from}",
        "activate it then, or change `effective_at`",
        where=_asked(_EFFECTIVE),
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
        where=_asked(_TESTS),
    )
    yield _rule(
        "diff",
        _compared("policy_diff"),
        "no comparison of this content with what is in force was shown",
        "present an attestation of the comparison, and send activation.baseline",
        where=_asked(_DIFF),
    )
    yield _rule(
        "tightened",
        equal(fact("policy_diff.loosened"), 0),
        _LOOSER,
        "tighten it; the release lets nothing be loosened",
        where=_asked(_TIGHTER),
    )
    yield _rule(
        "loosened",
        equal(fact("policy_diff.loosened"), 0),
        _LOOSER,
        "have the reviewers approve it: see `ringfence approve --help`",
        where=_asked(_LOOSENED),
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
        where=_asked(_REPLAY),
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
            where=_asked(_REPLAY),
        )


def _review() -> Iterator[Rule]:
    waits = _asked(_REVIEW)
    yield _rule(
        "review",
        no(waits),
        "as many reviewers as the release asks for must approve this content",
        "have each of them approve it: see `ringfence approve --help`",
        where=waits,
        review=True,
    )


def _derived(_: str) -> tuple[tuple[str, Expr], ...]:
    return (
        ("activate.effective_from", _said("effective_from", default="")),
        ("activate.reviewers", _said("reviewers", default="")),
    )


def _params(
    effective: Effective, broad: Policy | None, narrow: Policy
) -> tuple[TenantParams, tuple[Diagnostic, ...]]:
    return TenantParams(params={}, sources={}), ()


def _platform(policies: Sequence[Policy]) -> TenantParams:
    """Write one table for each thing that is asked for, by release and environment."""
    tables: dict[str, dict[str, dict[str, object]]] = {name: {} for name in _TABLES}
    for policy in policies:
        spec = policy.spec
        assert isinstance(spec, Release)
        for name, environment in spec.environments.items():
            for table, value in _tables(environment).items():
                tables[table].setdefault(policy.metadata.name, {})[name] = value
    return TenantParams(params={_POINT: tables}, sources={_POINT: _sources(policies)})


def _tables(environment: Environment) -> dict[str, object]:
    """Return a row of each table; `before` is [""] where an environment is a first one.

    Ratios are parts of a million, times are seconds.
    """
    gate = environment.gate or Gate()
    stay = max(environment.after.values(), default=0)
    found: dict[str, object] = {
        "before": sorted(environment.after) or [""],
        "demands": list(_demands(environment, gate)),
    }
    if stay:
        found["stay"] = stay
    if environment.effective_at is not None:
        moment = datetime.fromtimestamp(environment.effective_at, tz=UTC)
        found["effective_at"] = environment.effective_at
        found["effective_from"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if gate.replay:
        found["replay_window"] = gate.replay.window
        found["new_block_at_most"] = _parts(gate.replay.new_block_at_most)
        found["not_replayable_at_most"] = _parts(gate.replay.not_replayable_at_most)
    if gate.approvals:
        found["reviewers"] = {"by": [gate.approvals.from_], "count": gate.approvals.count}
    return found


def _demands(environment: Environment, gate: Gate) -> Iterator[str]:
    if any(environment.after.values()):
        yield _STAY
    if environment.effective_at is not None:
        yield _EFFECTIVE
    if gate.tests:
        yield _TESTS
    if gate.diff:
        yield _DIFF
        yield _LOOSENED if gate.diff.loosened == "approved" else _TIGHTER
    if gate.replay:
        yield _REPLAY
    if gate.approvals:
        yield _REVIEW


def _parts(percent: str) -> int:
    """Return a percentage of at most four decimals as parts of a million."""
    whole, _, decimals = percent.removesuffix("%").partition(".")
    return int(whole + decimals.ljust(4, "0"))


def _sources(policies: Sequence[Policy]) -> dict[str, Cited]:
    """Cite, by release, the first environment that asks for it, or the list of environments."""
    return {
        rule.id: Cited(
            fact="activation.bundle",
            spans={one.metadata.name: one.key(*_cited(one, rule.id)) for one in policies},
        )
        for rule in _rules(_POINT)
    }


def _cited(policy: Policy, rule: str) -> tuple[str, ...]:
    spec = policy.spec
    assert isinstance(spec, Release)
    field = _FIELDS.get(rule)
    paths = [("environments", name, *field) for name in spec.environments] if field else []
    return next((path for path in paths if policy.has(*path)), ("environments",))


LOWERING = Lowering(
    kind="Release",
    points=(_POINT,),
    rules=_rules,
    derived=_derived,
    params=_params,
    platform=_platform,
)
