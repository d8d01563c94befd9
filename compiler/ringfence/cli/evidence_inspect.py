"""`ringfence evidence inspect`: what a ledger says of a decision, trace or run, in one view."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.evidence_output import form_option, print_json, print_not_shown
from ringfence.cli.evidence_personal import open_store, store_options
from ringfence.cli.evidence_trust import TrustOptions, claimed_origin, trust_options, unasked

if TYPE_CHECKING:
    from ringfence.evidence.inspection import Inspected, Inspection
    from ringfence.ledger.fsck import FsckResult

__all__ = ["inspect_record"]


@click.command("inspect")
@click.argument("ledger", type=click.Path(file_okay=False, path_type=Path))
@click.argument("id", metavar="ID")
@click.option("--tenant", help="Read this tenant's records only.")
@store_options
@trust_options
@form_option
def inspect_record(
    *,
    ledger: Path,
    id: str,
    tenant: str | None,
    personal_store: Path | None,
    personal_key: Path | None,
    trust: TrustOptions,
    form: str,
) -> None:
    """Say why a decision was allowed or blocked, which rules had a part in it, and if the chain is valid.

    ID is a decision's, a trace's or a run's, an approval's, an exception's or that of another record, or
    of a change the digest of its content or its reference. With a decision stand its explanations,
    lineage and reviews, and the approvals and exceptions that it used; what is not there is said.
    The LEDGER is verified first, and nothing is said of one that is not, nor of an id that no record
    names: the exit code is then 4. A personal fact is shown with `--personal-store`, if its value fits
    its commitment, and told as erased where its key was destroyed.

    \b
    Example:
      ringfence evidence inspect ledger 5f1d… --key log.vkey --tenant acme
    """
    from ringfence.evidence.inspection import inspect

    found = inspect(ledger, id, trust=trust.read(origin=claimed_origin(ledger)), tenant=tenant)
    not_shown = [*found.chain.not_shown, *unasked(trust)]
    not_shown.append("times and contents of decisions are what OPA's log claims")
    personal = _personal(found, personal_store, personal_key)
    if form == "json":
        print_json(_said(found, not_shown, personal))
        return
    _print(found, personal)
    print_not_shown(not_shown)


def _personal(
    found: "Inspection", folder: Path | None, secret: Path | None
) -> list[dict[str, dict[str, Any]]]:
    """Return, for each decision, what there is of its personal facts by name."""
    from ringfence.personal.shown import shown

    bodies = [one.body for one in found.decisions]
    if folder is None and secret is None:
        return [shown(body, None) for body in bodies]
    store = open_store(folder, secret)
    try:
        return [shown(body, store) for body in bodies]
    finally:
        store.close()


def _said(
    found: "Inspection", not_shown: list[str], personal: list[dict[str, dict[str, Any]]]
) -> dict[str, Any]:
    return {
        "id": found.asked,
        "decisions": [
            {**_decision(one), "personal": facts}
            for one, facts in zip(found.decisions, personal, strict=True)
        ],
        "records": [
            {"index": one.position, "leaf": one.leaf.hex(), "kind": one.record.kind.value,
             "body": one.record.body}
            for one in found.others
        ],
        "warnings": list(found.warnings),
        "chain": {**_chain(found.chain), "not_shown": not_shown},
    }  # fmt: skip


def _decision(one: "Inspected") -> dict[str, Any]:
    names = (
        "decision_id",
        "trace_id",
        "tenant",
        "point",
        "timestamp",
        "action",
        "bundles",
        "policy",
    )
    attached = {
        name: [{"index": held.position, "leaf": held.leaf.hex(), "body": held.record.body}
               for held in section]
        for name, section in one.attached.sections.items()
    }  # fmt: skip
    rules = [
        {name: getattr(rule, name) for name in rule.__dataclass_fields__}
        for rule in one.account.contributions
    ]
    return {
        "index": one.placed.position,
        "leaf": one.placed.leaf.hex(),
        "verdict": one.account.verdict.value,
        "why": list(one.account.why),
        "rules": rules,
        **attached,
        "absent": {name: list(said) for name, said in one.attached.absent.items() if said},
        **{name: one.body.get(name) for name in names},
    }


def _chain(chain: "FsckResult") -> dict[str, Any]:
    return {
        "valid": True,
        "origin": chain.checkpoint.origin,
        "records": chain.checkpoint.size,
        "root": base64.b64encode(chain.checkpoint.root).decode(),
        "cosignatures": [{"witness": c.key.name, "time": c.time} for c in chain.cosignatures],
    }


def _print(found: "Inspection", personal: list[dict[str, dict[str, Any]]]) -> None:
    from ringfence.change.record import change_text
    from ringfence.evidence.records import RecordKind
    from ringfence.report.attached import attached_lines, record_lines
    from ringfence.report.escape import escape_line

    lines = []
    for one, facts in zip(found.decisions, personal, strict=True):
        get = one.body.get
        lines.append(f"decision {get('decision_id')}: {one.account.verdict.value}")
        lines.append(f"  tenant {get('tenant')}, point {get('point')}, at {get('timestamp')}")
        lines.append(f"  trace {get('trace_id')}, record {one.placed.position} of the log")
        revisions = get("bundles")
        for name, revision in sorted(revisions.items() if isinstance(revisions, dict) else ()):
            lines.append(f"  bundle {name}: {revision}")
        lines.append("  why:")
        lines += [f"    - {said}" for said in one.account.why]
        for rule in one.account.contributions:
            lines.append(f"  rule {rule.rule} ({rule.part.value}) {rule.source}".rstrip())
        for name, fact in facts.items():
            said = f"{fact['value']}" if "value" in fact else fact["state"]
            lines.append(f"  personal fact {name}: {said}")
        lines += attached_lines(one.attached)
    shown = frozenset[int]().union(*(one.attached.positions for one in found.decisions))
    for other in found.others:
        if other.position in shown:
            continue
        lines.append(f"{other.record.kind.value}: record {other.position} of the log")
        if other.record.kind is RecordKind.CHANGE:
            lines.append(f"  {change_text(other.record)}")
        lines += [f"  {said}" for said in record_lines(other.record)]
    lines += [f"warning: {one}" for one in found.warnings]
    chain = found.chain
    lines.append(f"chain: valid, {chain.checkpoint.size} records of {chain.checkpoint.origin}")
    lines += [f"  cosigned by {one.key.name} at {one.time}" for one in chain.cosignatures]
    click.echo("\n".join(map(escape_line, lines)))
