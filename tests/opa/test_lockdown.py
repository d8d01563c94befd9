"""A locked OPA answers decisions and health, and nothing else to anyone."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.bundle.archive import pack
from ringfence.bundle.manifest import manifest
from ringfence.bundle.sign import sign
from ringfence.errors import OpaError
from ringfence.keys import public_pem
from ringfence.opa import OpaServer
from ringfence.opa.ask import OpaDecisions
from ringfence.opa.lockdown import SERVER_FLAGS, mask_module, opa_configuration
from ringfence.resources import rego_text

from .conftest import DECISION, MAIN
from .peers import Site, content

KEY = ec.derive_private_key(20_41, ec.SECP256R1())
STRANGER = ec.derive_private_key(666, ec.SECP256R1())
ROOTS = ["ringfence/main", "ringfence/clock", "system"]


def archive(*, key: ec.EllipticCurvePrivateKey | None = KEY) -> bytes:
    """Return a bundle that decides, signed unless without a key."""
    files = {
        ".manifest": manifest(revision="r1", roots=ROOTS, metadata={}),
        "ringfence/main/main.rego": MAIN.encode(),
        "ringfence/clock/clock.rego": b"package ringfence.clock\n\nnow := time.now_ns()\n",
        "system/authz/authz.rego": rego_text("system/authz/authz.rego").encode(),
        "system/log/mask.rego": mask_module([]).encode(),
    }
    if key is not None:
        files[".signatures.json"] = sign(files, key=key, keyid="prod", scope="runtime")
    return pack(files)


def configure(folder: Path, url: str, **named: Any) -> Path:
    """Write the locked configuration for a server of bundles."""
    path = folder / "opa.yaml"
    path.write_bytes(
        opa_configuration(
            service_url=url,
            bundles={"runtime": "runtime.tar.gz"},
            keys={"runtime": ("prod", public_pem(KEY.public_key()))},
            labels={"environment": "prod"},
            **named,
        )
    )
    return path


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Serve one signed bundle at every path."""
    with Site(content(archive())) as site:
        yield site


@pytest.fixture(scope="module")
def locked(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaServer]:
    """Return a locked OPA that has loaded the bundle."""
    config = configure(tmp_path_factory.mktemp("locked"), site.url)
    with OpaServer(config=config, arguments=SERVER_FLAGS) as server:
        yield server


@pytest.fixture
def session(locked: OpaServer) -> Iterator[requests.Session]:
    """Return a caller's session."""
    with locked.session() as session:
        yield session


def test_a_decision_and_health_are_answered(locked: OpaServer, session: requests.Session) -> None:
    """Callers get their decision, through the client too, and probes their health."""
    with OpaDecisions(unix=locked.socket_path) as client:
        assert client.decide({"tenant": "acme"})["tenant"] == "acme"
    for path in ("/health", "/health?bundles", "/health?plugins"):
        assert session.get(locked.url + path, timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/data"),
        ("POST", "/v1/data"),
        ("GET", DECISION),
        ("POST", DECISION + "/allowed"),
        ("POST", DECISION + "/"),
        ("POST", "/v1/data/ringfence/main"),
        ("POST", DECISION + "?explain=full"),
        ("POST", DECISION + "?metrics=true"),
        ("POST", DECISION + "?provenance=true"),
        ("POST", DECISION.replace("v1", "v0")),
        ("POST", "/"),
        ("PUT", "/v1/data/ringfence/params"),
        ("PATCH", "/v1/data"),
        ("DELETE", "/v1/data/ringfence"),
        ("GET", "/v1/policies"),
        ("PUT", "/v1/policies/ringfence"),
        ("DELETE", "/v1/policies/x"),
        ("POST", "/v1/query"),
        ("GET", "/v1/query?q=data"),
        ("POST", "/v1/compile"),
        ("GET", "/v1/config"),
        ("GET", "/v1/status"),
        ("GET", "/metrics"),
        ("POST", "/health"),
    ],
)
def test_nothing_else_is_answered(
    locked: OpaServer, session: requests.Session, method: str, path: str
) -> None:
    """Reading data, writing policy, ad-hoc queries, traces and configuration are refused."""
    body = "package x" if "policies" in path else json.dumps({"input": {}, "query": "data"})
    answer = session.request(method, locked.url + path, data=body, timeout=10)
    assert answer.status_code == 401, answer.text
    assert answer.json()["code"] == "unauthorized"


def test_only_bundles_are_asked_of_the_bundle_service(locked: OpaServer, site: Site) -> None:
    """Neither status nor decision logs go to a service that was not named for them."""
    assert locked.pid
    assert set(site.asked) == {"/runtime.tar.gz"}


def test_console_logs_are_masked(locked: OpaServer) -> None:
    """Without a service for logs the console gets them, through the mask."""
    with OpaDecisions(unix=locked.socket_path) as client:
        client.decide({"tenant": "globex", "approvals": ["hunter2"]})
    deadline = time.monotonic() + 30
    while '"globex"' not in locked.errors():
        assert time.monotonic() < deadline, "the event was lost"
    events = [json.loads(line) for line in locked.errors().splitlines() if "decision_id" in line]
    (event,) = [e for e in events if e["input"].get("tenant") == "globex"]
    assert event["erased"] == ["/input/approvals"]
    assert event["bundles"]["runtime"]["revision"] == "r1"
    assert "hunter2" not in locked.errors()


@pytest.mark.parametrize("body", [archive(key=STRANGER), archive(key=None), archive()[:1000]])
def test_another_bundle_never_becomes_ready(tmp_path: Path, body: bytes) -> None:
    """A bundle of a stranger, without a signature, or cut short leaves OPA unready."""
    with Site(content(body)) as site:
        server = OpaServer(
            config=configure(tmp_path, site.url), arguments=SERVER_FLAGS, starts_within=2.0
        )
        with pytest.raises(OpaError, match="was not ready"), server:
            raise AssertionError("it started")


def test_logs_and_status_go_where_they_are_told(tmp_path: Path) -> None:
    """Named services get decision logs and status, and each has its own."""
    logs, status = "https://logs.example", "https://status.example"
    path = configure(tmp_path, "https://b.example", decision_logs_url=logs, status_url=status)
    config = yaml.safe_load(path.read_text())
    services = config["services"]
    assert services[config["decision_logs"]["service"]]["url"] == logs
    assert services[config["status"]["service"]]["url"] == status
    assert "console" not in config["decision_logs"]


def test_a_signature_is_required_with_its_key_and_place(tmp_path: Path) -> None:
    """Every bundle names the one key that signs it and the scope that ties it to its place."""
    config = yaml.safe_load(configure(tmp_path, "https://b.example").read_text())
    assert config["bundles"]["runtime"]["signing"] == {"keyid": "prod", "scope": "runtime"}
    assert config["keys"]["prod"]["algorithm"] == "ES256"


def test_logging_is_explicit(tmp_path: Path) -> None:
    """Nothing about the log is left to a default that may change or lose events."""
    config = yaml.safe_load(configure(tmp_path, "https://b.example").read_text())
    logs = config["decision_logs"]
    assert logs["mask_decision"] == "/system/log/mask"
    assert logs["drop_decision"] == "/system/log/drop"
    assert logs["reporting"]["upload_size_limit_bytes"] > config["server"]["decoding"]["max_length"]
    assert config["nd_builtin_cache"] is True
    assert config["default_decision"] == "/ringfence/main/decision"


def test_the_configuration_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    """The same arguments give the same file."""
    first = configure(tmp_path, "https://b.example").read_bytes()
    assert configure(tmp_path, "https://b.example").read_bytes() == first
