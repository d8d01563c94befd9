"""`ringfence evidence inspect`: what a ledger says of a decision, trace or run, in one view."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.evidence.output import form_option, print_json, print_not_shown
from ringfence.cli.evidence.personal import named_store, store_options
from ringfence.cli.evidence.trust import TrustOptions, claimed_origin, trust_options, unasked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringfence.evidence.inspection import Inspected, Inspection
    from ringfence.ledger.fsck import FsckResult
    from ringfence.ledger.search import Placed
    from ringfence.personal.shown import Shown

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
    names: the exit code is then 4. Personal facts, texts and names are shown with `--personal-store`, if
    they fit their commitments, and told as erased where the key was destroyed.

    \b
    Example:
      ringfence evidence inspect ledger 5f1d… --key log.vkey --tenant acme
    """
    from ringfence.evidence.inspection import inspect
    from ringfence.personal.shown import Shown, shown_records

    found = inspect(ledger, id, trust=trust.read(origin=claimed_origin(ledger)), tenant=tenant)
    not_shown = [*found.chain.not_shown, *unasked(trust)]
    not_shown.append("times and contents of decisions are what OPA's log claims")
    placed = [*(one.placed for one in found.decisions), *found.others]
    with named_store(personal_store, personal_key, read_only=True) as store:
        shown = {one.position: Shown.of(one.record, store) for one in placed}
        words = {one.position: one for one in shown_records(found.others, store)}
    if form == "json":
        print_json(_said(found, not_shown, shown))
        return
    _print(found, shown, words)
    print_not_shown(not_shown)


def _said(
    found: "Inspection", not_shown: list[str], shown: "Mapping[int, Shown]"
) -> dict[str, Any]:
    return {
        "id": found.asked,
        "decisions": [_decision(one, shown) for one in found.decisions],
        "records": [{"kind": one.record.kind.value, **_record(one, shown)} for one in found.others],
        "warnings": list(found.warnings),
        "chain": {**_chain(found.chain), "not_shown": not_shown},
    }


def _record(one: "Placed", shown: "Mapping[int, Shown]") -> dict[str, Any]:
    return {
        "index": one.position, "leaf": one.leaf.hex(), "body": one.record.body,
        "texts": shown[one.position].texts,
    }  # fmt: skip


def _decision(one: "Inspected", shown: "Mapping[int, Shown]") -> dict[str, Any]:
    from ringfence.evidence.account import Account
    from ringfence.evidence.kinds.explanation import needs_oversight

    own = shown[one.placed.position]
    account = Account.of(own.body)
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
        name: [_record(held, shown) for held in section]
        for name, section in one.attached.sections.items()
    }
    rules = [
        {name: getattr(rule, name) for name in rule.__dataclass_fields__}
        for rule in account.contributions
    ]
    return {
        "index": one.placed.position,
        "leaf": one.placed.leaf.hex(),
        "verdict": account.verdict.value,
        "why": list(account.why),
        "rules": rules,
        "personal": own.personal,
        "texts": own.texts,
        **attached,
        "human_oversight_required": any(
            needs_oversight(held.record.body) for held in one.attached.sections["explanations"]
        ),
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


def _print(
    found: "Inspection", shown: "Mapping[int, Shown]", words: "Mapping[int, Placed]"
) -> None:
    from ringfence.change.record import change_text
    from ringfence.evidence.records import RecordKind
    from ringfence.report.attached import attached_lines, record_lines
    from ringfence.report.escape import escape_line

    lines = []
    for one in found.decisions:
        lines += _lines(one, shown[one.placed.position])
        sections = one.attached.sections.items()
        worded = {name: tuple(words[held.position] for held in told) for name, told in sections}
        lines += attached_lines(replace(one.attached, sections=worded))
    told = frozenset[int]().union(*(one.attached.positions for one in found.decisions))
    for other in found.others:
        if other.position in told:
            continue
        tenant = other.record.body.get("tenant")
        whose = f", tenant {tenant}" if isinstance(tenant, str) else ""
        lines.append(f"{other.record.kind.value}: record {other.position} of the log{whose}")
        if other.record.kind is RecordKind.CHANGE:
            lines.append(f"  {change_text(other.record)}")
        lines += [f"  {said}" for said in record_lines(words[other.position].record)]
        lines += _kept(shown[other.position])
    lines += [f"warning: {one}" for one in found.warnings]
    chain = found.chain
    lines.append(f"chain: valid, {chain.checkpoint.size} records of {chain.checkpoint.origin}")
    lines += [f"  cosigned by {one.key.name} at {one.time}" for one in chain.cosignatures]
    click.echo("\n".join(map(escape_line, lines)))


def _lines(one: "Inspected", shown: "Shown") -> list[str]:
    """Return the lines that tell of a decision."""
    from ringfence.evidence.account import Account

    get, account = one.body.get, Account.of(shown.body)
    revisions = get("bundles")
    bundles = sorted(revisions.items() if isinstance(revisions, dict) else ())
    return [
        f"decision {get('decision_id')}: {account.verdict.value}",
        f"  tenant {get('tenant')}, point {get('point')}, at {get('timestamp')}",
        f"  trace {get('trace_id')}, record {one.placed.position} of the log",
        *(f"  bundle {name}: {revision}" for name, revision in bundles),
        "  why:",
        *(f"    - {said}" for said in account.why),
        *(
            f"  rule {rule.rule} ({rule.part.value}) {rule.source}".rstrip()
            for rule in account.contributions
        ),
        *_kept(shown),
    ]


def _kept(shown: "Shown") -> list[str]:
    """Return a line for each fact and text that is kept apart, with its value or its state."""
    found = [(f"personal fact {name}", one) for name, one in shown.personal.items()]
    found += [(f"text {place}", one) for place, one in shown.texts.items()]
    return [f"  {name}: {one.get('value', one['state'])}" for name, one in found]
