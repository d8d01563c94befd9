"""Facts about enterprise packages: how controls stand follows from records and bundles, and is checked."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.enterprise.samples import (
    KEYID,
    NAME,
    POLICY,
    enterprise,
    make_ledger,
    policy,
    records,
)
from tests.evidence.pages import PAGES
from tests.evidence.samples import REASON, decision
from tests.export.samples import PACKAGE, decided, package, resigned, said_of, trust, verifier
from tests.export.test_tamper import JSON, refusal, refusals

from ringfence.codes import CODES
from ringfence.enterprise.files import CONTROLS, OSCAL
from ringfence.enterprise.files import POLICY as POLICY_FILE
from ringfence.evidence.error import VerifyError
from ringfence.export import layout
from ringfence.export.archive import pack
from ringfence.export.folder import write_folder
from ringfence.export.package_key import PackageKey
from ringfence.export.verify import ExportVerifier


def under(text: str = POLICY) -> ExportVerifier:
    """Return a verifier that brings this policy along."""
    return ExportVerifier(
        trust=trust(), package_key=PackageKey(PACKAGE.public_key()), policy=policy(text)
    )


def controls(files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return how each control stands in a package."""
    return {one["control"]: one for one in json.loads(files[CONTROLS])["controls"]}


@pytest.mark.requirement("R5.43", "R5.44", on="record")
def test_an_enterprise_package_verifies(files: dict[str, bytes], tmp_path: Path) -> None:
    """Deployment, controls, status and architectures are in the signed statement, under the policy."""
    write_folder(tmp_path / "p", files)
    found = under().verify(tmp_path / "p")
    extra = found.said["extra"]
    assert extra["deployment"]["mode"] == "self_hosted"
    assert extra["deployment"]["architectures"] == ["docs/architecture.md"]
    assert (extra["classification"], extra["retention_days"]) == ("regulated", 2555)
    assert extra["policy_sha256"] == policy().digest
    assert extra["status"] == {"controls": 4, "gaps": ["cm-3", "au-2"],
                               "not_satisfied": ["cm-3", "au-2"]}  # fmt: skip
    assert found.said["exporter"] == {"by": "policy", "name": NAME}
    assert not any("none was brought along" in one for one in found.not_shown)
    without = verifier().verify(tmp_path / "p").not_shown
    assert any("none was brought along" in one for one in without)


@pytest.mark.requirement("R3.28", on="record")
def test_a_control_stands_by_rules_and_records(files: dict[str, bytes]) -> None:
    """Blocked violations keep it; a rule in no bundle, and no rule at all, are gaps."""
    found = controls(files)
    assert found["ac-6"]["violations"] == {"approved": 0, "blocked": 3, "observed": 0, "waived": 0}
    assert {name: one["satisfied"] for name, one in found.items()} == {
        "ac-6": True, "sa-2": True, "cm-3": False, "au-2": False,
    }  # fmt: skip
    assert found["cm-3"]["gaps"] == ["no.such-rule"]
    assert found["au-2"]["why_not"] == "no rule keeps the control"


def test_an_observed_violation_breaks_a_control(
    revision: str, slice_: bytes, tmp_path: Path
) -> None:
    """What was only watched was not stopped."""
    observed = decision(reasons=[], observed=[REASON | {"level": "observe"}], action="allow", allowed=True)  # fmt: skip
    ledger = make_ledger(tmp_path / "ledger", records(revision, result=observed))
    found = controls(enterprise(ledger, bundles=(slice_,)))["ac-6"]
    assert (found["satisfied"], found["violations"]["observed"]) == (False, 3)


def test_without_a_bundle_no_control_is_shown(ledger: Path) -> None:
    """Records name violated rules only, so that rules without a bundle may never have been in force."""
    assert not any(one["satisfied"] for one in controls(enterprise(ledger)).values())


def test_without_decisions_no_control_is_shown(tmp_path: Path, slice_: bytes) -> None:
    """Silence is no evidence."""
    from ringfence.enterprise.standing import standings

    mapping = policy().file.controls
    assert mapping is not None
    (first, *_) = standings(mapping.mapping, records=(), held=frozenset({"runner.timeout"}))
    assert first.why_not == "no decision is in the package"


def test_the_tenants_own_rules_count(slice_: bytes) -> None:
    """A bundle's rules are the shared ones and those that the tenant wrote."""
    from ringfence.export.policy import rules_of

    held = rules_of(slice_, tenants=frozenset({"acme"}))
    assert "runner.timeout" in held
    own = held - rules_of(slice_, tenants=frozenset())
    assert own != set()


def test_the_same_package_gives_the_same_bytes(ledger: Path, slice_: bytes) -> None:
    """OSCAL's ids and times are made of what is there, not of a clock."""
    assert enterprise(ledger, bundles=(slice_,)) == enterprise(ledger, bundles=(slice_,))


def test_the_summaries_tell_the_standing(files: dict[str, bytes]) -> None:
    """Classification, policy and controls stand where people look first."""
    for name in (layout.SUMMARY_HTML, layout.SUMMARY_MARKDOWN):
        text = files[name].decode()
        assert "2 of 4 satisfied; not: " in text
        assert policy().digest in text


def test_the_pages_policy_is_one() -> None:
    """The example of the page on evidence is a valid export policy."""
    (text,) = re.findall(r"```yaml export policy\n(.*?)```", PAGES, re.DOTALL)
    assert policy(text).file.name == "eu-audit"


def test_oscal_tells_what_is_not_satisfied(files: dict[str, bytes]) -> None:
    """Two states, with the reason; the plan that there was none is said to be none."""
    (result,) = json.loads(files[OSCAL])["assessment-results"]["results"]
    states = {one["target"]["target-id"]: one["target"]["status"] for one in result["findings"]}
    assert states["ac-6"] == {"state": "satisfied"}
    assert states["au-2"] == {"remarks": "no rule keeps the control", "state": "not-satisfied"}
    assert (result["start"], result["end"]) == (
        "2026-11-20T20:00:00.500Z", "2026-11-20T20:02:00.500Z",
    )  # fmt: skip


FORGED: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "controls": lambda files: files | {CONTROLS: files[CONTROLS].replace(b"false", b"true")},
    "assessment": lambda files: files | {OSCAL: files[OSCAL].replace(b"not-satisfied", b"satisfied")},
    "policy": lambda files: files | {POLICY_FILE: files[POLICY_FILE].replace(b"2555", b"3650")},
    "policy gone": lambda files: {n: c for n, c in files.items() if n != POLICY_FILE},
    "controls gone": lambda files: {n: c for n, c in files.items() if n != CONTROLS},
    "one more": lambda files: files | {"enterprise/more.json": b"{}"},
    "policy malformed": lambda files: files | {POLICY_FILE: b"x"},
}  # fmt: skip


@pytest.mark.requirement("R5.43", on="record")
@pytest.mark.parametrize("what", FORGED)
def test_what_does_not_follow_is_refused(
    files: dict[str, bytes], tmp_path: Path, what: str
) -> None:
    """An exporter who signs a better standing than the records give is caught; on its way nobody can."""
    forged = FORGED[what](files)
    assert refusals(resigned(forged), tmp_path) == {"RF979"}
    write_folder(tmp_path / "q", forged)
    assert refusal(tmp_path / "q") in {"RF929", "RF934", "RF935"}


@pytest.mark.parametrize(
    ("extra", "value"),
    [("status", {}), ("classification", "public"), ("policy_sha256", "0" * 64), ("region", 5),
     ("encryption", "rot13"), ("retention_days", 1), ("deployment", {})],
)  # fmt: skip
def test_the_statement_follows_too(
    files: dict[str, bytes], tmp_path: Path, extra: str, value: Any
) -> None:
    """What it says of policy and status is that of the files."""
    forged = resigned(files, extra=said_of(files)["extra"] | {extra: value})
    assert refusals(forged, tmp_path) == {"RF979"}


def test_the_readers_policy_counts(
    ledger: Path, files: dict[str, bytes], slice_: bytes, tmp_path: Path
) -> None:
    """Under another policy than the package's it is refused, and what the policy forbids by its code."""
    assert refusals(files, tmp_path, under(POLICY + "# later\n")) == {"RF979"}
    elsewhere = enterprise(ledger, bundles=(slice_,), region="us-east-1")
    assert refusals(elsewhere, tmp_path, under()) == {"RF974"}
    viewed = enterprise(ledger, bundles=(slice_,), views=("cef",))
    assert refusals(viewed, tmp_path, under()) == {"RF973"}
    renamed = resigned(files, exporter={"by": "policy", "name": "someone@else.example"})
    assert refusals(renamed, tmp_path, under()) == {"RF960"}
    text = POLICY.replace(KEYID, "A" * 43)
    assert refusals(enterprise(ledger, text=text), tmp_path, under(text)) == {"RF960"}
    text = POLICY.replace("retention:", "encryption:\n  required: true\nretention:")
    assert refusals(enterprise(ledger, text=text), tmp_path, under(text)) == {"RF975"}


def test_an_operators_package_is_none(
    ledger: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    """A plain package is refused where a policy is asked for, and has no enterprise part."""
    plain = package(ledger)
    assert refusals(plain, tmp_path, under()) == {"RF979"}
    smuggled = resigned(plain | {CONTROLS: files[CONTROLS]})
    assert refusals(smuggled, tmp_path) == {"RF979"}
    assert refusals(resigned(plain, extra={"status": {}}), tmp_path) == {"RF979"}


def test_a_policy_without_controls_has_no_oscal(ledger: Path, tmp_path: Path) -> None:
    """Nothing is assessed that nobody mapped."""
    bare = enterprise(ledger, text=POLICY[: POLICY.index("controls:")])
    assert {name for name in bare if name.startswith("enterprise/")} == {POLICY_FILE}
    write_folder(tmp_path / "p", bare)
    assert verifier().verify(tmp_path / "p").said["extra"]["status"]["controls"] == 0


def test_decisions_without_a_time_have_no_oscal(tmp_path: Path) -> None:
    """OSCAL wants a time of the assessment; none is made up."""
    from ringfence.evidence.records import RecordKind, make_record

    timeless = make_record(RecordKind.DECISION, decided(1).body | {"timestamp": "yesterday"})
    made = enterprise(make_ledger(tmp_path / "ledger", [timeless]))
    assert CONTROLS in made
    assert OSCAL not in made
    write_folder(tmp_path / "p", made)
    assert verifier().verify(tmp_path / "p").said["profile"] == "enterprise"
    assert layout.RECORDS in made


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(["extra", "exporter", "profile", "policy", "views", "tenants"]),
        JSON, min_size=1, max_size=2,
    ),
    st.dictionaries(
        st.sampled_from(["region", "encryption", "status", "deployment", "policy_sha256"]), JSON
    ),
)  # fmt: skip
def test_whatever_an_exporter_says_raises_only_verify_errors(
    files: dict[str, bytes], tmp_path: Path, said: dict[str, Any], extra: dict[str, Any]
) -> None:
    """Any JSON in the statement of an enterprise package is refused with a code, or is what it was."""
    changed = {**said, "extra": said_of(files)["extra"] | extra} if extra else said
    (tmp_path / "p.tar").write_bytes(pack(resigned(files, **changed)))
    try:
        under().verify(tmp_path / "p.tar")
    except VerifyError as error:
        code = error.code
    else:
        code = ""
    assert code in {"", *CODES}
