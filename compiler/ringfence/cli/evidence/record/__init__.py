"""`ringfence evidence record`: write records that a ledger takes beside decisions."""

import click

from ringfence.cli.evidence.record.explanation import record_explanations
from ringfence.cli.evidence.record.grant import record_approvals, record_exceptions
from ringfence.cli.evidence.record.lineage import record_lineage
from ringfence.cli.evidence.record.review import record_review
from ringfence.cli.evidence.record.run import record_run

__all__ = ["write_record"]


@click.group("record")
def write_record() -> None:
    """Write records of runs, grants, reviews, explanations and lineage, one a line.

    Each is checked before it is written: a grant against the trust root, and what is about a decision
    against the ledger that holds it. `ringfence evidence append --record` puts them into a ledger in a
    folder, and `ringfence evidence send` delivers them to a collector.
    """


for _one in (
    record_run, record_approvals, record_exceptions, record_review, record_explanations, record_lineage,
):  # fmt: skip
    write_record.add_command(_one)
