"""Lower `Release`: what must be shown before a bundle is activated in an environment."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ringfence.errors import Diagnostic
from ringfence.ir.rule import Cited
from ringfence.language.kinds.release import Environment, Gate, Release
from ringfence.language.merge import Effective
from ringfence.language.policy import Policy
from ringfence.lower.kinds._release_rules import POINT, Demand, release_derived, release_rules
from ringfence.lower.lowering import Lowering, TenantParams

__all__ = ["LOWERING"]

# The tables of what an environment asks for, and where the release says what a rule holds it to.
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
    return TenantParams(params={POINT: tables}, sources={POINT: _sources(policies)})


def _tables(environment: Environment) -> dict[str, object]:
    """Return a row of each table; `before` is [""] where an environment is a first one.

    Ratios are parts of a million, times are seconds.
    """
    gate = environment.gate or Gate()
    stay = max(environment.after.values(), default=0)
    found: dict[str, object] = {
        "before": sorted(environment.after) or [""],
        "demands": [one.value for one in _demands(environment, gate)],
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


def _demands(environment: Environment, gate: Gate) -> Iterator[Demand]:
    if any(environment.after.values()):
        yield Demand.STAY
    if environment.effective_at is not None:
        yield Demand.EFFECTIVE
    if gate.tests:
        yield Demand.TESTS
    if gate.diff:
        yield Demand.DIFF
        yield Demand.LOOSENED if gate.diff.loosened == "approved" else Demand.TIGHTER
    if gate.replay:
        yield Demand.REPLAY
    if gate.approvals:
        yield Demand.REVIEW


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
        for rule in release_rules(POINT)
    }


def _cited(policy: Policy, rule: str) -> tuple[str, ...]:
    spec = policy.spec
    assert isinstance(spec, Release)
    field = _FIELDS.get(rule)
    paths = [("environments", name, *field) for name in spec.environments] if field else []
    return next((path for path in paths if policy.has(*path)), ("environments",))


LOWERING = Lowering(
    kind="Release",
    points=(POINT,),
    rules=release_rules,
    derived=release_derived,
    params=_params,
    platform=_platform,
)
