"""Levels of rules in an environment, and the ladder that they climb."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ringfence.errors import Diagnostic
from ringfence.ir.rule import Level
from ringfence.language.kinds.release import Levels, Release
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean
from ringfence.lower.head import RuleHead

__all__ = ["LevelTable", "check_release", "level_table"]

# Level by wave, `*` for all others.
ByWave = Mapping[str, str]
_LADDER = tuple(Level)


@dataclass(frozen=True, slots=True)
class LevelTable:
    """The levels of one environment: its default, and the rules that differ from it."""

    default: str
    rules: Mapping[str, ByWave]

    def of(self, rule: str) -> ByWave:
        """Return a rule's level by wave."""
        return self.rules.get(rule, {"*": self.default})


def level_table(
    policy: Policy,
    environment: str,
    *,
    rules: Mapping[str, RuleHead],
    known: Collection[str] | None,
) -> LevelTable:
    """Compute the levels of an environment.

    `known` are the rule ids, present and former, of the release that this one supersedes; None for
    a first release, in which no rule counts as new.
    """
    spec = policy.spec
    assert isinstance(spec, Release)
    default = spec.levels.default.get(environment, Level.ENFORCE)
    before = frozenset(known or ())
    table: dict[str, ByWave] = {}
    for rule_id, rule in sorted(rules.items()):
        listed = _listed(spec.levels, rule, environment)
        if listed is not None:
            table[rule_id] = listed
        elif known is not None and before.isdisjoint((rule_id, *rule.was)):
            table[rule_id] = {"*": spec.levels.new_rules.get(environment, Level.OBSERVE)}
    shown = {rule: levels for rule, levels in table.items() if levels != {"*": default}}
    return LevelTable(default=str(default), rules=shown)


def _listed(levels: Levels, rule: RuleHead, environment: str) -> ByWave | None:
    for name in (rule.id, *rule.was):
        rows = levels.rules.get(name, {}).get(environment)
        if isinstance(rows, str):
            return {"*": rows}
        if rows is not None:
            found: dict[str, str] = {}
            for row in rows:
                found.setdefault("*" if row.tenants == "*" else row.tenants.wave, row.level)
            return found
    return None


def check_release(
    policy: Policy,
    *,
    rules: Mapping[str, RuleHead],
    waves: Collection[str],
    recorded: Mapping[str, Mapping[str, Mapping[str, ByWave]]],
) -> Iterator[Diagnostic]:
    """Check a release's levels against its rules, waves, and the release that it supersedes.

    `recorded` maps versions to environments to rules to levels by wave.
    """
    spec = policy.spec
    assert isinstance(spec, Release)
    yield from _environments(policy, spec)
    yield from _rules(policy, spec, rules, waves)
    if spec.supersedes is None:
        return
    before = recorded.get(spec.supersedes)
    if before is None:
        message = f"the levels of release `{spec.supersedes}` are not recorded"
        hint = "run `ringfence build --record` at that version, or leave `supersedes` out of a first release"
        yield Diagnostic("RF403", policy.value("supersedes"), message, hint)
        return
    for environment, levels in before.items():
        yield from _steps(policy, environment, levels, rules)


def _environments(policy: Policy, spec: Release) -> Iterator[Diagnostic]:
    hint = f"environments: {', '.join(spec.environments)}"
    for environment in spec.environments:
        if environment not in spec.levels.default:
            message = f"no default level for `{environment}`"
            yield Diagnostic("RF408", policy.key("levels", "default"), message, "add one")
    mentioned = [
        *((("levels", "default", name), name) for name in spec.levels.default),
        *((("levels", "new_rules", name), name) for name in spec.levels.new_rules),
        *(
            (("levels", "rules", rule, name), name)
            for rule, by_name in spec.levels.rules.items()
            for name in by_name
        ),
        *(
            (("environments", here, "after", name), name)
            for here, one in spec.environments.items()
            for name in one.after
        ),
    ]
    for path, name in mentioned:
        if name not in spec.environments:
            yield Diagnostic("RF401", policy.key(*path), f"no environment `{name}`", hint)


def _rules(
    policy: Policy, spec: Release, rules: Mapping[str, RuleHead], waves: Collection[str]
) -> Iterator[Diagnostic]:
    former = {old: rule for rule in rules.values() for old in rule.was}
    for name, by_environment in spec.levels.rules.items():
        rule = rules.get(name) or former.get(name)
        span = policy.key("levels", "rules", name)
        if rule is None:
            near = did_you_mean(name, [*rules, *former])
            hint = f"did you mean `{near}`?" if near else "remove it"
            yield Diagnostic("RF402", span, f"no rule `{name}`", hint)
        elif rule.invariant:
            message = f"`{name}` is an invariant and always enforced"
            yield Diagnostic("RF405", span, message, "remove it here")
        for environment, rows in by_environment.items():
            if isinstance(rows, str):
                continue
            for index, row in enumerate(rows):
                where = policy.value("levels", "rules", name, environment, index)
                if row.tenants == "*":
                    if index < len(rows) - 1:
                        yield Diagnostic(
                            "RF406", where, "rows after `*` never match", "move `*` last"
                        )
                elif row.tenants.wave not in waves:
                    message = f"no tenant is in wave `{row.tenants.wave}`"
                    hint = f"waves: {', '.join(sorted(waves)) or 'none'}"
                    yield Diagnostic("RF407", where, message, hint)


def _steps(
    policy: Policy, environment: str, before: Mapping[str, ByWave], rules: Mapping[str, RuleHead]
) -> Iterator[Diagnostic]:
    now = level_table(policy, environment, rules=rules, known=before.keys())
    for rule_id, rule in rules.items():
        old = next((before[name] for name in (rule_id, *rule.was) if name in before), None)
        if old is None:
            continue
        new = now.of(rule_id)
        for wave in sorted({*old, *new}):
            was, will = (levels.get(wave, levels.get("*", now.default)) for levels in (old, new))
            if _LADDER.index(Level(will)) > _LADDER.index(Level(was)) + 1:
                path = ("levels", "rules", rule_id, environment)
                span = policy.key(*path) if policy.has(*path) else policy.key("levels")
                message = f"`{rule_id}` goes from {was} to {will} in `{environment}`"
                yield Diagnostic(
                    "RF404",
                    span,
                    message,
                    f"step to {_LADDER[_LADDER.index(Level(was)) + 1]} first",
                )
