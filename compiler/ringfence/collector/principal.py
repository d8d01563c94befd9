"""Principals: who uploads or delivers, and what each may report on."""

from collections.abc import Mapping
from dataclasses import dataclass

from ringfence.evidence.records import RecordKind

__all__ = ["Principal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """One sidecar or gateway, or whoever else delivers records.

    Without an `environment` it uploads no decisions. `records` are the kinds that it may deliver. `labels` are those that its OPA must have. `token` is a digest, and `certificate` the kind and the
    text of an alternative name (RFC 5280, section 4.2.1.6), as `ssl` spells them; one of both is empty.
    """

    name: str
    origin: str
    tenants: frozenset[str]
    environment: str
    labels: Mapping[str, str]
    records: frozenset[RecordKind] = frozenset()
    token: str = ""
    certificate: tuple[str, str] | None = None

    @property
    def only_tenant(self) -> str | None:
        """Return the tenant where there is one."""
        return next(iter(self.tenants)) if len(self.tenants) == 1 else None

    def tenant_of(self, claimed: object) -> str | None:
        """Return the tenant that an event claims, where it is the principal's; else its only one."""
        theirs = isinstance(claimed, str) and claimed in self.tenants
        return str(claimed) if theirs else self.only_tenant
