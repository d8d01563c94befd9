"""What goes wrong: no decision, a bad server, a bad client. Nothing goes out, and it says why."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from tests.opa.peers import Site, content
from tests.proxy.policies import TOOLS
from tests.proxy.running import Desk, proxied, proxy_command, run, said, text
from tests.tools import raw_server

from ringfence.opa.server import OpaServer

FIND = ("find_customer", {"name": "Maria"})
_ALLOW = {"action": "allow", "allowed": True, "evaluated": True, "reasons": []}
NONSENSE = {
    "no decision": {},
    "not JSON": "<html>allow</html>",
    "another action": {**_ALLOW, "action": "permit"},
    "allowed is a word": {**_ALLOW, "allowed": "true"},
    "a block that is allowed": {**_ALLOW, "action": "block"},
    "an allowance that is not allowed": {**_ALLOW, "allowed": False},
    "nothing was evaluated": {**_ALLOW, "evaluated": False},
    "reasons are no list": {**_ALLOW, "reasons": {"rule": "x"}},
    "an unknown obligation": {**_ALLOW, "obligations": [{"dance": True}]},
    "a stop on an allowance": {**_ALLOW, "obligations": [{"stop": "session"}]},
    "a count of nothing known": {**_ALLOW, "obligations": [{"count": "secrets"}]},
    "a redaction without pointers": {**_ALLOW, "action": "redact", "allowed": False},
    "a list to show that is none": {**_ALLOW, "obligations": [{"show": 7}]},
    "a tool to show that is not listed": {**_ALLOW, "obligations": [{"show": ["other"]}]},
}


@contextlib.contextmanager
def _answering(answers: list[Any]) -> Iterator[Site]:
    """Answer as OPA would, but with the first answer at hand, whatever was asked."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        one = answers[0]
        body = one if isinstance(one, str) else json.dumps({"result": one} if one else {})
        content(body.encode())(handler)

    with Site(answer) as site:
        yield site


@pytest.mark.requirement("R2.25", on="command")
def test_without_opa_nothing_is_listed_or_called(desk: Desk, bundle: Path) -> None:
    """R2.25: once OPA is gone, the list and every call are blocked, and the reason says so."""

    async def test() -> None:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(OpaServer(paths=[bundle]))
            async with proxied(desk, opa=f"unix:{server.socket_path}") as client:
                await client.list_tools()
                assert not (await client.call_tool(*FIND)).is_error
                stack.close()
                stopped = await client.call_tool(*FIND)
                assert said(stopped) == ("block", {"opa.unavailable"})
                assert "try again once OPA answers" in text(stopped)
                with pytest.raises(MCPError, match=r"opa\.unavailable"):
                    await client.list_tools()
                assert said(await client.call_tool(*FIND)) == ("block", {"opa.unavailable"})
        assert len(desk.calls()) == 1

    run(test)


@pytest.mark.requirement("R2.25", on="command")
def test_an_opa_without_policy_lets_nothing_out(desk: Desk, tmp_path: Path) -> None:
    """R2.25: an OPA that runs and has no bundle blocks every list and every call."""
    (tmp_path / "empty").mkdir()

    async def test() -> None:
        with OpaServer(paths=[tmp_path / "empty"], unix=False) as server:
            async with proxied(desk, opa=f"127.0.0.1:{server.port}") as client:
                with pytest.raises(MCPError, match="OPA's answer holds no decision"):
                    await client.list_tools()
                assert said(await client.call_tool(*FIND)) == ("block", {"opa.unavailable"})
        assert desk.calls() == []

    run(test)


@pytest.mark.requirement("R2.25", on="command")
def test_an_answer_that_comes_too_late_is_a_block(desk: Desk, tmp_path: Path) -> None:
    """R2.25: OPA that says nothing, or a byte at a time, is given up after `limits.decision`."""
    config = tmp_path / "proxy.yaml"
    base = (
        "tenant: acme\nenvironment: prod\nagent: desk-agent\nrequester: user:maria@acme.example\n"
    )
    config.write_text(f"{base}server: desk\nlimits: {{decision: 1s}}\n")
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not ended.wait(0.2):
                handler.wfile.write(b" ")
        handler.close_connection = True

    def say_nothing(handler: BaseHTTPRequestHandler) -> None:
        ended.wait()
        handler.close_connection = True

    async def test() -> None:
        for answer in (say_nothing, drip):
            with Site(answer) as site:
                options = ("--config", str(config))
                async with proxied(desk, *options, opa=f"127.0.0.1:{site.port}") as client:
                    assert said(await client.call_tool(*FIND)) == ("block", {"opa.unavailable"})
                    with pytest.raises(MCPError, match=r"opa\.unavailable"):
                        await client.list_tools()
                ended.set()
            ended.clear()
        assert desk.calls() == []

    run(test)


@pytest.mark.requirement("R2.25", on="command")
def test_an_answer_that_is_no_decision_is_a_block(desk: Desk) -> None:
    """R2.25: a contradictory, incomplete or unknown answer lets no call out and shows no tool."""
    answers: list[Any] = [_ALLOW]

    async def test() -> None:
        with _answering(answers) as site:
            async with proxied(desk, opa=f"127.0.0.1:{site.port}") as client:
                for name, answer in NONSENSE.items():
                    answers[0] = _ALLOW
                    assert len((await client.list_tools()).tools) == len(TOOLS), name
                    answers[0] = answer
                    result = await client.call_tool(*FIND)
                    assert said(result)[0] == "block", name
                    if name in ("a redaction without pointers", "a count of nothing known"):
                        continue
                    with pytest.raises(MCPError, match="the tools are blocked"):
                        await client.list_tools()
                assert desk.calls() == []
                answers[0] = _ALLOW
                assert not (await client.call_tool(*FIND)).is_error

    run(test)


def test_a_server_that_crashes_is_named_and_no_call_is_counted_after_it(
    desk: Desk, opa: str
) -> None:
    """The call that it crashed in has no answer; every later one is blocked before it is counted."""

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            lost = await client.call_tool("find_customer", {"name": "crash"})
            assert said(lost) == ("block", {"server.gone"})
            for _ in range(2):
                assert said(await client.call_tool(*FIND)) == ("block", {"server.list"})
            with pytest.raises(MCPError, match=r"server\.list"):
                await client.list_tools()
        assert [one["action"] for one in desk.events("call")] == ["allow", "block", "block"]

    run(test)


def test_garbage_of_the_server_changes_nothing(desk: Desk, opa: str) -> None:
    """Lines that are no JSON-RPC are passed over, and the answer to the call still comes."""

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            assert not (await client.call_tool("find_customer", {"name": "garbage"})).is_error
            assert not (await client.call_tool(*FIND)).is_error

    run(test)


def test_a_server_that_does_not_answer_is_given_up(desk: Desk, opa: str, tmp_path: Path) -> None:
    """After `limits.answer` the client hears that the call may have run."""
    config = tmp_path / "proxy.yaml"
    base = (
        "tenant: acme\nenvironment: prod\nagent: desk-agent\nrequester: user:maria@acme.example\n"
    )
    config.write_text(f"{base}server: desk\nlimits: {{answer: 3s}}\n")

    async def test() -> None:
        async with proxied(desk, "--config", str(config), opa=opa) as client:
            late = await client.call_tool("find_customer", {"name": "forever"})
            assert said(late) == ("block", {"server.timeout"})
            assert "may have run" in text(late)
            assert not (await client.call_tool(*FIND)).is_error

    run(test)


def test_a_list_that_no_policy_can_name_serves_nothing(desk: Desk, opa: str) -> None:
    """A tool twice, or one with a name that no policy can write, blocks the list as a whole."""

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            for wrong in ([*TOOLS, TOOLS[0]], [*TOOLS, {**TOOLS[0], "name": "a b"}]):
                desk.lists(wrong)
                with pytest.raises(MCPError, match=r"server\.list"):
                    await client.list_tools()
                assert said(await client.call_tool(*FIND)) == ("block", {"server.list"})
        assert desk.calls() == []

    run(test)


@pytest.mark.parametrize(
    "server",
    [("--", "/no/such/program"), ("--", sys.executable, "-c", "print('no server')"),
     ("--url", "http://127.0.0.1:1/mcp")],
    ids=["no program", "no server", "no site"],
)  # fmt: skip
def test_a_server_that_is_none_ends_the_proxy(
    desk: Desk, opa: str, server: tuple[str, ...]
) -> None:
    """It leaves with 1 and one line that names the server, and writes nothing to its client."""
    done = subprocess.run(
        proxy_command(desk, opa=opa, server=server), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "is no tool server that answers" in done.stderr
    assert done.stderr.count("\n") <= 3


def test_a_client_that_talks_nonsense_gets_an_error_or_the_end(desk: Desk, opa: str) -> None:
    """What is no JSON-RPC gets an error or nothing, never a call; an endless line ends the session."""
    greeting = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "raw", "version": "1"},
        },
    }  # fmt: skip
    lines = [
        json.dumps(greeting), "nonsense", "[]", "\x00", '{"jsonrpc": "2.0"}',
        '{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        '{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": 7}}',
        '{"jsonrpc": "2.0", "id": 3, "method": "resources/read", "params": {"uri": "x:y"}}',
        '{"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "find_customer", '
        '"arguments": {"name": 1e400}}}',
    ]  # fmt: skip
    with subprocess.Popen(
        proxy_command(desk, opa=opa),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as proxy:
        assert proxy.stdin is not None
        assert proxy.stdout is not None
        proxy.stdin.write("\n".join(lines) + "\n")
        proxy.stdin.flush()
        answers: dict[int, Any] = {}
        while not {1, 2, 3, 4} <= set(answers):
            answer = json.loads(proxy.stdout.readline())
            answers[answer["id"] if answer.get("id") is not None else -1] = answer
        with contextlib.suppress(BrokenPipeError):
            proxy.stdin.write("x" * (5 << 20))
        with contextlib.suppress(BrokenPipeError):
            proxy.stdin.close()
        assert proxy.wait(timeout=60) == 0
    assert "tools" in answers[1]["result"]["capabilities"]
    assert "error" in answers[2]
    assert "error" in answers[3]
    assert answers[4].get("error") or answers[4]["result"]["isError"]
    assert desk.calls() == []
    assert desk.events("end")[-1]["reasons"] == ["client.size"]


def test_a_server_of_an_older_protocol_is_guarded(desk: Desk, opa: str) -> None:
    """A server that knows `initialize` alone is asked, and its unpinned tool is not served."""
    server = ("--", sys.executable, raw_server.__file__)

    async def test() -> None:
        async with proxied(desk, opa=opa, server=server) as client:
            with pytest.raises(MCPError, match=r"tools\.missing"):
                await client.list_tools()
            assert said(await client.call_tool("find", {}))[0] == "block"

    run(test)
