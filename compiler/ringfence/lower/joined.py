"""Join a tenant's documents of one kind: tables side by side, and positions told apart by a fact.

Every parameter of such a kind is a table by the names that the documents govern. However many names
there are, a decision reads one row: so the joined tables are shared ones, read by reference.
"""

from collections.abc import Iterator, Mapping, Sequence

from ringfence.errors import Diagnostic, Span
from ringfence.ir.rule import Cited
from ringfence.language.policy import Policy
from ringfence.lower.lowering import Joined, TenantParams, table_digest

__all__ = ["join_params"]

_Documents = Sequence[tuple[Policy, TenantParams]]


def join_params(
    documents: _Documents, *, by: Joined
) -> tuple[TenantParams, tuple[Diagnostic, ...]]:
    """Join parameters that are tables keyed by the names that each document governs."""
    params: dict[str, dict[str, dict[str, object]]] = {}
    spans: dict[str, dict[str, dict[str, Span]]] = {}
    tables: dict[str, object] = {}
    for policy, found in documents:
        for point, values in found.params.items():
            _add(params.setdefault(point, {}), values)
        for point, by_rule in found.sources.items():
            for rule, span in by_rule.items():
                cited = spans.setdefault(point, {}).setdefault(rule, {})
                cited.update({name: span for name in _names(policy, by) if isinstance(span, Span)})
        tables |= found.tables
    sources: dict[str, dict[str, Span | Cited]] = {
        point: {rule: Cited(fact=by.fact, spans=cited) for rule, cited in rules.items()}
        for point, rules in spans.items()
    }
    named: dict[str, dict[str, object]] = {}
    for point, values in params.items():
        for name, table in values.items():
            named.setdefault(point, {})[name] = table_digest(table)
            tables[table_digest(table)] = table
    joined = TenantParams(params=named, sources=sources, tables=tables)
    return joined, tuple(_overlaps([policy for policy, _ in documents], by))


def _names(policy: Policy, by: Joined) -> tuple[str, ...]:
    return tuple(getattr(policy.spec, by.field))


def _add(into: dict[str, dict[str, object]], values: Mapping[str, object]) -> None:
    for name, table in values.items():
        assert isinstance(table, Mapping)
        into.setdefault(name, {}).update(table)


def _overlaps(policies: Sequence[Policy], by: Joined) -> Iterator[Diagnostic]:
    first: dict[str, Policy] = {}
    for policy in policies:
        for index, name in enumerate(_names(policy, by)):
            other = first.setdefault(name, policy)
            if other is not policy:
                message = f"`{name}` is governed by `{other.document.file}` already"
                span = policy.value(by.field, index)
                yield Diagnostic("RF306", span, message, "name it in one of the two")
