"""What `check` and `build` of 10,000 agents' tool policies cost, from YAML to a bundle that OPA serves."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.proxy.policies import RELEASE

from ringfence.opa.ask import OpaDecisions
from ringfence.opa.server import OpaServer
from ringfence.tools.definition import ToolDefinition, read_tools
from ringfence.tools.lock import lock_text, new_lock

pytestmark = pytest.mark.bench

_TENANTS, _AGENTS, _SERVERS, _TOOLS = 100, 100, 20, 50
_BUILD = ("--release", "agents", "--env", "prod", "--unsafe-unsigned", "--serial", "1")
_PROJECT = """\
apiVersion: ringfence/v1
kind: Project
ringfence: ">=0.1,<1"
teams:
  platform: {contact: "#platform", escalation: oncall@platform.example}
directories:
  platform: {scope: platform}
  tenants/{tenant}: {scope: "tenant/{tenant}"}
  releases: {scope: platform, kinds: [Release]}
"""
_POLICY = """\
apiVersion: ringfence/v1
kind: ToolPolicy
metadata: {{name: {name}, scope: {scope}, owner: platform}}
spec:
"""
_LIMITS = (
    "  stop_at: {turns: 50, tokens: 500000, tool_calls: 200, duration: 30m, pipeline_runs: 15, "
    "credential_requests: 10}\n"
)


def _definitions(server: int) -> tuple[ToolDefinition, ...]:
    return read_tools(
        [
            {
                "name": f"tool_{server:02}_{number:02}",
                "description": f"Do thing {number} of server {server}.",
                "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}},
            }
            for number in range(_TOOLS)
        ]
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _write_repository(root: Path) -> dict[str, str]:
    """Write the repository, and return the digest of each tool."""
    _write(root / "ringfence.yaml", _PROJECT)
    _write(root / "releases/agents.yaml", RELEASE)
    _write(root / "platform/tools.yaml", _POLICY.format(name="tools", scope="platform") + _LIMITS)
    digests: dict[str, str] = {}
    for server in range(_SERVERS):
        listed = _definitions(server)
        digests |= {one.name: one.digest for one in listed}
        lock = lock_text(new_lock(f"server-{server:02}", listed))
        _write(root / f"platform/locks/server-{server:02}.lock.yaml", lock)
    for tenant in range(_TENANTS):
        for number in range(_AGENTS):
            agent = tenant * _AGENTS + number
            _write(root / f"tenants/t{tenant:03}/agent-{agent:05}.yaml", _agent(tenant, agent))
    return digests


def _agent(tenant: int, agent: int) -> str:
    """Write an agent's policy: all tools of one server, one in ten of which waits for approval."""
    server = f"server-{agent % _SERVERS:02}"
    head = _POLICY.format(name=f"agent-{agent:05}", scope=f"tenant/t{tenant:03}")
    rows = [
        f"    - {{tool: {server}/{one.name}, effect: {'write' if place % 10 == 9 else 'read'}}}\n"
        for place, one in enumerate(_definitions(agent % _SERVERS))
    ]
    return (
        f"{head}  agents: [agent-{agent:05}]\n  servers:\n"
        f"    {server}: {{lock: ../../platform/locks/{server}.lock.yaml}}\n  allow:\n"
        f"{''.join(rows)}  stop_at: {{turns: {10 + agent % 40}}}\n"
    )


def _run(folder: Path, label: str, *arguments: str) -> None:
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ringfence.cli.main", *arguments],
        cwd=folder,
        env=os.environ | {"RINGFENCE_CACHE": "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    print(f"\n{label}: {seconds:.1f} s, {used.ru_maxrss / 1024:.0f} MB", end="")
    assert process.returncode == 0


def test_cost_of_ten_thousand_policies_of_fifty_tools(tmp_path: Path) -> None:
    """Measure both commands without a cache, and decisions of the real OPA on the bundle."""
    digests = _write_repository(tmp_path / "agents")
    _run(tmp_path, "check", "check", "agents")
    _run(tmp_path, "build", "build", "agents", *_BUILD, "-o", "out")
    bundles = sorted((tmp_path / "out").glob("*.tar.gz"))
    began = time.perf_counter()
    with (
        OpaServer(paths=bundles, bundle=True) as server,
        OpaDecisions(unix=server.socket_path) as client,
    ):
        ready = time.perf_counter() - began
        took = []
        for agent in range(0, _TENANTS * _AGENTS, 10):
            request = _request(agent, digests)
            began = time.perf_counter()
            assert client.decide(request)["action"] == "allow"
            took.append((time.perf_counter() - began) * 1000)
        status = Path(f"/proc/{server.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
    took.sort()
    sizes = ", ".join(f"{one.name} {one.stat().st_size / 1e6:.1f} MB" for one in bundles)
    print(f"\n{sizes}; ready in {ready:.1f} s, {resident / 1024:.0f} MB resident", end="")
    print(f"; round trip p50 {took[499]:.2f} ms, p99 {took[989]:.2f} ms, of {len(took)} agents")


def _request(agent: int, digests: dict[str, str]) -> dict[str, object]:
    server, name = f"server-{agent % _SERVERS:02}", f"tool_{agent % _SERVERS:02}_07"
    facts = {
        "request": {"by": "user:maria@acme.example"},
        "agent": {"id": f"agent-{agent:05}"},
        "session": {"id": "s-1"},
        "tool": {"server": server, "name": name, "digest": digests[name]},
        "arguments": {"digest": "sha256:a1", "covered": "*"},
        "workload": {"drifted": 0},
        "usage": {
            "turns": 0, "tokens": 0, "tool_calls": 0, "duration": 0, "pipeline_runs": 0,
            "credential_requests": 0,
        },
    }  # fmt: skip
    return {"point": "tool.call", "tenant": f"t{agent // _AGENTS:03}", "facts": facts}
