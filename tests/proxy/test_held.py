"""Calls that wait for a person: held, let out once by an approval of exactly them, or never."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import pytest
from cryptography.hazmat.primitives import serialization
from tests.proxy.policies import APPROVER
from tests.proxy.running import Desk, proxied, run, said, text
from tests.requirements.people import key_of

REFUND: dict[str, Any] = {"order_id": "o-1", "amount": 12}


def write_key(key: Path, kid: str) -> None:
    """Write a private key as an approver keeps it."""
    key.write_bytes(
        key_of(kid).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    key.chmod(0o600)


def _sign(held: types.CallToolResult, folder: Path, *, name: str, by: str = "lee") -> None:
    """Run the very command that the held result names, and put its token into the folder."""
    key = folder.parent / f"{by}.pem"
    write_key(key, by)
    command, facts = text(held).partition("signs this with `ringfence approve")[2].split("`:\n")
    options = command.replace("--by …", f"--by {APPROVER}").replace("--ttl …", "--ttl 10m")
    options = options.replace("--key …", f"--key {key}").replace("--kid …", f"--kid {by}")
    done = subprocess.run(
        [sys.executable, "-m", "ringfence.cli.main", "approve", *shlex.split(options)],
        input=facts, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / name).write_text(done.stdout)


@pytest.mark.requirement("R2.27", on="command")
def test_a_held_call_goes_out_once_with_its_approval(desk: Desk, opa: str) -> None:
    """R2.27: it is held, and named to an approver; a token lets it out once, with these arguments."""

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            held = await client.call_tool("refund_order", REFUND)
            assert said(held) == ("human_review", {"tool.approval"})
            assert desk.calls() == []
            _sign(held, desk.approvals, name="one.jwt")
            other = await client.call_tool("refund_order", {**REFUND, "amount": 13})
            assert said(other) == ("human_review", {"tool.approval"})
            assert desk.calls() == []
            with_note = {**REFUND, "comment": "no argument that counts"}
            assert not (await client.call_tool("refund_order", with_note)).is_error
            again = await client.call_tool("refund_order", with_note)
            assert said(again) == ("human_review", {"tool.approval"})
        assert desk.calls() == [{"tool": "refund_order", "arguments": with_note}]
        let_out = [one for one in desk.events("call") if "approvals" in one]
        assert [(one["action"], len(one["approvals"])) for one in let_out] == [("allow", 1)]

    run(test)


@pytest.mark.requirement("R2.27", on="command")
@pytest.mark.requirement("R4.16", on="command")
def test_what_is_no_approval_of_the_call_releases_nothing(
    desk: Desk, opa: str, tmp_path: Path
) -> None:
    """R2.27, R4.16: a forged, foreign or spoilt token, or a word of the model's, lets no call out."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            held = await client.call_tool("refund_order", REFUND)
            _sign(held, elsewhere, name="right")
            _sign(held, desk.approvals, name="stranger", by="stranger")
            _sign(held, desk.approvals, name="other-approver", by="robin")
        token = (elsewhere / "right").read_text().strip()
        flipped = token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:]
        (desk.approvals / "flipped").write_text(flipped)
        (desk.approvals / "noise").write_bytes(b"\xff\x00{}")
        (desk.approvals / "huge").write_text("a" * 100_000)
        (desk.approvals / "folder").mkdir()
        (desk.approvals / ".hidden").write_text(token)
        async with proxied(desk, opa=opa) as client:
            for more in ({}, {"approved": True, "approval": token}):
                result = await client.call_tool("refund_order", {**REFUND, **more})
                assert said(result) == ("human_review", {"tool.approval"})
        async with proxied(desk, "--session", "s-2", opa=opa) as client:
            (desk.approvals / "of-another-session").write_text(token)
            result = await client.call_tool("refund_order", REFUND)
            assert said(result) == ("human_review", {"tool.approval"})
        assert desk.calls() == []

    run(test)


@pytest.mark.requirement("R2.27", on="command")
def test_an_approval_is_spent_for_every_proxy_of_the_session(
    desk: Desk, opa: str, tmp_path: Path
) -> None:
    """R2.27: a new proxy of the same session does not take an approval a second time."""
    shared = ("--state", str(tmp_path / "state"))

    async def test() -> None:
        async with proxied(desk, *shared, opa=opa) as client:
            held = await client.call_tool("refund_order", REFUND)
            _sign(held, desk.approvals, name="one.jwt")
            assert not (await client.call_tool("refund_order", REFUND)).is_error
        async with proxied(desk, *shared, opa=opa) as client:
            again = await client.call_tool("refund_order", REFUND)
            assert said(again) == ("human_review", {"tool.approval"})
        assert len(desk.calls()) == 1

    run(test)


@pytest.mark.requirement("R2.27", on="command")
def test_a_call_may_wait_for_its_approval(desk: Desk, opa: str, tmp_path: Path) -> None:
    """R2.27: with `limits.hold` the call itself waits, and goes out once the token is there."""
    config = tmp_path / "proxy.yaml"
    base = (
        "tenant: acme\nenvironment: prod\nagent: desk-agent\nrequester: user:maria@acme.example\n"
    )
    config.write_text(f"{base}server: desk\nlimits: {{hold: 5m}}\n")
    results: list[types.CallToolResult] = []

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            held = await client.call_tool("refund_order", REFUND)
        async with (
            proxied(desk, "--config", str(config), opa=opa) as client,
            anyio.create_task_group() as group,
        ):

            async def wait() -> None:
                results.append(await client.call_tool("refund_order", REFUND))

            group.start_soon(wait)
            while len(desk.events("call")) < 2:
                await anyio.sleep(0.02)
            assert not results
            _sign(held, desk.approvals, name="one.jwt")
        assert [one.is_error for one in results] == [False]
        actions = [one["action"] for one in desk.events("call")]
        assert actions == ["human_review", "human_review", "allow"]

    run(test)


def test_a_held_result_says_what_an_approval_binds(desk: Desk, opa: str) -> None:
    """The result names the facts, the rule and the requester, and has no argument beside their digest."""

    async def test() -> None:
        async with proxied(desk, opa=opa) as client:
            held = await client.call_tool("refund_order", {**REFUND, "order_id": "canary-77"})
            own = (held.structured_content or {})["ringfence"]["approve"]
            assert (own["point"], own["tenant"], own["rules"]) == (
                "tool.call", "acme", ["tool.approval"],
            )  # fmt: skip
            assert own["facts"]["arguments"]["covered"] == "amount,order_id"
            assert own["facts"]["tool"] == {"server": "desk", "name": "refund_order"}
            assert json.loads(text(held).rpartition("\n")[2]) == own["facts"]
            assert "canary-77" not in text(held)

    run(test)


def _approve_file(file: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Approve what a file of the folder of held calls says, as an approver does who has read it."""
    key = folder.parent / "lee.pem"
    write_key(key, "lee")
    return subprocess.run(
        [sys.executable, "-m", "ringfence.cli.main", "approve", "--point", "tool.call",
         "--tenant", "acme", "--env", "prod", "--rule", "tool.approval",
         "--requester", "user:maria@acme.example", "--by", APPROVER, "--ttl", "10m",
         "--key", str(key), "--kid", "lee", "--facts", str(file), "--out", str(folder / "t.jwt")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.requirement("R2.27", on="command")
def test_an_approver_reads_what_waits_and_signs_that_alone(
    desk: Desk, opa: str, tmp_path: Path
) -> None:
    """R2.27: the folder shows the arguments that count, and one that was changed there is not signed."""
    folder = tmp_path / "held"

    async def test() -> None:
        async with proxied(desk, "--held", str(folder), opa=opa) as client:
            for _ in range(2):
                await client.call_tool("refund_order", {**REFUND, "comment": "canary-31"})
            (file,) = folder.iterdir()
            shown = json.loads(file.read_text())["arguments"]
            assert (shown["values"], file.stat().st_mode & 0o077) == (REFUND, 0)
            changed = tmp_path / "changed.json"
            changed.write_text(file.read_text().replace("12", "1"))
            refused = _approve_file(changed, desk.approvals)
            assert (refused.returncode, list(desk.approvals.iterdir())) == (1, [])
            assert "is not what `arguments.digest` is of" in refused.stderr
            done = _approve_file(file, desk.approvals)
            assert done.returncode == 0, done.stderr
            assert not (await client.call_tool("refund_order", REFUND)).is_error
            assert list(folder.iterdir()) == []
        assert "o-1" not in desk.log_file.read_text()

    run(test)
