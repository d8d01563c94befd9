"""Who asks: what the operator says, and no message of a client changes."""

from dataclasses import dataclass

__all__ = ["Identity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One session of one agent at one server.

    `requester` is for whom the agent works; `environment` is that of the bundle, which approvals name;
    `workload` stands in the log alone.
    """

    tenant: str
    environment: str
    requester: str
    agent: str
    session: str
    server: str
    workload: str = ""
