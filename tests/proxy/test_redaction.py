"""Values that a decision takes out of a tool's answer."""

import json
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError
from tests.proxy.desk_server import SECRET_RESULT
from tests.proxy.policies import write_bundle, write_policies
from tests.proxy.running import Desk, proxied, run, said, text

from ringfence.opa.server import OpaServer
from ringfence.proxy.redaction import REDACTED, redacted

CARDS = """\
apiVersion: ringfence/v1
kind: PolicySet
metadata: {name: cards, scope: tenant/acme, owner: acme}
spec:
  at: tool.call
  rules:
    - id: acme.cards
      category: preventive
      rationale: An agent needs no card number.
      require: facts.tool.name != "find_customer"
      otherwise: redact
      if_unknown: redact
      redact: [/card/number]
      message: "card numbers are taken out"
      fix: "Ask a person for the number."
      waivable: false
"""


def _text(value: str) -> types.TextContent:
    return types.TextContent(type="text", text=value)


def test_only_what_the_policy_names_is_taken_out(desk: Desk, tmp_path: Path) -> None:
    """The named value is gone from the text and the structured content, and the rest is there."""
    root = write_policies(tmp_path / "repository")
    (root / "tenants/acme/cards.yaml").write_text(CARDS)

    async def test() -> None:
        with OpaServer(paths=[write_bundle(root, tmp_path / "bundle")]) as server:
            async with proxied(desk, opa=f"unix:{server.socket_path}") as client:
                answer = await client.call_tool("find_customer", {"name": "Maria"})
                card = {"name": "Maria", "card": {"number": REDACTED, "month": 7}}
                assert answer.structured_content == card
                assert (json.loads(text(answer)), answer.is_error) == (card, False)
                with pytest.raises(MCPError) as refused:
                    await client.call_tool("find_customer", {"name": "refuse"})
                assert SECRET_RESULT not in str(refused.value)
                whole = await client.call_tool("start_pipeline", {})
                assert SECRET_RESULT in text(whole)
                assert said(await client.call_tool("messages_send", {}))[0] == "block"

    run(test)


@pytest.mark.parametrize(
    ("pointers", "left"),
    [
        (["/card/number"], {"card": {"number": REDACTED, "month": 7}, "tags": ["a", "b"]}),
        (["/card"], {"card": REDACTED, "tags": ["a", "b"]}),
        (["/tags/1", "/card"], {"card": REDACTED, "tags": ["a", REDACTED]}),
        (["/tags/2", "/other", "/card/month/day"],
         {"card": {"number": "4111", "month": REDACTED}, "tags": ["a", "b"]}),
        (["/tags/name"], {"card": {"number": "4111", "month": 7}, "tags": REDACTED}),
    ],
)  # fmt: skip
def test_pointers_are_followed_into_objects_and_lists(
    pointers: list[str], left: dict[str, Any]
) -> None:
    """Of what is not there nothing is taken; a scalar or list in the way goes as a whole."""
    document = {"card": {"number": "4111", "month": 7}, "tags": ["a", "b"]}
    content: list[types.ContentBlock] = [_text("4111"), _text("more")]
    for result in (
        types.CallToolResult(content=content, structured_content=document),
        types.CallToolResult(content=[_text(json.dumps(document))]),
    ):
        answer = redacted(result, pointers)
        assert json.loads(text(answer)) == left
        assert answer.structured_content == left


def test_escapes_of_pointers_are_read() -> None:
    """`~1` is a slash and `~0` a tilde, as RFC 6901 says."""
    document = {"a/b": 1, "~": 2, "~1": 3}
    result = types.CallToolResult(content=[], structured_content=document)
    assert redacted(result, ["/a~1b"]).structured_content == {**document, "a/b": REDACTED}
    assert redacted(result, ["/~0"]).structured_content == {**document, "~": REDACTED}
    assert redacted(result, ["/~01"]).structured_content == {**document, "~1": REDACTED}


@pytest.mark.parametrize(
    "content",
    [[_text("card 4111")], [_text('["4111"]')], [_text("4111"), _text("{}")],
     [types.ImageContent(type="image", data="NDExMQ==", mime_type="image/png")], []],
)  # fmt: skip
def test_an_answer_without_one_json_object_goes_as_a_whole(
    content: list[types.ContentBlock],
) -> None:
    """Where a pointer has nothing to point into, nothing of the answer is passed on."""
    answer = redacted(types.CallToolResult(content=content, is_error=True), ["/card"])
    assert (text(answer), answer.structured_content, answer.is_error) == (REDACTED, None, True)
    assert "4111" not in answer.model_dump_json()
