"""Signed bundles in a locked OPA, from the YAML to the decision and its log."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.pipeline.serving import Site, build_bundles, open_site, request_to_start, wait_for

from ringfence.bundle.archive import pack, unpack
from ringfence.errors import OpaError
from ringfence.opa import OpaServer
from ringfence.opa.ask import OpaDecisions, decide_or_block
from ringfence.opa.lockdown import SERVER_FLAGS

SECRET = "hunter2-canary"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Serve a folder on a free loopback port."""
    with open_site(tmp_path / "site") as opened:
        yield opened


def test_a_locked_opa_serves_decisions_and_nothing_else(site: Site, tmp_path: Path) -> None:
    """The signed bundles load; a decision and health answer, everything else is refused; logs are masked."""
    folder, url, uploads = site.folder, site.url, site.uploads
    config = build_bundles(folder, url, tmp_path)
    with OpaServer(config=config, arguments=SERVER_FLAGS, unix=False) as server:
        with OpaDecisions(port=server.port) as client:
            assert client.decide(request_to_start())["action"] == "allow"
            odd = {**request_to_start(undeclared=SECRET), "approvals": [SECRET], "extra": SECRET}
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
        wait_for(lambda: len(uploads) >= 2)
    assert SECRET not in json.dumps(uploads)
    assert {event["result"]["action"] for event in uploads} == {"allow"}


def test_decisions_are_the_same_over_a_unix_socket(site: Site, tmp_path: Path) -> None:
    """The client reaches a locked OPA through a Unix socket too."""
    folder, url = site.folder, site.url
    config = build_bundles(folder, url, tmp_path)
    with (
        OpaServer(config=config, arguments=SERVER_FLAGS) as server,
        OpaDecisions(unix=server.socket_path) as client,
    ):
        assert client.decide(request_to_start())["action"] == "allow"


@pytest.mark.parametrize("what", ["tampered", "other slice", "unsigned", "other key"])
def test_a_bundle_that_is_not_ours_leaves_nothing_allowed(
    site: Site, tmp_path: Path, what: str
) -> None:
    """OPA does not become ready with such a bundle, and the caller's answer is a block."""
    folder, url = site.folder, site.url
    config = build_bundles(folder, url, tmp_path)
    target = folder / "runtime.tar.gz"
    if what == "tampered":
        target.write_bytes(_tampered(target.read_bytes()))
    elif what == "other slice":
        target.write_bytes((folder / "runtime-example.tar.gz").read_bytes())
    elif what == "unsigned":
        other = tmp_path / "unsigned"
        build_bundles(other, url, tmp_path, "--unsafe-unsigned")
        files = unpack((other / "runtime.tar.gz").read_bytes())
        target.write_bytes(pack({k: v for k, v in files.items() if k != ".signatures.json"}))
    else:
        shutil.rmtree(tmp_path / "keys")
        shutil.rmtree(tmp_path / "policies")
        build_bundles(tmp_path / "other", url, tmp_path)
        target.write_bytes((tmp_path / "other/runtime.tar.gz").read_bytes())
    with pytest.raises(OpaError, match="not ready"):
        _serve_briefly(config)
    with OpaDecisions(port=1, timeout=0.5) as nobody:
        assert decide_or_block(nobody, request_to_start())["action"] == "block"


def _serve_briefly(config: Path) -> None:
    server = OpaServer(config=config, arguments=SERVER_FLAGS, starts_within=4)
    with server:
        pass


def _tampered(archive: bytes) -> bytes:
    files = unpack(archive)
    name = "ringfence/params/data.json"
    files[name] = files[name].replace(b'"concurrency":10', b'"concurrency":99')
    return pack(files)


def test_a_rolled_back_policy_blocks_under_a_release_that_demands_freshness(
    site: Site, tmp_path: Path
) -> None:
    """An older bundle, validly signed, loads in OPA; the live bundle names another release, so it blocks."""
    folder, url = site.folder, site.url
    build_bundles(folder, url, tmp_path)
    release = tmp_path / "policies/releases/runtime.yaml"
    text = release.read_text().replace(
        "prod: {after: {staging: 1d}}", "prod: {freshness: demanded}"
    )
    release.write_text(text)
    config = build_bundles(folder, url, tmp_path)
    old = (folder / "runtime.tar.gz").read_bytes()
    release.write_text(text.replace("prod: warn", "prod: enforce"))
    build_bundles(folder, url, tmp_path)
    server = OpaServer(config=config, arguments=SERVER_FLAGS, unix=False)
    with server, OpaDecisions(port=server.port) as client:
        assert client.decide(request_to_start())["action"] == "allow"
    (folder / "runtime.tar.gz").write_bytes(old)
    server = OpaServer(config=config, arguments=SERVER_FLAGS, unix=False)
    with server, OpaDecisions(port=server.port) as client:
        decision = client.decide(request_to_start())
    assert decision["action"] == "block"
    assert [reason["rule"] for reason in decision["reasons"]] == ["policy.stale"]


def test_hostile_requests_are_blocked_and_opa_still_stands(site: Site, tmp_path: Path) -> None:
    """Missing, mistyped, huge and nested input never allows, and the next clean request is answered."""
    folder, url = site.folder, site.url
    config = build_bundles(folder, url, tmp_path)
    bodies = [
        b"{}", b'{"input": null}', b'{"input": []}', b'{"input": {"point": "runner.start"}}',
        b'{"input": {"point": "runner.start", "tenant": "example", "facts": 7}}',
        b'{"input": {"point": {"a": 1}, "tenant": ["x"], "facts": {}}}',
        json.dumps({"input": request_to_start()}).replace('"timeout": 600', '"timeout": 1e10000000').encode(),
        json.dumps({"input": request_to_start()}).replace('"timeout": 600', '"timeout": -1').encode(),
        json.dumps({"input": request_to_start()}).replace('"timeout": 600', '"timeout": "600"').encode(),
        json.dumps({"input": request_to_start()}).replace('"timeout": 600', '"timeout": null').encode(),
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
            assert client.decide(request_to_start())["action"] == "allow"


def _result(answer: requests.Response) -> Any:
    return answer.json().get("result") if answer.status_code == 200 else None
