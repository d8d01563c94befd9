"""Recorded calls of agents, put to the example agent platform on the real OPA."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from ringfence.ir.rule import TenantProgram
from ringfence.opa.policies import PolicyServer
from ringfence.tools.definition import read_answer

__all__ = ["DATA", "EXAMPLE", "NOW", "Replay", "covered", "facts_of", "records"]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "agent-platform"
DATA = ROOT.parent / "shared" / "data"
NOW = 1_795_219_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Calls of one agent to one server; `covered` names the arguments that approvals bind, by tool."""

    tenant: str
    agent: str
    server: str
    covered: Mapping[str, tuple[str, ...]]

    def decide(
        self, calls: list[dict[str, Any]], *, opa: PolicyServer
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Pair each call with its decision, as if every session were new at its first call."""
        answer = (EXAMPLE / "servers" / f"{self.server}.json").read_bytes()
        digests = {one.name: one.digest for one in read_answer(answer)}
        requests = [
            {"point": "tool.call", "tenant": self.tenant, "facts": facts_of(self, call, digests)}
            for call in calls
        ]
        decisions = opa.decide([(request, NOW * 10**9) for request in requests])
        for call, decision in zip(calls, decisions, strict=True):
            assert decision is not None
            yield call, decision


def records(name: str) -> list[dict[str, Any]]:
    """Read a file of recorded calls."""
    with open(DATA / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def covered(
    tenants: tuple[TenantProgram, ...], *, tenant: str, agent: str
) -> Mapping[str, tuple[str, ...]]:
    """Return what an enforcement point reads of the policy: the arguments to cover, by tool."""
    program = next(one for one in tenants if one.name == tenant)
    agents: Any = program.tables[str(program.params["tool.call"]["agents"])]
    rows = agents[agent]["arguments"].values()
    return {tool: tuple(names.split(",")) for row in rows for tool, names in row.items()}


def facts_of(
    replay: Replay, call: Mapping[str, Any], digests: Mapping[str, str]
) -> dict[str, object]:
    """Return what an enforcement point sends of a call: digests and counts, no argument."""
    names = replay.covered.get(call["tool"])
    arguments = call["args"] if names is None else {n: call["args"].get(n) for n in names}
    digest = hashlib.sha256(rfc8785.dumps(arguments)).hexdigest()
    return {
        "request": {"by": "user:someone@example.com"},
        "agent": {"id": replay.agent},
        "session": {"id": call["trace_id"]},
        "tool": {
            "server": replay.server,
            "name": call["tool"],
            "digest": digests.get(call["tool"], "sha256:none"),
        },
        "arguments": {"digest": f"sha256:{digest}", "covered": ",".join(names or ("*",))},
        "workload": {"drifted": 0},
        "usage": {
            "turns": call["seq"], "tokens": 0, "tool_calls": call["seq"], "duration": 0,
            "pipeline_runs": 0, "credential_requests": 0,
        },
    }  # fmt: skip
