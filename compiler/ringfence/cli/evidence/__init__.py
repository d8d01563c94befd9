"""`ringfence evidence`: seal decision logs, keep them in a ledger, and verify both."""

import click

from ringfence.cli.evidence.erase import erase_facts, init_personal
from ringfence.cli.evidence.export import export_records
from ringfence.cli.evidence.fsck import check_ledger
from ringfence.cli.evidence.inspect import inspect_record
from ringfence.cli.evidence.keep import keep_texts
from ringfence.cli.evidence.ledger import append_logs, init_ledger
from ringfence.cli.evidence.prove import prove_record
from ringfence.cli.evidence.reconcile import reconcile_ledger
from ringfence.cli.evidence.record import write_record
from ringfence.cli.evidence.seal import seal_logs
from ringfence.cli.evidence.send import send_records
from ringfence.cli.evidence.suggest import suggest_threshold
from ringfence.cli.evidence.verify import verify_evidence
from ringfence.cli.evidence.view import view_records

__all__ = ["command"]


@click.group()
def command() -> None:
    """Seal decision logs, keep them in a ledger, and verify both."""


for _one in (
    seal_logs, verify_evidence, init_ledger, append_logs, check_ledger, prove_record, inspect_record,
    export_records, view_records, reconcile_ledger, init_personal, erase_facts,
    send_records, write_record, keep_texts, suggest_threshold,
):  # fmt: skip
    command.add_command(_one)
