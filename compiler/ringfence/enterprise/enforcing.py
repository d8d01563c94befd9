"""Hold an export to its policy: who, whose records, as what, where to, how old, and encrypted to whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ringfence.decision_log.event import nanoseconds
from ringfence.enterprise.policy import ExportPolicy
from ringfence.enterprise.policy_model import ExporterGrant
from ringfence.evidence.error import EvidenceError
from ringfence.ledger.search import Placed

__all__ = ["Intended", "require_allowed", "require_form", "require_granted", "require_retained"]

_DAY: Final = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """What an export is about to do. `formats` are its own form and its views; `key` is a thumbprint.

    `recipients` are those of the encryption, none where there is none; `asks_network` tells whether
    another machine would be asked, such as a timestamp authority, and `recorded` whether the ledger gets
    a record of it.
    """

    exporter: str
    key: str
    tenants: frozenset[str]
    formats: frozenset[str]
    region: str
    recipients: tuple[str, ...]
    asks_network: bool
    recorded: bool


def require_allowed(policy: ExportPolicy, intended: Intended) -> ExporterGrant:
    """Return the grant that the policy gives; raise EvidenceError with the code of what it forbids."""
    grant = require_granted(policy, key=intended.key, tenants=intended.tenants)
    if grant.name != intended.exporter:
        raise EvidenceError("RF960", "the package's key is another exporter's")
    require_form(policy, formats=intended.formats, region=intended.region)
    _require_encrypted(policy, intended.recipients)
    if policy.file.recorded and not intended.recorded:
        raise EvidenceError("RF972", "the policy demands a record of it", help="pass `--record`")
    if policy.file.deployment.no_egress and intended.asks_network:
        hint = "leave out `--timestamp-url`"
        raise EvidenceError("RF977", "the policy lets an export ask nobody", help=hint)
    return grant


def require_granted(policy: ExportPolicy, *, key: str, tenants: Iterable[str]) -> ExporterGrant:
    """Return the grant of a package's key for these tenants; raise EvidenceError (RF960)."""
    for one in policy.file.exporters:
        if one.key == key:
            if set(tenants) - set(one.tenants):
                raise EvidenceError("RF960", "the policy does not give this exporter the tenant")
            return one
    raise EvidenceError("RF960", "the policy names no exporter with this package key")


def require_retained(policy: ExportPolicy, records: Iterable[Placed], *, now: int) -> None:
    """Raise EvidenceError (RF976) where a decision claims to be older than is kept; `now` is epoch seconds."""
    if policy.file.retention is None:
        return
    oldest = now * 1_000_000_000 - policy.file.retention.days * _DAY
    times = (nanoseconds(one.record.body.get("timestamp")) for one in records)
    if old := sum(at is not None and at < oldest for at in times):
        hint = "select later ones, by `--from`"
        raise EvidenceError("RF976", f"{old} records are older than the policy keeps", help=hint)


def require_form(policy: ExportPolicy, *, formats: frozenset[str], region: str) -> None:
    """Raise EvidenceError where the policy forbids a format (RF973) or the region (RF974)."""
    file = policy.file
    if forbidden := sorted(formats - set(file.formats)):
        hint = f"the policy allows {', '.join(file.formats)}"
        raise EvidenceError("RF973", f"the policy forbids the format `{forbidden[0]}`", help=hint)
    if region not in file.regions and (file.regions or region):
        hint = "pass `--region` with one that the policy names"
        raise EvidenceError("RF974", "the policy allows no export to this region", help=hint)


def _require_encrypted(policy: ExportPolicy, recipients: tuple[str, ...]) -> None:
    encryption = policy.file.encryption
    if encryption.required and not recipients:
        hint = "pass `--recipient`, and a package that ends in `.tar.age`"
        raise EvidenceError("RF975", "the policy demands an encrypted package", help=hint)
    if encryption.recipients and set(recipients) - set(encryption.recipients):
        raise EvidenceError("RF975", "the policy does not name this recipient")
