"""Tables over two facts: one trial for every pair of their values."""

from collections.abc import Iterator, Mapping

from ringfence.errors import Diagnostic
from ringfence.ir.schema import DecisionPoint
from ringfence.language.kinds.policy_test import Expect, PolicyTest, Table
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean
from ringfence.testing.facts import unknown_fact
from ringfence.testing.mirror import mirror_of, mirrored
from ringfence.testing.trial import Trial

__all__ = ["check_tables", "table_trials"]


def check_tables(policy: Policy, spec: PolicyTest, point: DecisionPoint) -> Iterator[Diagnostic]:
    """Check that tables are over two facts with listed values, and allow some of those."""
    facts = point.by_name()
    for index, table in enumerate(spec.tables):
        for side, name in (("rows", table.rows), ("columns", table.columns)):
            if name not in facts:
                yield unknown_fact(name, policy.value("tables", index, side), point)
            elif not facts[name].type.values or facts[name].type.is_list:
                message = f"`{name}` has no listed values to make a table of"
                hint = "use facts of type enum, and cases for the others"
                yield Diagnostic("RF607", policy.value("tables", index, side), message, hint)
        if table.rows == table.columns:
            message = f"rows and columns are both `{table.rows}`"
            span = policy.value("tables", index, "columns")
            yield Diagnostic("RF607", span, message, "use two different facts")
        elif table.rows in facts and table.columns in facts:
            yield from _check_values(policy, table, point, index=index)


def _check_values(
    policy: Policy, table: Table, point: DecisionPoint, *, index: int
) -> Iterator[Diagnostic]:
    rows, columns = (point.by_name()[name].type.values for name in (table.rows, table.columns))
    for row, allowed in table.allow.items():
        at = ("tables", index, "allow", row)
        if row not in rows:
            yield _no_value(row, table.rows, rows, policy, at, is_key=True)
        for number, column in enumerate(allowed):
            if column not in columns:
                yield _no_value(column, table.columns, columns, policy, (*at, number))


def _no_value(
    value: str,
    name: str,
    values: tuple[str, ...],
    policy: Policy,
    at: tuple[str | int, ...],
    *,
    is_key: bool = False,
) -> Diagnostic:
    near = did_you_mean(value, values)
    hint = f"did you mean `{near}`?" if near else f"values: {', '.join(values)}"
    span = policy.key(*at) if is_key else policy.value(*at)
    return Diagnostic("RF607", span, f"`{value}` is no value of `{name}`", hint)


def table_trials(
    policy: Policy, spec: PolicyTest, *, point: DecisionPoint, base: Mapping[str, object]
) -> Iterator[Trial]:
    """Yield a trial for each cell of the document's tables, which have passed `check_tables`."""
    mirror = mirror_of(spec, point)
    facts = point.by_name()
    for index, table in enumerate(spec.tables):
        other = Expect(action=table.else_)
        for row in facts[table.rows].type.values:
            written = policy.has("tables", index, "allow", row)
            at = ("tables", index, "allow", row) if written else ("tables", index, "rows")
            for column in facts[table.columns].type.values:
                changes = {table.rows: row, table.columns: column}
                yield Trial(
                    name=f"{table.rows} {row}, {table.columns} {column}",
                    span=policy.key(*at) if written else policy.value(*at),
                    now=spec.now,
                    facts={**base, **mirrored(base, changes, mirror)},
                    expect=None if column in table.allow.get(row, ()) else other,
                )
