"""`Tenant`: a tenant's wave of releases, and whom to escalate to."""

from ringfence.language.kinds.kind import Kind
from ringfence.language.values import Line, Model, Name

__all__ = ["KIND", "Tenant"]


class Tenant(Model):
    """A tenant. Without this document a tenant is in no wave and its owner is escalated to.

    `wave` names the group of tenants with which a release advances.
    """

    wave: Name | None = None
    escalation: Line | None = None


KIND = Kind(
    name="Tenant",
    spec=Tenant,
    scopes=frozenset({"tenant"}),
    description="A tenant's wave of releases, and whom to escalate to.",
)
