"""What a client is told instead of a tool's answer: the reasons, what to do, and what to approve."""

import json
from collections.abc import Mapping
from typing import Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError

from ringfence.proxy.held import binding
from ringfence.proxy.identity import Identity
from ringfence.proxy.verdict import Verdict

__all__ = ["BLOCKED", "failed_call", "held_call", "refused_call", "refused_list"]

# Outside the range that JSON-RPC 2.0 reserves.
BLOCKED: Final = 403


def refused_list(verdict: Verdict) -> MCPError:
    """Return the error that stands for a list of tools."""
    return MCPError(BLOCKED, _sentence("the tools are blocked", verdict), _members(verdict))


def refused_call(verdict: Verdict) -> types.CallToolResult:
    """Return the result of a call that is blocked; a reached budget names its error."""
    errors = {
        name: verdict.due(name)[0] for name in ("error", "budget", "stop") if verdict.due(name)
    }
    title = f"{errors['error']}: blocked" if "error" in errors else "blocked"
    return _result(_sentence(title, verdict), {**_members(verdict), **errors})


def held_call(verdict: Verdict, *, who: Identity, facts: Mapping[str, Any]) -> types.CallToolResult:
    """Return the result of a call that waits for a person, with what an approval of it binds."""
    bound = binding(facts)
    rules = " ".join(f"--rule {rule}" for rule in verdict.codes)
    command = (
        f"ringfence approve --point tool.call --tenant {who.tenant} --env {who.environment} "
        f"{rules} --requester {who.requester} --facts - --by … --ttl … --key … --kid …"
    )
    approve = {
        "point": "tool.call", "tenant": who.tenant, "environment": who.environment,
        "rules": list(verdict.codes), "requester": who.requester, "facts": bound,
        "command": command,
    }  # fmt: skip
    text = f"An approver signs this with `{command}`:\n{json.dumps(bound, sort_keys=True)}"
    said = _sentence("waiting for an approval", verdict)
    return _result(f"{said}\n{text}", {**_members(verdict), "approve": approve})


def failed_call(verdict: Verdict) -> types.CallToolResult:
    """Return the result of a call that went out and has no answer that may be passed on."""
    return _result(_sentence("no answer", verdict), _members(verdict))


def _members(verdict: Verdict) -> dict[str, Any]:
    return {
        "action": verdict.action,
        "decision_id": verdict.decision_id,
        "reasons": [
            {"code": one.code, "text": one.text, "fix": one.fix, "escalate_to": one.escalate_to}
            for one in verdict.reasons
        ],
    }


def _sentence(title: str, verdict: Verdict) -> str:
    reasons = "; ".join(f"{one.code}: {one.text} ({one.fix})" for one in verdict.reasons)
    number = f" [decision {verdict.decision_id}]" if verdict.decision_id else ""
    return f"{title}: {reasons or verdict.action}{number}"


def _result(text: str, members: Mapping[str, Any]) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content={"ringfence": dict(members)},
        is_error=True,
    )
