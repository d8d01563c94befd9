"""Facts about a real, locked OPA that uploads to the running collector."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from tests.collector.certificates import Authority, loopback
from tests.collector.harness import (
    ORIGIN,
    Collector,
    Place,
    collecting,
    get,
    make_place,
    policy_site,
    sidecar_config,
)
from tests.pipeline.serving import request_to_start, wait_for

from ringfence.evidence.records import RecordKind
from ringfence.opa import OpaServer
from ringfence.opa.lockdown import SERVER_FLAGS

SPIFFE = "spiffe://example.com/sidecar-1"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """Serve the scaffold's bundles; yield OPA's configuration and the bundles' revisions."""
    with policy_site(tmp_path_factory.mktemp("policy")) as (_, config, revisions):
        yield config, revisions


@pytest.fixture
def place(tmp_path: Path, policy: tuple[Path, list[str]]) -> Place:
    """Return a ledger, and the configuration of a collector that knows the bundles."""
    return make_place(tmp_path / "place", revisions=policy[1], labels={"bundle": "runtime"})


def ask(opa: OpaServer, requests: list[dict[str, Any]]) -> list[str]:
    """Ask for decisions, and return their ids as OPA tells them to the caller."""
    with opa.session() as session:
        answers = [
            session.post(
                f"{opa.url}/v1/data/ringfence/main/decision", json={"input": one}, timeout=30
            )
            for one in requests
        ]
    assert all("result" in one.json() for one in answers)
    return [one.json()["decision_id"] for one in answers]


def kept(running: Collector) -> int:
    """Return how many records the ledger has, its first key event among them."""
    return counted(running, "records{")


def test_every_decision_arrives_exactly_once(place: Place, policy: tuple[Path, list[str]]) -> None:
    """What OPA answered stands in the ledger, each decision once, under the principal's name."""
    with collecting(place) as running:
        config = sidecar_config(
            policy[0], url=running.url, token=place.token, out=place.folder / "opa.yaml"
        )
        with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
            asked = ask(opa, [request_to_start()] * 40)
            wait_for(lambda: kept(running) >= 41)
        assert running.findings() == []
    assert sorted(place.ids()) == sorted(asked)
    body = place.records()[0].body
    assert (body["principal"], body["tenant"], body["allowed"]) == ("sidecar-1", "example", True)


def test_foreign_tenant_is_refused_and_silences_nobody(
    place: Place, policy: tuple[Path, list[str]]
) -> None:
    """A request for another tenant leaves a finding and a gap record; the sidecar's own go on."""
    with collecting(place) as running:
        config = sidecar_config(
            policy[0], url=running.url, token=place.token, out=place.folder / "opa.yaml"
        )
        with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
            foreign = ask(opa, [{**request_to_start(), "tenant": "other"}])
            own = ask(opa, [request_to_start()] * 3)
            wait_for(lambda: kept(running) >= 5)
        assert {one["code"] for one in running.findings()} == {"RF981"}
    assert sorted(place.ids()) == sorted(own)
    (gap,) = place.records(RecordKind.GAP)
    assert gap.body["decision_ids"] == foreign


def test_unknown_revision_is_refused_until_it_is_told(
    place: Place, policy: tuple[Path, list[str]]
) -> None:
    """Decisions of a bundle that nobody named are refused; a file that names it is read while it runs."""
    builds = place.folder / "builds.json"
    builds.write_text('{"bundles": []}')
    place.write(revisions={"files": ["builds.json"]})
    with collecting(place) as running:
        config = sidecar_config(
            policy[0], url=running.url, token=place.token, out=place.folder / "opa.yaml"
        )
        with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
            ask(opa, [request_to_start()])
            wait_for(lambda: kept(running) >= 2)
            listed = ", ".join(f'{{"revision": "{one}"}}' for one in policy[1])
            builds.write_text(f'{{"bundles": [{listed}]}}')
            known = ask(opa, [request_to_start()])
            wait_for(lambda: kept(running) >= 3)
        assert {one["code"] for one in running.findings()} == {"RF982"}
    assert place.ids() == known


def test_wrong_token_is_refused_and_nothing_is_lost(
    place: Place, policy: tuple[Path, list[str]]
) -> None:
    """OPA with a wrong token keeps its events; what it holds arrives once the token is the right one."""
    with collecting(place) as running:
        token = place.folder / "token"
        token.write_text("rft_" + "x" * 43)
        config = sidecar_config(policy[0], url=running.url, token="", out=place.folder / "opa.yaml")
        changed = yaml.safe_load(config.read_text())
        changed["services"]["logs"]["credentials"] = {"bearer": {"token_path": str(token)}}
        config.write_text(yaml.safe_dump(changed))
        with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
            asked = ask(opa, [request_to_start()] * 5)
            refused = 'ringfence_collector_requests_total{path="/logs",status="401"}'
            wait_for(lambda: refused in get(f"{running.url}/metrics").text)
            assert kept(running) == 1
            token.write_text(place.token)
            wait_for(lambda: kept(running) >= 6)
    assert sorted(place.ids()) == sorted(asked)


def test_nothing_that_was_acknowledged_is_lost_when_it_is_killed(
    place: Place, policy: tuple[Path, list[str]]
) -> None:
    """Killed and started again while OPA uploads, it has every decision once in the end."""
    first = Collector(place.folder / "collector.yaml", log=place.folder / "log")
    place.write(listen={"port": first.port})
    config = sidecar_config(
        policy[0], url=first.url, token=place.token, out=place.folder / "opa.yaml"
    )
    with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
        asked = ask(opa, [request_to_start()] * 50)
        wait_for(lambda: kept(first) > 1)
        running = first
        for _ in range(3):
            asked += ask(opa, [request_to_start()] * 50)
            running.stop(signal.SIGKILL)
            asked += ask(opa, [request_to_start()] * 50)
            running = Collector(place.folder / "collector.yaml", log=place.folder / "log")
        wait_for(lambda: kept(running) > len(asked))
    assert running.stop() == 0
    assert sorted(place.ids()) == sorted(asked)


def test_certificate_is_a_credential(place: Place, policy: tuple[Path, list[str]]) -> None:
    """OPA uploads by mutual TLS under the name in its certificate; another name, or none, is nobody's."""
    authority, stranger = Authority(place.folder), Authority(place.folder, name="stranger")
    server = authority.issue("server", loopback())
    certificate, key = authority.issue("client", x509.UniformResourceIdentifier(SPIFFE))
    (one,) = place.config["principals"]
    del one["token"]
    one["certificate"] = {"uri": SPIFFE}
    place.write(
        listen={"tls": {"certificate": server[0].name, "key": server[1].name, "clients": authority.file.name}}
    )  # fmt: skip
    with collecting(place) as running:
        config = sidecar_config(
            policy[0], url=running.url, token=place.token, out=place.folder / "opa.yaml"
        )
        changed = yaml.safe_load(config.read_text())
        client = {"cert": str(certificate), "private_key": str(key)}
        for name in ("logs", "status"):
            changed["services"][name]["credentials"] = {"client_tls": client}
            changed["services"][name]["tls"] = {"ca_cert": str(authority.file)}
        config.write_text(yaml.safe_dump(changed))
        trust: dict[str, Any] = {"verify": str(authority.file)}
        with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
            asked = ask(opa, [request_to_start()] * 5)
            records = "ringfence_collector_records"
            wait_for(
                lambda: (
                    f'{records}{{origin="example.com/runners"}} 6.0'
                    in get(f"{running.url}/metrics", **trust).text
                )
            )
        other = authority.issue("other", x509.UniformResourceIdentifier(SPIFFE + "0"))
        forged = stranger.issue("forged", x509.UniformResourceIdentifier(SPIFFE))
        assert _status(running, trust, None) == 401
        assert _status(running, trust, other) == 401
        with pytest.raises(OSError, match=r"(?i)ssl|alert|reset|broken pipe|aborted"):
            _status(running, trust, forged)
    assert sorted(place.ids()) == sorted(asked)


def _status(running: Collector, trust: dict[str, Any], client: tuple[Path, Path] | None) -> int:
    import requests

    cert = None if client is None else (str(client[0]), str(client[1]))
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            f"{running.url}/status", data=b"{}", cert=cert, timeout=60, **trust
        ).status_code


def test_what_opa_dropped_leaves_gap_records(place: Place, policy: tuple[Path, list[str]]) -> None:
    """OPA's own drop counters become gap records: each loss once, also when the collector restarts."""
    name = "decision_logs_dropped_rate_limit_exceeded"
    first = Collector(place.folder / "collector.yaml", log=place.folder / "log")
    place.write(listen={"port": first.port})
    config = sidecar_config(
        policy[0],
        url=first.url,
        token=place.token,
        out=place.folder / "opa.yaml",
        max_decisions_per_second=1,
    )

    def told(running: Collector) -> int:
        return counted(running, f'dropped_by_opa_total{{counter="{name}"')

    def accounted(running: Collector) -> int:
        added = f'events_total{{origin="{ORIGIN}",outcome="added"}}'
        return told(running) + counted(running, added)

    with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
        ask(opa, [request_to_start()] * 20)
        wait_for(lambda: accounted(first) == 20)
        before = told(first)
        assert first.stop() == 0
        running = Collector(place.folder / "collector.yaml", log=place.folder / "log")
        ask(opa, [request_to_start()] * 20)
        wait_for(lambda: accounted(running) == 20)
        after = told(running)
    assert {one["code"] for one in running.findings()} == {"RF988"}
    assert running.stop() == 0
    bodies = [one.body for one in place.records(RecordKind.GAP)]
    assert before > 0
    assert after > 0
    assert sum(one["lost"][name] for one in bodies) == before + after
    assert bodies[-1]["totals"] == {name: before + after}
    assert len(place.ids()) == 40 - before - after


def counted(running: Collector, name: str) -> int:
    """Return the sum of the collector's counters whose line begins so."""
    lines = get(f"{running.url}/metrics").text.splitlines()
    found = [one for one in lines if one.startswith(f"ringfence_collector_{name}")]
    return sum(int(float(one.split()[-1])) for one in found)
