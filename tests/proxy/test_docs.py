"""The proxy's page says what is so: its examples run."""

import json
import re
import sys
from pathlib import Path

from tests.proxy.running import Desk, proxied, run, said

from ringfence.proxy.config import read_settings

PAGE = (Path(__file__).parents[2] / "docs/mcp-proxy.md").read_text()


def _block(name: str) -> str:
    found = re.search(rf"^```\w+ {name}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_example_of_a_file_is_whole_and_says_the_defaults(tmp_path: Path) -> None:
    """The page's file is read, and its limits are those of a file that names none."""
    file = tmp_path / "desk.yaml"
    file.write_text(_block("config"))
    settings = read_settings(file, given={})
    file.write_text(_block("config").partition("limits:")[0])
    assert read_settings(file, given={}).limits == settings.limits


def test_the_example_of_a_client_runs(desk: Desk, opa: str, tmp_path: Path) -> None:
    """With the page's file, and the command in the place that its client's configuration shows, calls are decided."""
    file = tmp_path / "desk.yaml"
    file.write_text(_block("config").replace("127.0.0.1:8181", opa))
    (tmp_path / "approvals").rmdir()
    shown = json.loads(_block("client"))["mcpServers"]["desk"]["args"]
    assert shown[:2] == ["mcp-proxy", "--config"]
    assert shown[3:5] == ["--", "python"]

    async def test() -> None:
        server = ("--", *desk.command)
        async with proxied(desk, "--config", str(file), opa=opa, server=server) as client:
            assert not (await client.call_tool("find_customer", {"name": "Maria"})).is_error
            held = await client.call_tool("refund_order", {"order_id": "o-1", "amount": 1})
            assert said(held)[0] == "human_review"
            command = (held.structured_content or {})["ringfence"]["approve"]["command"]
        lines = re.search(r"^```\n(ringfence approve .*?)```", PAGE, re.DOTALL | re.MULTILINE)
        assert lines is not None
        assert " ".join(lines[1].replace("\\\n", " ").split()) == command
        assert (tmp_path / "sessions").is_dir()

    run(test)


def test_every_code_of_the_proxy_stands_on_the_page_or_is_of_opa() -> None:
    """Codes that a client may get for a failure are told of."""
    source = Path(sys.modules[read_settings.__module__].__file__ or "").parent
    codes = {
        code
        for file in source.glob("*.py")
        for code in re.findall(r'"((?:server|opa|proxy)\.[a-z]+)"', file.read_text())
    }
    assert {"server.gone", "proxy.state", "opa.nonsense"} <= codes
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
