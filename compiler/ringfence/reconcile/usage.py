"""Approvals, exceptions and revisions that no longer counted when they were used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ringfence.reconcile.finding import Finding
from ringfence.reconcile.join import Run
from ringfence.reconcile.seen import Decided, Seen, entries, text

__all__ = ["Withdrawn", "check_usage"]

_NS = 1_000_000_000
_LISTS = (("approvals", "approval"), ("waived", "exception"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """From when on something no longer counts, in epoch seconds.

    `approvals` are by token id, `exceptions` by name, `revisions` by a bundle's revision.
    """

    approvals: Mapping[str, int] = field(default_factory=dict)
    exceptions: Mapping[str, int] = field(default_factory=dict)
    revisions: Mapping[str, int] = field(default_factory=dict)


def check_usage(
    seen: Seen, runs: Sequence[Run], *, withdrawn: Withdrawn, uses: int
) -> list[Finding]:
    """Return findings for approvals that more than `uses` runs have used, and for what was withdrawn.

    Decisions of one run are one use; one that no run names is one by itself. A decision that allowed
    nothing used nothing.
    """
    run_of = {(run.tenant, one): run.run_id for run in runs for one in run.decision_ids}
    used: dict[tuple[str, str], set[tuple[str, str]]] = {}
    findings: list[Finding] = []
    for one in seen.decisions:
        findings += _retired(one, withdrawn.revisions)
        if not one.allowed:
            continue
        run_id = run_of.get((one.tenant, one.decision_id))
        use = ("run", run_id) if run_id is not None else ("decision", one.decision_id)
        for kind, name, rule in _lifted(one):
            if kind == "approval":
                used.setdefault((one.tenant, name), set()).add(use)
            ends = withdrawn.approvals if kind == "approval" else withdrawn.exceptions
            if name in ends and one.time_ns >= ends[name] * _NS:
                message = f"the {kind} `{name}` was revoked before it lifted `{rule}`"
                findings.append(_of(one, "RF996", message))
    findings += [
        Finding(
            code="RF995",
            message=f"the approval `{name}` was used {len(by)} times, and may be {uses}",
            tenant=tenant,
        )
        for (tenant, name), by in sorted(used.items())
        if len(by) > uses
    ]
    return findings


def _retired(one: Decided, revisions: Mapping[str, int]) -> Iterator[Finding]:
    for name, revision in sorted(one.bundles.items()):
        if revision in revisions and one.time_ns >= revisions[revision] * _NS:
            yield _of(one, "RF997", f"bundle `{name}` was retired at revision `{revision}`")


def _lifted(one: Decided) -> Iterator[tuple[str, str, str]]:
    body = one.body
    for member, kind in _LISTS:
        for entry in entries(body, member):
            yield kind, text(entry, kind), text(entry, "rule")


def _of(one: Decided, code: str, message: str) -> Finding:
    return Finding(code=code, message=message, tenant=one.tenant, decision_id=one.decision_id)
