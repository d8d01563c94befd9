"""From a new repository to an activated release, by the commands of docs/releases.md, on the real OPA."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.change.publishing import CI, HOUR, LEE, MARIA, ROBIN, command, publish, said, write_log
from tests.evidence.samples import ORIGIN

pytestmark = pytest.mark.usefixtures("published")
_AT = ("--release", "runtime", "--env", "prod")
_ATTEST = ("--by", CI, "--ttl", "8h", "--key", "keys/ci.key.pem", "--kid", "ci")


def change(folder: Path, name: str, *, timeout: str) -> None:
    """Make a candidate: `main` with another timeout for containers."""
    shutil.copytree(folder / "main", folder / name)
    path = folder / name / "tenants" / "example" / "runners.yaml"
    before = path.read_text()
    assert "timeouts: {container: 1h}" in before
    path.write_text(before.replace("{container: 1h}", f"{{container: {timeout}}}"))


def results(folder: Path, name: str, *, fails: bool = False) -> None:
    """Build, test and replay a candidate; the results are `NAME.build.json` and so on."""
    key = ("--signing-key", "keys/prod.key.pem")
    out = ("-o", f"out-{name}", "--result", f"{name}.build.json")
    command(folder, "build", name, *_AT, *key, *out)
    command(folder, "test", name, *_AT, "--result", f"{name}.test.json", code=2 if fails else 0)
    command(
        folder,
        *("replay", "decisions.jsonl", "--baseline", "main", "--candidate", name),
        *(*_AT, "--result", f"{name}.replay.json"),
    )


def write_facts(folder: Path, name: str) -> None:
    """Write the facts of the candidate's request."""
    command(
        folder,
        *("release", "facts", "--build", f"{name}.build.json", "--test", f"{name}.test.json"),
        *("--replay", f"{name}.replay.json", "--by", MARIA, "--change-ref", "CHG-7"),
        *("-o", f"{name}.facts.json"),
    )


def attest(folder: Path, name: str, *more: str, facts: str = "", code: int = 0) -> str:
    """Attest the candidate's test and replay."""
    return command(
        folder,
        *("attest", "--env", "prod", "--facts", facts or f"{name}.facts.json"),
        *("--from-test", f"{name}.test.json", "--from-replay", f"{name}.replay.json"),
        *(*_ATTEST, *more),
        code=code,
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the repository, a candidate and another one that fails; read only."""
    folder = tmp_path_factory.mktemp("published")
    publish(folder)
    write_log(folder)
    change(folder, "candidate", timeout="45m")
    change(folder, "strict", timeout="20m")
    results(folder, "candidate")
    results(folder, "strict", fails=True)
    for name in ("candidate", "strict"):
        write_facts(folder, name)
    return folder


def test_the_page_walks_from_a_build_to_an_activation(tmp_path: Path) -> None:
    """The very commands of docs/releases.md, one after the other, end in an allowed activation."""
    publish(tmp_path)
    write_log(tmp_path)
    change(tmp_path, "candidate", timeout="45m")
    page = Path(__file__).parents[2] / "docs" / "releases.md"
    blocks = re.findall(r"```sh walk\n(.*?)```", page.read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    assert len(lines) == 11
    command(tmp_path, "evidence", "init", "ledger", "--origin", ORIGIN, "--key", "keys/log.key.pem")
    for line in lines:
        name, *arguments = shlex.split(line)
        assert name == "ringfence"
        told = command(tmp_path, *arguments)
    assert said(tmp_path / "promotion.json")["allowed"] is True
    assert told.count("change: record") == 4
    assert "tests passed: 0 of 5 failed" in told
    assert f"promotion decided allow, approved by {LEE}, {ROBIN}" in told
    assert "chain: valid, 5 records" in told


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may alter."""
    return Path(shutil.copytree(published, tmp_path / "copy"))


def test_the_results_name_what_build_prints(published: Path) -> None:
    """Test and replay name the digest of the very bundle that was built, and the baseline's."""
    built = said(published / "candidate.build.json")
    printed = command(
        published, "build", "main", *_AT, "--unsafe-unsigned", "-o", "out-main", "--format", "json"
    )
    baseline = json.loads(printed)["bundles"][0]["content"]
    replay = said(published / "candidate.replay.json")
    assert built["content"] == said(published / "candidate.test.json")["content"]
    assert (replay["content"], replay["baseline"]) == (built["content"], baseline)
    assert built["content"] != baseline
    assert (replay["events"], replay["unchanged"], replay["window"]) == (9, 9, 2 * HOUR)
    assert (replay["newly_blocked"], len(replay["logs"])) == (0, 1)
    strict = said(published / "strict.replay.json")
    assert (strict["events"], strict["newly_blocked"]) == (9, 4)
    failed = said(published / "strict.test.json")
    assert 0 < failed["failed"] == sum(one["failed"] for one in failed["failing"])


def approve(folder: Path, name: str) -> tuple[str, ...]:
    """Have both reviewers approve the candidate's request, and return the options for their tokens."""
    for who, identity in (("lee", LEE), ("robin", ROBIN)):
        command(
            folder,
            *("approve", "--point", "policy.activate", "--tenant", "platform", "--env", "prod"),
            *("--rule", "activate.review", "--facts", f"{name}.facts.json", "--by", identity),
            *("--requester", MARIA, "--ttl", "8h", "--key", f"keys/{who}.key.pem", "--kid", who),
            *("--out", f"{name}.{who}.token"),
        )
    return ("--approval", f"{name}.lee.token", "--approval", f"{name}.robin.token")


def decide(folder: Path, name: str, *tokens: str, code: int) -> dict[str, Any]:
    """Ask whether the candidate may be activated, under the policies of `main`."""
    asked = ("--facts", f"{name}.facts.json", *tokens, "-o", f"{name}.request.json")
    command(folder, "release", "request", *asked)
    command(
        folder,
        *("eval", f"{name}.request.json", "-p", "main", *_AT),
        *("--result", f"{name}.promotion.json"),
        code=code,
    )
    found: dict[str, Any] = said(folder / f"{name}.promotion.json")
    return found


def test_what_was_found_and_approved_is_activated(folder: Path) -> None:
    """Results, one attestation and two approvals: allowed; without the attestation: blocked."""
    attest(folder, "candidate", "--out", "ci.token")
    approvals = approve(folder, "candidate")
    done = decide(folder, "candidate", "--attestation", "ci.token", *approvals, code=0)
    assert (done["action"], done["allowed"], done["rules"]) == ("allow", True, [])
    assert {approval["by"] for approval in done["approvals"]} == {LEE, ROBIN}
    assert {approval["rule"] for approval in done["approvals"]} == {"activate.review"}
    assert done["content"] == said(folder / "candidate.build.json")["content"]
    without = decide(folder, "candidate", *approvals, code=2)
    assert without["rules"] == [
        "activate.new-block",
        "activate.not-replayable",
        "activate.replay",
        "activate.tests",
    ]


def test_a_token_of_another_content_activates_nothing(folder: Path) -> None:
    """The candidate's attestation beside a request for another content: blocked."""
    attest(folder, "candidate", "--out", "ci.token")
    facts = said(folder / "candidate.facts.json")
    other = said(folder / "strict.build.json")["content"]
    facts["activation"]["content"] = facts["policy_tests"]["content"] = other
    facts["policy_replay"]["content"] = other
    (folder / "other.facts.json").write_text(json.dumps(facts))
    approvals = approve(folder, "other")
    done = decide(folder, "other", "--attestation", "ci.token", *approvals, code=2)
    assert done["allowed"] is False
    assert {"activate.tests", "activate.replay"} <= set(done["rules"])


def test_a_failure_is_attested_as_one(folder: Path) -> None:
    """A failed test and blocked events are signed as such, and the gate blocks for them."""
    attest(folder, "strict", "--out", "ci.token")
    assert said(folder / "strict.facts.json")["policy_tests"]["result"] == "failed"
    approvals = approve(folder, "strict")
    done = decide(folder, "strict", "--attestation", "ci.token", *approvals, code=2)
    assert done["rules"] == ["activate.new-block", "activate.tests"]


def test_nothing_is_signed_that_a_result_does_not_show(folder: Path) -> None:
    """Facts that say passed of a failure, fewer blocked events, or a fact that is left out: refused."""
    facts = said(folder / "strict.facts.json")
    for group, name, value in (
        ("policy_tests", "result", "passed"),
        ("policy_replay", "new_block", 0),
        ("policy_replay", "window", 30 * 86_400),
        ("policy_replay", "not_replayable", False),
        ("policy_replay", "events", None),
    ):
        changed = {**facts, group: {**facts[group], name: value}}
        (folder / "changed.json").write_text(json.dumps(changed))
        told = attest(folder, "strict", facts="changed.json", code=1)
        assert f"does not show the facts' `{group}.{name}`" in told


def test_a_result_of_another_content_is_refused(folder: Path) -> None:
    """The strict candidate's results never become a token, nor facts, for the other one."""
    told = attest(folder, "strict", facts="candidate.facts.json", code=1)
    assert "the test is of another `activation.content`" in told
    told = command(
        folder,
        *("release", "facts", "--build", "candidate.build.json", "--by", MARIA),
        *("--replay", "strict.replay.json"),
        code=1,
    )
    assert "the replay is of another `activation.content`" in told
    told = command(
        folder,
        *("attest", "--env", "staging", "--facts", "candidate.facts.json"),
        *("--from-test", "candidate.test.json", *_ATTEST),
        code=1,
    )
    assert "the test is of `prod`" in told


REFUSED = {
    "a part of the tests": (
        ("test", "candidate/tenants", *_AT, "--result", "x"),
        "--result is of all tests",
    ),
    "tests by name": (
        ("test", "candidate", "--run", "quota", *_AT, "--result", "x"),
        "--result is of all tests",
    ),
    "tests of no release": (("test", "candidate", "--result", "x"), "which content is tested?"),
    "a build of one tenant": (
        ("build", "candidate", *_AT, "--unsafe-unsigned", "--tenant", "example", "-o", "o")
        + ("--result", "x"),
        "a build of some tenants has no result",
    ),
    "a log twice": (
        ("replay", "decisions.jsonl", "decisions.jsonl", "--baseline", "main")
        + ("--candidate", "candidate", *_AT, "--result", "x"),
        "a log is there twice",
    ),
    "nothing to attest": (
        ("attest", "--env", "prod", "--facts", "candidate.facts.json", *_ATTEST),
        "what is attested?",
    ),
    "another decision point": (
        ("attest", "--env", "prod", "--facts", "candidate.facts.json", *_ATTEST)
        + ("--from-test", "candidate.test.json", "--point", "runner.start"),
        "shows nothing at `runner.start`",
    ),
    "a build for a test": (
        ("attest", "--env", "prod", "--facts", "candidate.facts.json", *_ATTEST)
        + ("--from-test", "candidate.build.json"),
        "is the result of a build",
    ),
    "a decision of another environment": (
        ("eval", "staging.json", "-p", "main", "--release", "runtime", "--env", "staging")
        + ("--result", "x"),
        "--result is of one decision",
    ),
    "decisions of all environments": (
        ("eval", "staging.json", "-p", "main", "--result", "x"),
        "--result is of one decision",
    ),
}


@pytest.mark.parametrize(("arguments", "told"), REFUSED.values(), ids=REFUSED)
def test_no_result_is_written_of_a_part(
    folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    """What would pass for the whole, or shows nothing where it is asked, is refused and not written."""
    asked = ("--facts", "candidate.facts.json", "-o", "staging.json")
    command(folder, "release", "request", *asked)
    assert told in command(folder, *arguments, code=1)
    assert not (folder / "x").exists()


def test_what_no_result_shows_is_the_callers_statement(folder: Path) -> None:
    """`--more` adds facts, and never replaces one; `--attest` signs them beside the results."""
    diff = {"policy_diff": {"content": "sha256:0", "baseline": "sha256:1", "loosened": 0}}
    (folder / "more.json").write_text(json.dumps(diff))
    made = ("release", "facts", "--build", "candidate.build.json", "--test", "candidate.test.json")
    asked = (*made, "--replay", "candidate.replay.json", "--by", MARIA, "--more", "more.json")
    command(folder, *asked, "-o", "both.json")
    attest(folder, "candidate", "--attest", "policy_diff.loosened", facts="both.json")
    (folder / "more.json").write_text(json.dumps({"policy_tests": {"result": "passed"}}))
    assert "`policy_tests.result` is in --more too" in command(folder, *asked, code=1)
