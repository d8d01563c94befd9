"""What of an upload is the principal's to report, as records; the rest as findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ringfence.collector.principal import Principal
from ringfence.collector.revisions import KnownRevisions
from ringfence.decision_log.event import LogEvent
from ringfence.evidence.decision import DECISION_PATH, make_decision
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record
from ringfence.personal.keeping import STORE_FAILED, Personal

__all__ = ["Judged", "Refused", "claimed_tenant", "judge", "wrong_label"]


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that is not kept: its index in the upload, and why; `tenant` is one of the principal's."""

    code: str
    message: str
    index: int
    decision_id: str
    tenant: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """The records of the events that are kept, and the others."""

    records: tuple[Record, ...]
    refused: tuple[Refused, ...]


def judge(
    events: Sequence[LogEvent],
    *,
    principal: Principal,
    revisions: KnownRevisions,
    allowed_facts: frozenset[str],
    personal: Personal,
) -> Judged:
    """Make a record of each event that the principal may report, and a finding of each other one.

    One refused event never keeps out the rest: else any caller could silence a sidecar by asking it for
    another tenant. Raise EvidenceError (RF916) where the personal store cannot be used.
    """
    records: list[Record] = []
    refused: list[Refused] = []
    for number, event in enumerate(events):
        try:
            _check(event, principal=principal, revisions=revisions)
            made = make_decision(
                event, allowed_facts=allowed_facts, principal=principal.name, personal=personal
            )
            records.append(made)
        except EvidenceError as error:
            if error.code == STORE_FAILED:
                raise
            tenant = principal.tenant_of(claimed_tenant(event))
            refused.append(Refused(error.code, error.message, number, event.decision_id, tenant))
    return Judged(tuple(records), tuple(refused))


def _check(event: LogEvent, *, principal: Principal, revisions: KnownRevisions) -> None:
    if event.path != DECISION_PATH:
        raise EvidenceError("RF911", "the decision is of another policy")
    tenant = claimed_tenant(event)
    if isinstance(tenant, str) and tenant not in principal.tenants:
        raise EvidenceError("RF981", "the decision is of a tenant that is not the principal's")
    if not revisions.has(event.bundles):
        raise EvidenceError("RF982", "the decision is by a bundle revision that is not known")
    if any(one != principal.environment for one in _environments(event)):
        raise EvidenceError("RF983", "the decision is of another environment than the principal's")
    label = wrong_label(event.labels, principal=principal)
    if label:
        raise EvidenceError("RF983", f"OPA's label `{label}` is not the principal's")


def claimed_tenant(event: LogEvent) -> object:
    """Return what an event's request says of its tenant."""
    return event.input.get("tenant") if isinstance(event.input, dict) else None


def wrong_label(labels: Mapping[str, object], *, principal: Principal) -> str:
    """Return the first label that is not the principal's, or nothing."""
    expected = principal.labels.items()
    return next((name for name, value in expected if labels.get(name) != value), "")


def _environments(event: LogEvent) -> Iterator[str]:
    """Yield what an event says of its environment: in its label, decision and bundle revisions."""
    policy = event.result.get("policy") if isinstance(event.result, dict) else None
    for claims in (event.labels, policy if isinstance(policy, dict) else {}):
        if isinstance(found := claims.get("environment"), str):
            yield found
    for revision in event.bundles.values():
        name, found, _ = revision.partition("@")
        if found and "/" in name:
            yield name.rpartition("/")[2]
