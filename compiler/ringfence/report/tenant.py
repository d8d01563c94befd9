"""A tenant's policy as a page of Markdown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ringfence.report.escape import escape_line

__all__ = ["render_tenant"]

_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def render_tenant(told: Mapping[str, Any]) -> str:
    """Return the page; every text of the policy is escaped for a terminal and for Markdown."""
    return "\n".join(_page(told))


def _page(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {_text(told['tenant'])} in {_text(told['environment'])}"
    for point, rules in told["points"].items():
        yield f"\n## {_text(point)}\n"
        for rule in rules:
            yield from _rule(rule)
    yield "\n## Values\n"
    for row in told["values"]:
        loosened = f", loosened from {row['loosened_from']}" if row["loosened_from"] else ""
        yield _text(f"- {row['field']}: {row['value']}{loosened} ({row['source']})")


def _rule(rule: Mapping[str, Any]) -> Iterator[str]:
    lifted = " or ".join(rule["lifted_by"])
    by = f"; an {lifted} lifts it" if lifted else ""
    outcome = f"otherwise {rule['otherwise']}, at level {rule['level']}{by}"
    yield f"- **{_text(rule['rule'])}**: {_text(rule['rationale'] or rule['fix'])}"
    where = f" where {_code(rule['where'])}" if rule["where"] != "true" else ""
    yield f"  Requires {_code(rule['require'])}{where}, {outcome}."


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", escape_line(text))


def _code(text: str) -> str:
    # A code span ends at as many backticks as it begins with.
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence}{escape_line(text)}{fence}"
