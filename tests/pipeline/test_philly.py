"""The main job on real arrivals: jobs of a training cluster, mapped to runner requests."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.serving import SCAFFOLD, build_bundles, open_site, request_to_start, wait_for

from ringfence.decision_log.reading import read_events
from ringfence.evaluate import bundle_files
from ringfence.opa import OpaServer
from ringfence.opa.ask import OpaDecisions
from ringfence.opa.lockdown import SERVER_FLAGS
from ringfence.opa.policies import PolicyServer
from ringfence.pipeline import compile_repository
from ringfence.replay.exact import replay_exact

JOBS = Path(__file__).resolve().parents[3] / "shared" / "data" / "jobs_philly.jsonl"
NOW = 1_795_219_200


def _jobs() -> list[dict[str, Any]]:
    if not JOBS.exists():
        pytest.skip("the public data set is not beside this checkout")
    return [json.loads(line) for line in JOBS.read_text().splitlines()]


def _request(job: dict[str, Any]) -> dict[str, object]:
    """Map a job: GPUs to size and concurrency, steps to an estimate of its runtime in seconds."""
    tenant, gpus = f"vc-{job['tenant']}", int(job["gpus"])
    size = "small" if gpus == 1 else "medium" if gpus <= 4 else "large"
    request = request_to_start(
        runner={
            "class": "container",
            "size": size,
            "profile": "standard",
            "network": "private_vpc",
        },
        run={
            "concurrency": gpus,
            "estimate": min(int(job["steps"]) // 100, 10**6),
            "timeout": 3000,
        },
        tags={"class": "container", "size": size, "tenant": tenant, "pipeline": "daily"},
        images=[{"repository": "registry.example.com/train", "digest": "sha256:5f1d"}],
    )
    return {**request, "tenant": tenant, "trace_id": str(job["job"])}


def _repository(root: Path, tenants: set[str]) -> None:
    for file in (
        "ringfence.yaml",
        "platform/runners.yaml",
        "platform/cost.yaml",
        "releases/runtime.yaml",
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes((SCAFFOLD / file).read_bytes())
    text = (SCAFFOLD / "tenants/example/runners.yaml").read_text()
    for tenant in tenants:
        folder = root / "tenants" / tenant
        folder.mkdir(parents=True)
        (folder / "runners.yaml").write_text(text.replace("tenant/example", f"tenant/{tenant}"))


def test_the_main_job_on_real_arrivals(tmp_path: Path) -> None:
    """Every job is decided by a locked OPA, logged, and replayed on its own policy without a change."""
    requests = [_request(job) for job in _jobs()]
    _repository(tmp_path / "policies", {str(request["tenant"]) for request in requests})
    with open_site(tmp_path / "site") as site:
        config = build_bundles(site.folder, site.url, tmp_path)
        server = OpaServer(config=config, arguments=SERVER_FLAGS, unix=False)
        with server, OpaDecisions(port=server.port) as client:
            decisions = [client.decide(request) for request in requests]
            wait_for(lambda: len(site.uploads) >= len(requests))
    by_size = {(_size(r), d["allowed"]) for r, d in zip(requests, decisions, strict=True)}
    assert ("large", True) not in by_size, "large is in no row of the matrix"
    assert {("small", True), ("small", False), ("large", False)} <= by_size
    logs = tmp_path / "decisions.jsonl"
    logs.write_text("\n".join(json.dumps(event) for event in site.uploads))
    compiled = compile_repository(tmp_path / "policies", now=NOW)
    files = bundle_files(compiled, release="runtime", environment="prod")
    with PolicyServer(files) as before, PolicyServer(files) as after:
        report = replay_exact(read_events([logs]), baseline=before, candidate=after)
    assert (report.events, report.unchanged) == (len(requests), len(requests))


def _size(request: dict[str, Any]) -> str:
    return str(request["facts"]["runner"]["size"])
