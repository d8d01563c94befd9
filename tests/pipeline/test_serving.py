"""Signed bundles in a locked OPA, from the YAML to the decision and its log."""

import gzip
import http.server
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from ringfence.cli.build import command as build
from ringfence.cli.keygen import command as keygen
from ringfence.errors import OpaError
from ringfence.opa import OpaServer
from ringfence.opa.ask import OpaDecisions, decide_or_block
from ringfence.opa.lockdown import SERVER_FLAGS

SCAFFOLD = Path(__file__).resolve().parents[2] / "compiler" / "ringfence" / "scaffold"
SECRET = "hunter2-canary"


class _Site(http.server.SimpleHTTPRequestHandler):
    """Serve a directory, and keep what is posted."""

    def __init__(self, uploads: list[Any], *arguments: Any, **named: Any) -> None:
        self._uploads = uploads
        super().__init__(*arguments, **named)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self._uploads.extend(json.loads(gzip.decompress(raw)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str, list[Any]]]:
    """Serve a folder on a free loopback port; yields it, its URL and what was uploaded."""
    folder, uploads = tmp_path / "site", []  # type: tuple[Path, list[Any]]
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Site, uploads, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}", uploads
    server.shutdown()
    server.server_close()


def _build(folder: Path, url: str, tmp_path: Path, *extra: str) -> Path:
    keys, policies = tmp_path / "keys", tmp_path / "policies"
    if not policies.exists():
        shutil.copytree(SCAFFOLD, policies)
        made = CliRunner().invoke(keygen, ["--type", "es256", "-o", str(keys), "--name", "prod"])
        assert made.exit_code == 0, made.output
    arguments = [
        str(policies), "-o", str(folder), "--release", "runtime", "--env", "prod",
        "--signing-key", str(keys / "prod.key.pem"), "--service-url", url, "--logs-url", url,
        "--slices", *extra,
    ]  # fmt: skip
    result = CliRunner().invoke(build, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return folder / "opa.yaml"


def _request(**facts: object) -> dict[str, object]:
    base = {
        "request": {"by": "user:maria@example.com"},
        "runner": {"class": "container", "size": "medium", "profile": "standard", "network": "private_vpc"},
        "workload": {"id": "daily", "is_new": False, "processes_events": False},
        "pipeline": {"id": "daily"},
        "data": {"classification": "internal"},
        "run": {"concurrency": 1, "estimate": 60, "timeout": 600},
        "usage": {"running": 1, "class_hours_month": 60},
        "tags": {"class": "container", "size": "medium", "tenant": "example", "pipeline": "daily"},
        "endpoints": [], "secrets": [], "secrets_inline": 0, "images": [], "drivers": [],
        "logging": {"access_enabled": True, "access_sink": "s3://logs"},
        "retries": {"max_attempts": 1},
        "evidence": {"sink_reachable": True},
    }  # fmt: skip
    return {"point": "runner.start", "tenant": "example", "facts": {**base, **facts}}


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.05)


def test_a_locked_opa_serves_decisions_and_nothing_else(
    site: tuple[Path, str, list[Any]], tmp_path: Path
) -> None:
    """The signed bundles load; a decision and health answer, everything else is refused; logs are masked."""
    folder, url, uploads = site
    config = _build(folder, url, tmp_path)
    with OpaServer(config=config, arguments=SERVER_FLAGS, unix=False) as server:
        with OpaDecisions(port=server.port) as client:
            assert client.decide(_request())["action"] == "allow"
            odd = {**_request(undeclared=SECRET), "approvals": [SECRET], "extra": SECRET}
            assert client.decide(odd)["action"] == "allow"
        with server.session() as session:
            for method, path in (
                ("GET", "/v1/data"),
                ("GET", "/v1/policies"),
                ("GET", "/v1/config"),
                ("PUT", "/v1/policies/mine"),
                ("PUT", "/v1/data/ringfence/params"),
                ("POST", "/v1/data/ringfence/params"),
                ("POST", "/v1/compile"),
                ("POST", "/v1/query"),
                ("POST", "/"),
            ):
                assert session.request(method, server.url + path, json={}).status_code == 401, path
        _wait(lambda: len(uploads) >= 2)
    assert SECRET not in json.dumps(uploads)
    assert {event["result"]["action"] for event in uploads} == {"allow"}


def test_decisions_are_the_same_over_a_unix_socket(
    site: tuple[Path, str, list[Any]], tmp_path: Path
) -> None:
    """The client reaches a locked OPA through a Unix socket too."""
    folder, url, _ = site
    config = _build(folder, url, tmp_path)
    with (
        OpaServer(config=config, arguments=SERVER_FLAGS) as server,
        OpaDecisions(unix=server.socket_path) as client,
    ):
        assert client.decide(_request())["action"] == "allow"


@pytest.mark.parametrize("what", ["tampered", "other slice", "unsigned", "other key"])
def test_a_bundle_that_is_not_ours_leaves_nothing_allowed(
    site: tuple[Path, str, list[Any]], tmp_path: Path, what: str
) -> None:
    """OPA does not become ready with such a bundle, and the caller's answer is a block."""
    folder, url, _ = site
    config = _build(folder, url, tmp_path)
    target = folder / "runtime.tar.gz"
    if what == "tampered":
        target.write_bytes(_tampered(target.read_bytes()))
    elif what == "other slice":
        target.write_bytes((folder / "runtime-example.tar.gz").read_bytes())
    elif what == "unsigned":
        other = tmp_path / "unsigned"
        _build(other, url, tmp_path, "--unsafe-unsigned")
        from ringfence.bundle.archive import pack, unpack

        files = unpack((other / "runtime.tar.gz").read_bytes())
        target.write_bytes(pack({k: v for k, v in files.items() if k != ".signatures.json"}))
    else:
        shutil.rmtree(tmp_path / "keys")
        shutil.rmtree(tmp_path / "policies")
        _build(tmp_path / "other", url, tmp_path)
        target.write_bytes((tmp_path / "other/runtime.tar.gz").read_bytes())
    with pytest.raises(OpaError, match="not ready"):
        _serve_briefly(config)
    with OpaDecisions(port=1, timeout=0.5) as nobody:
        assert decide_or_block(nobody, _request())["action"] == "block"


def _serve_briefly(config: Path) -> None:
    server = OpaServer(config=config, arguments=SERVER_FLAGS, starts_within=4)
    with server:
        pass


def _tampered(archive: bytes) -> bytes:
    from ringfence.bundle.archive import pack, unpack

    files = unpack(archive)
    name = "ringfence/params/data.json"
    files[name] = files[name].replace(b'"concurrency":10', b'"concurrency":99')
    return pack(files)


def test_a_rolled_back_policy_blocks_under_a_release_that_demands_freshness(
    site: tuple[Path, str, list[Any]], tmp_path: Path
) -> None:
    """An older bundle, validly signed, loads in OPA; the live bundle names another release, so it blocks."""
    folder, url, _ = site
    _build(folder, url, tmp_path)
    release = tmp_path / "policies/releases/runtime.yaml"
    text = release.read_text().replace(
        "prod: {after: {staging: 1d}}", "prod: {freshness: demanded}"
    )
    release.write_text(text)
    config = _build(folder, url, tmp_path)
    old = (folder / "runtime.tar.gz").read_bytes()
    release.write_text(text.replace("prod: warn", "prod: enforce"))
    _build(folder, url, tmp_path)
    with OpaServer(config=config, arguments=SERVER_FLAGS, unix=False) as server:
        with OpaDecisions(port=server.port) as client:
            assert client.decide(_request())["action"] == "allow"
    (folder / "runtime.tar.gz").write_bytes(old)
    with OpaServer(config=config, arguments=SERVER_FLAGS, unix=False) as server:
        with OpaDecisions(port=server.port) as client:
            decision = client.decide(_request())
    assert decision["action"] == "block"
    assert [reason["rule"] for reason in decision["reasons"]] == ["policy.stale"]


def test_hostile_requests_are_blocked_and_opa_still_stands(
    site: tuple[Path, str, list[Any]], tmp_path: Path
) -> None:
    """Missing, mistyped, huge and nested input never allows, and the next clean request is answered."""
    folder, url, _ = site
    config = _build(folder, url, tmp_path)
    bodies = [
        b"{}", b'{"input": null}', b'{"input": []}', b'{"input": {"point": "runner.start"}}',
        b'{"input": {"point": "runner.start", "tenant": "example", "facts": 7}}',
        b'{"input": {"point": {"a": 1}, "tenant": ["x"], "facts": {}}}',
        json.dumps({"input": _request()}).replace('"timeout": 600', '"timeout": 1e10000000').encode(),
        json.dumps({"input": _request()}).replace('"timeout": 600', '"timeout": -1').encode(),
        json.dumps({"input": _request()}).replace('"timeout": 600', '"timeout": "600"').encode(),
        json.dumps({"input": _request()}).replace('"timeout": 600', '"timeout": null').encode(),
        b'{"input": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ]  # fmt: skip
    with OpaServer(config=config, arguments=SERVER_FLAGS, unix=False) as server:
        with server.session() as session:
            for body in bodies:
                answer = session.post(
                    f"{server.url}/v1/data/ringfence/main/decision", data=body, timeout=30
                )
                result = _result(answer)
                assert result is None or result["action"] == "block", body[:80]
        with OpaDecisions(port=server.port) as client:
            assert client.decide(_request())["action"] == "allow"


def _result(answer: requests.Response) -> Any:
    return answer.json().get("result") if answer.status_code == 200 else None
