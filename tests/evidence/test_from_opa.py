"""Facts about evidence of decisions that a locked OPA made and uploaded."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.samples import ALLOWED, KEY, ORIGIN
from tests.pipeline.serving import build_bundles, open_site, request_to_start, wait_for

from ringfence.bundle.archive import unpack
from ringfence.decision_log.reading import read_events
from ringfence.evidence.decision_use import DecisionUse
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.ingest import Tally, decision_records
from ringfence.evidence.records import Record
from ringfence.evidence.run import checks_of, close_run, runs_without_record
from ringfence.evidence.seal import seal
from ringfence.evidence.verify import Verifier
from ringfence.opa import OpaServer
from ringfence.opa.ask import OpaDecisions
from ringfence.opa.lockdown import SERVER_FLAGS

SECRET = "hunter2-canary"
DIGEST = f"sha256:{'5f' * 32}"


@pytest.fixture(scope="module")
def decided(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[Record], frozenset[str]]:
    """Ask a locked OPA twice, and return the records of what it uploaded, and the rules in force."""
    work = tmp_path_factory.mktemp("opa")
    requests = (
        request_to_start(undeclared=SECRET),
        {**request_to_start(run={"concurrency": 1, "estimate": 60, "timeout": 10**6}), "approvals": [SECRET]},
    )  # fmt: skip
    with open_site(work / "site") as site:
        config = build_bundles(site.folder, site.url, work)
        server = OpaServer(config=config, arguments=SERVER_FLAGS, unix=False)
        with server, OpaDecisions(port=server.port) as client:
            allowed = [client.decide(request)["allowed"] for request in requests]
            wait_for(lambda: len(site.uploads) >= 2)
        slice_ = unpack((site.folder / "runtime-example.tar.gz").read_bytes())
        uploads = list(site.uploads)
    assert allowed == [True, False]
    rules: list[str] = json.loads(slice_["ringfence/rules/data.json"])["runner_start"]
    log = work / "upload.json.gz"
    log.write_bytes(gzip.compress(json.dumps(uploads).encode()))
    tally = Tally()
    made = list(decision_records(read_events([log]), allowed_facts=ALLOWED, tally=tally))
    assert (tally.findings, len(made)) == ([], 2)
    return sorted(made, key=lambda record: not record.body["allowed"]), frozenset(rules)


def _report(use: DecisionUse, **changes: Any) -> dict[str, Any]:
    return {
        "run_id": "run-1",
        "tenant": "example",
        "runner": {"class": "container", "size": "medium", "network_profile": "private_vpc"},
        "images": [{"name": "registry.internal/daily", "digest": DIGEST}],
        "drivers": [],
        "secrets": [{"ref": "secret://platform/example/warehouse", "version": "3"}],
        "checks": [one.model_dump(mode="json") for one in checks_of(use)],
        **changes,
    }


def test_run_is_closed_under_a_decision_of_opa(
    decided: tuple[list[Record], frozenset[str]], tmp_path: Path
) -> None:
    """R1.26, R1.35, R1.38: a run under OPA's own decision is closed, sealed, verified and found again."""
    made, applicable = decided
    use = DecisionUse.of_record(made[0].body, applicable=applicable)
    assert len(use.outcomes()) >= 10
    run = close_run(_report(use), decisions=[use])
    sealed = seal([*made, run], out=tmp_path / "p", origin=ORIGIN, key=KEY)
    found = Verifier(trusted_key=KEY.public_key(), origin=ORIGIN).read(sealed.path)
    assert found == (*made, run)
    assert runs_without_record(["run-1", "run-2"], records=found) == ("run-2",)
    files = [path for path in sealed.path.rglob("*") if path.is_file()]
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_run_is_not_closed_otherwise_than_opa_decided(
    decided: tuple[list[Record], frozenset[str]],
) -> None:
    """R1.35, R1.38: another size than OPA was asked for, a check left out, and a block are refused."""
    made, applicable = decided
    allowed, blocked = (DecisionUse.of_record(one.body, applicable=applicable) for one in made)
    larger = {"class": "container", "size": "large", "network_profile": "private_vpc"}
    first = checks_of(allowed)[0].id
    for use, changes, problem in (
        (allowed, {"runner": larger}, "runner.size: not as decision "),
        (allowed, {"checks": _report(allowed)["checks"][1:]}, f"checks: `{first}` of decision "),
        (blocked, {}, f"checks: decision `{blocked.decision_id}` did not allow the run"),
    ):
        with pytest.raises(EvidenceError) as caught:
            close_run(_report(use, **changes), decisions=[use])
        (missing,) = caught.value.missing
        assert missing.startswith(problem)
