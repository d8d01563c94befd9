"""What governs a tenant in an environment: rules by decision point, with levels, and values in force."""

from typing import Any

from ringfence.check.compiled import Compiled
from ringfence.effective import effective_settings
from ringfence.explain.rule import rule_json, rules_of

__all__ = ["tenant_digest"]


def tenant_digest(
    compiled: Compiled, *, tenant: str, environment: str, release: str
) -> dict[str, Any]:
    """Return rules and values; raise UsageError for an unknown tenant, release or environment."""
    rows = effective_settings(compiled, tenant=tenant, environment=environment, release=release)
    levels = {row.field: row.value for row in rows}
    program = next(one for one in compiled.tenants if one.name == tenant)
    points: dict[str, list[dict[str, Any]]] = {}
    for known in rules_of(compiled, tenant=tenant):
        name = known.program.point.name
        if name in program.params:
            level = levels.get(f"levels.{known.rule.id}", "")
            points.setdefault(name, []).append({**rule_json(known), "level": level})
    return {
        "tenant": tenant,
        "environment": environment,
        "points": points,
        "values": [row.as_json() for row in rows if not row.field.startswith("levels.")],
    }
