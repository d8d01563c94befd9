"""Requests of acme's agents, each one change away from an allowed one."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.requirements.ask import HOUR, NOW, Ask
from tests.requirements.documents import REPOSITORY
from tests.requirements.people import IDENTITIES, key_of

from ringfence.language.source import Document, read_document
from ringfence.testing.facts import nested
from ringfence.tools.lock import ToolLock, read_lock
from ringfence.trust.token import issue_approval

__all__ = [
    "CALL",
    "DIGESTS",
    "LIST",
    "SERVE",
    "approve",
    "call",
    "listed",
    "refund",
    "serve",
    "shown",
]

CALL, LIST, SERVE = "tool.call", "tools.list", "workload.serve"
_WHO = {"request.by": IDENTITIES["maria"], "agent.id": "desk-agent"}
_USAGE = {
    "usage.turns": 3, "usage.tokens": 1000, "usage.tool_calls": 7, "usage.duration": 60,
    "usage.pipeline_runs": 0, "usage.credential_requests": 0,
}  # fmt: skip
# What the agent is shown: what its policy lets it use.
_USABLE = ("add_note", "find_customer", "get_credential", "refund_order", "start_pipeline")


def _digests() -> dict[str, str]:
    document = read_document(REPOSITORY, "platform/locks/desk.lock.yaml")
    assert isinstance(document, Document)
    lock = read_lock(document)
    assert isinstance(lock, ToolLock)
    return {name: versions[-1].digest for name, versions in lock.tools.items()}


DIGESTS = _digests()


def _call(tool: str, changes: Mapping[str, object]) -> dict[str, object]:
    return {
        **_WHO,
        **_USAGE,
        "session.id": "s-1",
        "tool.server": "desk",
        "tool.name": tool,
        "tool.digest": DIGESTS.get(tool, "sha256:0"),
        "arguments.digest": "sha256:a1",
        "arguments.covered": "amount,order_id" if tool == "refund_order" else "*",
        "workload.drifted": 0,
        **changes,
    }


def call(
    ask: Ask,
    tool: str = "find_customer",
    changes: Mapping[str, object] | None = None,
    *,
    approvals: Sequence[str] = (),
    tenant: str = "acme",
    unset: Sequence[str] = (),
) -> dict[str, Any]:
    """Ask whether the desk agent may call a tool."""
    facts = {name: fact for name, fact in _call(tool, changes or {}).items() if name not in unset}
    request = {
        "point": CALL,
        "tenant": tenant,
        "facts": nested(facts),
        "approvals": list(approvals),
    }
    return ask.raw(request)


def refund(ask: Ask, approval: str = "", **changes: object) -> dict[str, Any]:
    """Ask for a refund, with an approval if one is given; `__` stands for `.` in names."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return call(ask, "refund_order", named, approvals=[approval] if approval else [])


def approve(ask: Ask, tool: str, changes: Mapping[str, object] | None = None, **other: Any) -> str:
    """Return lee's approval of exactly this call, for a quarter of an hour."""
    said = {
        "point": ask.points[CALL],
        "rules": ["tool.approval"],
        "tenant": "acme",
        "env": "prod",
        "by": IDENTITIES["lee"],
        "requester": IDENTITIES["maria"],
        "issued_at": NOW - 60,
        "lifetime": HOUR // 4,
        "key": key_of("lee"),
        "kid": "lee",
        **other,
    }
    return issue_approval(nested(_call(tool, changes or {})), **said)


def listed(*, show: Sequence[str] = (), **digests: str) -> list[dict[str, object]]:
    """Return what the server lists: all that is pinned, with other digests; `show` is seen already."""
    return [
        {"name": name, "digest": digest, "shown": name in show}
        for name, digest in {**DIGESTS, **digests}.items()
    ]


def shown(ask: Ask, tools: object, **changes: object) -> dict[str, Any]:
    """Ask what the desk agent may see of a list; `__` stands for `.` in names."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    facts = {**_WHO, "tool.server": "desk", "tools": tools, **named}
    return ask.raw({"point": LIST, "tenant": "acme", "facts": nested(facts)})


def serve(
    ask: Ask, tools: Sequence[Mapping[str, object]] | None = None, **changes: object
) -> dict[str, Any]:
    """Ask whether the desk agent may serve; unless given, it sees exactly what it may use."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    given = listed(show=_USABLE) if tools is None else tools
    records = [{"server": "desk", **tool} for tool in given]
    facts = {**_WHO, "policy.loaded": True, "tools": records, **named}
    return ask.raw({"point": SERVE, "tenant": "acme", "facts": nested(facts)})
