"""Synthetic agents: each with a policy of its own, in tenants of their own or all in one."""

import hashlib
from pathlib import Path

from ringfence.emit.files import about_file, platform_files, policy_files
from ringfence.emit.tenant import emit_tenant
from ringfence.ir.rule import TenantProgram
from ringfence.lower.lowering import table_digest
from ringfence.lower.program import lower_platform
from ringfence.opa.policies import write_tree

__all__ = ["CALL", "LIST", "call_request", "list_request", "write_agents"]

CALL, LIST = "tool.call", "tools.list"
_POLICY = {"bundle": "agents", "content": "sha256:0", "release": "sha256:0", "environment": "prod"}
_RELEASE = {"environment": "prod", "levels": {}, "default_level": "enforce", "trust": {}}
_LIMITS = {
    "turns": 50, "tokens": 500_000, "tool_calls": 200, "duration": 1800, "pipeline_runs": 15,
    "credential_requests": 10,
}  # fmt: skip


def write_agents(
    folder: Path, agents: int, *, tools: int, one_tenant: bool = False, alike: bool = False
) -> Path:
    """Write a bundle of agents with `tools` tools each, and return its folder.

    Every agent has its own list and lock unless they are `alike`; one tool in ten waits for approval.
    """
    platform, problems = lower_platform((), facts=(), teams={})
    assert not problems
    points = {name: platform.points[name] for name in (CALL, LIST)}
    groups = [range(agents)] if one_tenant else [range(n, n + 1) for n in range(agents)]
    programs = [_program(group, tools=tools, alike=alike) for group in groups]
    units = [emit_tenant(program, points=points, known={}) for program in programs]
    files = policy_files(
        points, units, release=_RELEASE, platform=platform_files(points, fresh=False)
    )
    write_tree(folder, {**files.all(), **about_file(policy=_POLICY, points=points)})
    return folder


def _program(group: range, *, tools: int, alike: bool) -> TenantProgram:
    tables: dict[str, object] = {}
    rows = {}
    for number in group:
        seed = 0 if alike else number
        toolset = {"desk": {name: _standing(seed, i) for i, name in enumerate(_names(seed, tools))}}
        lock = {name: [_digest(name)] for name in _names(seed, tools)}
        tables |= {table_digest(toolset): toolset, table_digest(lock): lock}
        rows[f"agent-{number:05}"] = {
            "toolset": table_digest(toolset), "locks": {"desk": table_digest(lock)},
            "stop_at": _LIMITS, "arguments": {}, "limits": {}, "forbidden": {},
        }  # fmt: skip
    tables[table_digest(rows)] = rows
    params = {"agents": table_digest(rows)}
    return TenantProgram(
        name=f"tenant-{group.start:05}",
        escalate_to="lead@example.com",
        params={CALL: params, LIST: params},
        tables=tables,
    )


def _names(seed: int, tools: int) -> list[str]:
    return [f"tool_{seed:05}_{place:03}" for place in range(tools)]


def _standing(seed: int, place: int) -> str:
    return "approval" if place % 10 == 9 else "allowed"


def _digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def _who(agent: int) -> dict[str, object]:
    return {
        "request": {"by": "user:maria@example.com"},
        "agent": {"id": f"agent-{agent:05}"},
    }


def call_request(
    tenant: int, agent: int, *, seed: int, place: int = 7, **usage: int
) -> dict[str, object]:
    """Return a call of the tool at a place of the agent's list; `usage` replaces counts."""
    name = _names(seed, place + 1)[place]
    facts = {
        **_who(agent),
        "session": {"id": "s-1"},
        "tool": {"server": "desk", "name": name, "digest": _digest(name)},
        "arguments": {"digest": _digest("arguments"), "covered": "*"},
        "workload": {"drifted": 0},
        "usage": {**dict.fromkeys(_LIMITS, 0), **usage},
    }
    return {"point": CALL, "tenant": f"tenant-{tenant:05}", "facts": facts}


def list_request(tenant: int, agent: int, *, seed: int, tools: int, more: int = 0) -> object:
    """Return a list of the agent's tools, and of more that it may not see."""
    names = [*_names(seed, tools), *(f"other_{place:03}" for place in range(more))]
    records = [{"name": name, "digest": _digest(name), "shown": False} for name in names]
    facts = {**_who(agent), "tool": {"server": "desk"}, "tools": records}
    return {"point": LIST, "tenant": f"tenant-{tenant:05}", "facts": facts}
