"""What is in force for one tenant: values with their origin, and levels in an environment."""

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.check.compiled import Compiled
from ringfence.errors import UsageError
from ringfence.language.kinds import all_kinds
from ringfence.language.merge import merge
from ringfence.language.suggest import did_you_mean
from ringfence.lower.kinds import all_lowerings
from ringfence.release.layer import release_layer

__all__ = ["Row", "effective_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value: its field, how it reads, where it is written."""

    field: str
    value: str
    source: str
    loosened_from: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the row's members; `loosened_from` is empty where nothing was loosened."""
        return {
            "field": self.field,
            "value": self.value,
            "source": self.source,
            "loosened_from": self.loosened_from,
        }


def effective_settings(
    compiled: Compiled, *, tenant: str, environment: str, release: str
) -> list[Row]:
    """List the values in force for a tenant; raise UsageError for an unknown name."""
    names = [one.name for one in compiled.tenants]
    if tenant not in names:
        near = did_you_mean(tenant, names)
        hint = f"did you mean `{near}`?" if near else f"tenants: {', '.join(names) or 'none'}"
        raise UsageError(f"no tenant `{tenant}`", help=hint)
    rows = [*_values(compiled, tenant), *_parameters(compiled, tenant)]
    if environment:
        rows += _levels(compiled, tenant, environment=environment, release=release)
    return rows


def _values(compiled: Compiled, tenant: str) -> Iterator[Row]:
    for policy in compiled.repository.policies:
        kind = policy.kind.name
        if policy.scope.tenant != tenant or kind not in all_lowerings():
            continue
        broad = compiled.platform.governing.get(kind)
        effective, _ = merge(all_kinds()[kind], broad=broad, narrow=policy)
        for field, setting in sorted(effective.settings.items()):
            before = setting.loosened_from
            yield Row(
                field=field,
                value=_text(setting.value),
                source=str(setting.span),
                loosened_from="" if before is None else _text(before),
            )


def _parameters(compiled: Compiled, tenant: str) -> Iterator[Row]:
    program = next(one for one in compiled.tenants if one.name == tenant)
    for name, shared in sorted(compiled.platform.params.items()):
        value = program.params.get(shared.point, {}).get(name, shared.value)
        place = shared.policy.value("params", name.split(".", 1)[1], "value")
        for policy in compiled.repository.of_kind("PolicySet", tenant=tenant):
            if policy.has("set", name):
                place = policy.value("set", name)
        yield Row(field=f"params.{name}", value=_text(value), source=str(place))


def _levels(compiled: Compiled, tenant: str, *, environment: str, release: str) -> Iterator[Row]:
    releases = {policy.metadata.name: policy for policy in compiled.of_kind("Release")}
    if not release and len(releases) != 1:
        raise UsageError("which release?", help=f"give --release: {', '.join(releases) or 'none'}")
    name = release or next(iter(releases))
    layer = release_layer(compiled, release=name, environment=environment)
    wave = next(one.wave for one in compiled.tenants if one.name == tenant)
    place = releases[name].key("levels")
    for rule in sorted(compiled.rules):
        levels = layer.levels.of(rule)
        level = levels.get(wave) or levels.get("*") or layer.levels.default
        yield Row(field=f"levels.{rule}", value=str(level), source=str(place))


def _text(value: object) -> str:
    match value:
        case tuple() | list():
            rows = len(value) and not isinstance(value[0], str)
            return f"{len(value)} rows" if rows else ", ".join(map(str, value)) or "none"
        case _:
            return str(value)
