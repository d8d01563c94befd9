"""Facts about records of one tenant that name decisions, traces, runs and grants of another."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.collector.harness import make_place, zipped
from tests.collector.inprocess import in_process
from tests.collector.samples import REVISION, asked_for, logged
from tests.delivery.samples import RUNNER, lines, signed_run
from tests.evidence.kind_samples import BODIES
from tests.evidence.samples import decision

from ringfence.cli.evidence import command as evidence
from ringfence.evidence.delivered import DELIVERABLE
from ringfence.evidence.records import RecordKind, make_record
from ringfence.keys import generate, write_private, write_public

OURS, THEIRS = "canary-of-ours", "canary-of-theirs"
ELSEWHERE = "a record of another tenant names a decision here, and is not shown with it"


def _event(name: str, tenant: str, canary: str) -> dict[str, Any]:
    result = decision(message=canary, obligations=[{"kind": canary}])
    return logged(decision_id=name, input=asked_for(tenant), result=result, labels=_LABELS)


_LABELS = {"bundle": "runtime", "environment": "prod", "id": "opa-1", "version": "1.22.0"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliver records of `acme` that name what `zeta` has, each under ids of `zeta`."""
    folder = tmp_path_factory.mktemp("site")
    kinds = [one.value for one in DELIVERABLE]
    place = make_place(
        folder / "place", revisions=[REVISION], records=kinds, tenants=["acme", "zeta"]
    )
    write_public(place.folder / "pool-1.pub.pem", RUNNER.public_key())
    place.write(runners={"pool-1": "pool-1.pub.pem"})
    theirs = [
        signed_run(1, tenant="zeta", checks=_checks("d-theirs"), images=_images(THEIRS)),
        _record(RecordKind.REVIEW, tenant="zeta", note=THEIRS, decision_id="d-theirs"),
        _record(RecordKind.LINEAGE, tenant="zeta", lineage_id="lin-z", decision_id="d-theirs",
                subject_id=THEIRS),
        _record(RecordKind.EXCEPTION, tenant="zeta", id="exc-z", reason=THEIRS),
    ]  # fmt: skip
    ours = [
        signed_run(1, tenant="acme", checks=_checks("d-theirs", "d-ours"), images=_images(OURS)),
        _record(RecordKind.REVIEW, tenant="acme", note=OURS, decision_id="d-ours",
                review_id="d-theirs"),
        _record(RecordKind.EXPLANATION, tenant="acme", summary=OURS, decision_id="d-ours",
                explanation_id="run-1"),
        _record(RecordKind.LINEAGE, tenant="acme", decision_id="d-ours", subject_id=OURS,
                lineage_id="lin-z", parent_lineage_ids=["lin-z", "d-theirs"]),
        _record(RecordKind.EXCEPTION, tenant="acme", id="exc-z", reason=OURS),
        _record(RecordKind.APPROVAL, tenant="acme", id="d-theirs", point=OURS),
        _record(RecordKind.GAP, tenant="acme", decision_id="d-theirs", principal=OURS),
    ]  # fmt: skip
    with in_process(place) as running:
        events = [_event("d-ours", "acme", OURS), _event("d-theirs", "zeta", THEIRS)]
        assert running.post("/logs", zipped(events)).json()["added"] == 2
        said = running.post("/records", lines(*theirs, *ours)).json()
        assert (said["added"], said["findings"]) == (len(theirs) + len(ours), [])
    place.records()
    (folder / "log.vkey").write_text(json.loads((place.ledger / "ledger.json").read_text())["vkey"])
    write_private(folder / "package.pem", generate("ed25519"))
    return folder


def _record(kind: RecordKind, **changes: Any) -> Any:
    return make_record(kind, {**BODIES[kind], **changes})


def _checks(*ids: str) -> list[dict[str, Any]]:
    return [{"id": "r", "outcome": "passed", "decision_id": one} for one in ids]


def _images(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "digest": "sha256:" + "5" * 64}]


def said(site: Path, command: str, *arguments: object) -> str:
    """Return what a command prints of the ledger."""
    given = (site / "place/ledger", *arguments, "--key", site / "log.vkey")
    done = CliRunner().invoke(evidence, [command, *map(str, given)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    "ids", [(), ("d-theirs",), ("trace-0",), ("run-1",), ("exc-z",), ("lin-z",)]
)
@pytest.mark.parametrize(("tenant", "other"), [("acme", THEIRS), ("zeta", OURS)])
def test_no_byte_of_another_tenant_is_exported(
    site: Path, tmp_path: Path, tenant: str, other: str, ids: tuple[str, ...]
) -> None:
    """Whatever ids of the other tenant are asked for, or named by records, nothing of it is in the package."""
    asked = [part for one in ids for part in ("--id", one)]
    out = tmp_path / "package"
    said(
        site, "export", "--tenant", tenant, *asked, "-o", out, "--view", "ocsf", "--view", "cef",
        "--signing-key", site / "package.pem",
    )  # fmt: skip
    content = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert other.encode() not in content
    assert {OURS: THEIRS, THEIRS: OURS}[other].encode() in content


@pytest.mark.parametrize("name", ["d-theirs", "trace-0", "run-1", "exc-z", "lin-z"])
@pytest.mark.parametrize(("tenant", "other"), [("acme", THEIRS), ("zeta", OURS)])
def test_a_tenants_view_holds_nothing_of_another(
    site: Path, name: str, tenant: str, other: str
) -> None:
    """`inspect --tenant` reads that tenant's records alone, in both forms."""
    for form in (("--format", "json"), ()):
        assert other not in said(site, "inspect", name, "--tenant", tenant, *form)


def test_the_operators_view_puts_nothing_of_another_to_a_decision(site: Path) -> None:
    """Without a tenant all is listed that names the id; with the decision stands its own tenant's alone."""
    found = json.loads(said(site, "inspect", "d-theirs", "--format", "json"))
    (one,) = [one for one in found["decisions"] if one["decision_id"] == "d-theirs"]
    assert THEIRS in json.dumps(one)
    assert OURS not in json.dumps(one)
    assert ELSEWHERE in found["warnings"]
    tenants = {json.dumps(one["body"]): one["body"]["tenant"] for one in found["records"]}
    assert {tenant for body, tenant in tenants.items() if OURS in body} <= {"acme"}
