"""The part of the demo with an agent: it calls tools through `ringfence mcp-proxy`.

The policies are those of `agent-platform`, with a supervisor's key of our own. OPA loads the signed
bundle, the server stands behind the proxy, and the agent's client is the SDK's.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from examples.stage import Site, ringfence, say, short
from ringfence.keys import load_public, public_jwk
from ringfence.opa import OpaServer
from ringfence.opa.lockdown import SERVER_FLAGS

__all__ = ["run_agent"]

HERE = Path(__file__).resolve().parent
CUSTOMER, SUPERVISOR = "user:mia@customer.example", "user:noor@airline.example"
_TRUST = """\
apiVersion: ringfence/v1
kind: TrustRoot
metadata: {{name: trust, scope: platform, owner: agent-platform, description: Who approves.}}
spec:
  max_exception_age: 1d
  max_lifetime: {{approval: 30m, attestation: 1h}}
  keys:
    - kid: desk-2026
      public: "{public}"
      identity: {identity}
      uses: [approval]
      tenants: [airline]
      environments: [prod]
      not_before: "{begins}"
      not_after: "{ends}"
"""


def run_agent(work: Path) -> None:
    """Show a filtered list, a stopped call and a held one, below the demo's folder."""
    say("an agent behind the proxy: its tools, a stopped call, a held call")
    folder = work / "agents"
    _prepare(folder, keys=work / "keys")
    with Site(folder) as site:
        ringfence(
            "build", folder / "policies", "-o", folder / "bundles", "--release", "agents",
            "--env", "prod", "--signing-key", work / "keys/prod.key.pem",
            "--service-url", f"{site.url}/bundles", "--logs-url", site.url,
        )  # fmt: skip
        with OpaServer(config=folder / "bundles/opa.yaml", arguments=SERVER_FLAGS) as opa:
            anyio.run(_converse, folder, f"unix:{opa.socket_path}", work / "keys/desk.key.pem")
    log = (folder / "proxy.log").read_text()
    told = [argument for argument in ("R7", "R8") if f'"{argument}"' in log]
    print(f"  {log.count(chr(10))} lines in {short(str(folder / 'proxy.log'))}")
    print(f"  arguments in them: {', '.join(told) or 'none'}")


def _prepare(folder: Path, *, keys: Path) -> None:
    shutil.copytree(HERE / "agent-platform", folder / "policies")
    (folder / "approvals").mkdir()
    ringfence("keygen", "--type", "ed25519", "--out", keys, "--name", "desk")
    now = time.time()
    trust = _TRUST.format(
        public=public_jwk(load_public(keys / "desk.pub.pem"))["x"],
        identity=SUPERVISOR,
        begins=_day(now - 86_400),
        ends=_day(now + 30 * 86_400),
    )
    (folder / "policies/platform/trust.yaml").write_text(trust)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(seconds))


async def _converse(folder: Path, opa: str, key: Path) -> None:
    """Do what an agent would, and what a supervisor would."""
    command = [
        "mcp-proxy", "--tenant", "airline", "--env", "prod", "--agent", "desk-agent",
        "--server", "reservations", "--requester", CUSTOMER, "--session", "s-1",
        "--opa", opa, "--approvals", str(folder / "approvals"), "--state", str(folder / "state"),
        "--log", str(folder / "proxy.log"), "--", sys.executable, str(HERE / "reservations.py"),
    ]  # fmt: skip
    print("$ ringfence " + " ".join(short(one) for one in command), flush=True)
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "ringfence.cli.main", *command], env=dict(os.environ)
    )
    async with Client(stdio_client(parameters)) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        print(f"  the server lists 15 tools, and the agent sees {len(names)}:")
        print(f"  export_passengers, which nobody reviewed, is {_among(names)} them")
        await _call(client, "get_reservation_details", {"reservation_id": "R7"})
        await _call(client, "export_passengers", {})
        held = await _call(client, "cancel_reservation", {"reservation_id": "R7"})
        _approve(held, folder / "approvals/R7.jwt", key=key)
        await _call(client, "cancel_reservation", {"reservation_id": "R8"})
        await _call(client, "cancel_reservation", {"reservation_id": "R7"})


def _among(names: list[str]) -> str:
    return "among" if "export_passengers" in names else "not among"


async def _call(client: Client, tool: str, arguments: dict[str, Any]) -> types.CallToolResult:
    result = await client.call_tool(tool, arguments)
    said = "".join(one.text for one in result.content if isinstance(one, types.TextContent))
    print(f"  {tool} {json.dumps(arguments)}\n    → {said.splitlines()[0]}", flush=True)
    return result


def _approve(held: types.CallToolResult, out: Path, *, key: Path) -> None:
    """Sign what the held result names, as a supervisor does."""
    assert isinstance(held.structured_content, dict)
    facts = json.dumps(held.structured_content["ringfence"]["approve"]["facts"])
    arguments = [
        "approve", "--point", "tool.call", "--tenant", "airline", "--env", "prod",
        "--rule", "tool.approval", "--requester", CUSTOMER, "--facts", "-",
        "--by", SUPERVISOR, "--ttl", "10m", "--key", str(key), "--kid", "desk-2026",
        "--out", str(out),
    ]  # fmt: skip
    print("$ ringfence " + " ".join(short(one) for one in arguments), flush=True)
    subprocess.run(
        [sys.executable, "-m", "ringfence.cli.main", *arguments],
        input=facts, text=True, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
