"""What OPA is asked: facts of the platform alone, and never an argument."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ringfence.proxy.arguments import CoveredDigest
from ringfence.proxy.identity import Identity
from ringfence.tools.definition import ToolDefinition

__all__ = ["call_facts", "call_question", "list_question"]

CALL, LIST = "tool.call", "tools.list"


def list_question(who: Identity, listed: Iterable[ToolDefinition]) -> dict[str, Any]:
    """Ask which of a server's tools the agent may see: it sees none but those of the answer."""
    tools = [{"name": one.name, "digest": one.digest, "shown": False} for one in listed]
    facts = {**_who(who), "tool": {"server": who.server}, "tools": tools}
    return {"point": LIST, "tenant": who.tenant, "facts": facts}


def call_facts(
    who: Identity,
    *,
    tool: str,
    digest: str,
    arguments: CoveredDigest,
    drifted: int,
    usage: Mapping[str, int],
) -> dict[str, Any]:
    """Return the facts of one call; `digest` is that of the tool as its server lists it now."""
    return {
        **_who(who),
        "session": {"id": who.session},
        "tool": {"server": who.server, "name": tool, "digest": digest},
        "arguments": {"digest": arguments.digest, "covered": arguments.covered},
        "workload": {"drifted": drifted},
        "usage": dict(usage),
    }


def call_question(
    who: Identity, facts: Mapping[str, Any], *, approvals: Sequence[str]
) -> dict[str, Any]:
    """Ask whether a call may be made."""
    question = {"point": CALL, "tenant": who.tenant, "facts": dict(facts)}
    return {**question, "approvals": list(approvals)} if approvals else question


def _who(who: Identity) -> dict[str, Any]:
    return {"request": {"by": who.requester}, "agent": {"id": who.agent}}
