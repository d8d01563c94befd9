"""Decisions through opa-python-client; whatever is not a decision is a block."""

import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ringfence.errors import OpaError
from ringfence.opa import OpaServer
from ringfence.opa.ask import OpaDecisions, decide_or_block

from .conftest import DECISION
from .peers import Site, content, silence


@pytest.mark.parametrize("unix", [True, False])
def test_a_decision_comes_over_a_socket_and_over_tcp(bundle: Path, unix: bool) -> None:
    """The client reaches a real OPA on a Unix socket and on a port alike."""
    with (
        OpaServer(paths=[bundle], unix=unix) as server,
        OpaDecisions(port=server.port or 1, unix=server.socket_path) as client,
    ):
        decision = client.decide({"tenant": "acme", "facts": {"n": 2**70}})
    assert decision["allowed"] is True
    assert decision["facts"] == {"n": 2**70}


def test_an_undefined_decision_is_a_block(bundle: Path) -> None:
    """OPA answers 200 without a result where nothing decides; that is a block."""
    with OpaServer(paths=[bundle]) as server, OpaDecisions(unix=server.socket_path) as client:
        with pytest.raises(OpaError, match="no decision"):
            client.decide({"silent": True})
        decision = decide_or_block(client, {"silent": True})
    assert (decision["action"], decision["allowed"], decision["evaluated"]) == (
        "block",
        False,
        False,
    )
    assert [reason["rule"] for reason in decision["reasons"]] == ["opa.unavailable"]


def redirect(handler: BaseHTTPRequestHandler) -> None:
    """Send the caller elsewhere, with its request."""
    handler.send_response(307)
    handler.send_header("Location", DECISION)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """End the connection without an answer."""
    handler.close_connection = True


@pytest.mark.parametrize(
    "answer",
    [
        content(b'{"result":{"allowed":true}}', status=500),
        content(b'{"result":{"allowed":true}}', status=403),
        content(b'{"result":{"allowed":true}}', length=100),
        content(b'{"result":{"allowed":"true"}}'),
        content(b'{"result":{"allowed":1}}'),
        content(b'{"result":[true]}'),
        content(b'{"result":true}'),
        content(b'[{"result":{"allowed":true}}]'),
        content(b"{}"),
        content(b""),
        content(b"<html>allowed</html>"),
        content(b"\xff\xfe"),
        redirect,
        hang_up,
    ],
)
def test_whatever_is_no_decision_is_a_block_and_is_asked_for_once(answer: Any) -> None:
    """Errors, wrong shapes and cut answers block, and no request is sent twice."""
    with Site(answer) as site, OpaDecisions(port=site.port) as client:
        decision = decide_or_block(client, {"tenant": "acme"})
    assert decision["allowed"] is False
    assert site.asked == [DECISION]


def test_an_opa_that_is_not_there_is_a_block(tmp_path: Path) -> None:
    """Neither a missing socket nor a port without a listener raises."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        with OpaDecisions(port=taken.getsockname()[1]) as client:
            assert decide_or_block(client, {})["allowed"] is False
    with OpaDecisions(unix=tmp_path / "none.sock") as client:
        assert decide_or_block(client, {})["allowed"] is False


def test_silence_is_a_block_after_the_timeout(tmp_path: Path) -> None:
    """A server that takes the request and says nothing is given up, on both transports."""
    path = tmp_path / "s"
    with silence(str(path), socket.AF_UNIX), OpaDecisions(unix=path, timeout=0.2) as client:
        assert decide_or_block(client, {})["allowed"] is False
    with (
        silence(("127.0.0.1", 0), socket.AF_INET) as listener,
        OpaDecisions(port=listener.getsockname()[1], timeout=0.2) as client,
    ):
        assert decide_or_block(client, {})["allowed"] is False


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_a_request_that_is_no_json_is_a_block(bundle: Path, value: object) -> None:
    """A value that JSON lacks is never sent as something else."""
    with OpaServer(paths=[bundle]) as server, OpaDecisions(unix=server.socket_path) as client:
        assert decide_or_block(client, {"facts": {"n": value}})["allowed"] is False


def test_a_proxy_of_the_environment_is_not_asked(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests for decisions, which hold facts, go to OPA alone."""
    with Site(content(b"{}")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with (
            OpaServer(paths=[bundle], unix=False) as server,
            OpaDecisions(port=server.port) as client,
        ):
            assert client.decide({})["allowed"] is True
        assert proxy.asked == []
