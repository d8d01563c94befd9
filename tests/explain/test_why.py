"""`why`, `explain` and `digest` on the example's policies, as a person calls them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.bench.fleet import request

from ringfence.cli.main import root
from ringfence.errors import UsageError

POLICIES = Path(__file__).parents[2] / "examples" / "data-platform"
NOW = "2026-11-25T12:00:00Z"


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(root, [str(one) for one in arguments])


def _json(*arguments: str | Path) -> Any:
    result = _run(*arguments, "--format", "json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def _request(**changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = request(**changes)
    asked["tenant"] = asked["facts"]["tags"]["tenant"] = "acme"
    return asked


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Write a request that exceeds the timeout and the monthly quota."""
    path = tmp_path / "request.json"
    given = _request(run__timeout=99_999, usage__class_hours_month=999_999_999)
    path.write_text(json.dumps({**given, "trace_id": "trace-7"}))
    return path


def test_why_names_facts_values_and_their_origin(asked: Path) -> None:
    """Each violated rule comes with its condition, the facts it read and where its value is written."""
    told = _json("why", asked, "-p", POLICIES, "--env", "prod", "--now", NOW)
    timeout = told["rules"]["runner.timeout"]
    assert timeout["facts"] == {"run.timeout": 99_999, "runner.class": "container"}
    assert "facts.run.timeout <= params.timeouts[facts.runner.class]" in timeout["require"]
    assert timeout["params"]["timeouts"]["value"]["container"] == 14_400
    file, line, _ = timeout["params"]["timeouts"]["source"].split(":")
    assert "timeout" in (POLICIES / file).read_text().splitlines()[int(line) - 1]
    assert told["ask"] == ["data-lead@acme.example"]


def test_why_says_which_waiver_nearly_held_and_in_what(asked: Path) -> None:
    """An exception for another pipeline is named with the value sent and the values it covers."""
    told = _json("why", asked, "-p", POLICIES, "--env", "prod", "--now", NOW)
    (missed,) = told["waivers_missed"]
    assert (missed["exception"], missed["why"]) == ("EXC-2041", "other_facts")
    assert missed["differs"]["facts.pipeline.id"]["sent"] == "daily"
    assert missed["source"] == "exceptions/acme/EXC-2041.yaml"


def test_why_finds_a_logged_decision_by_either_id(asked: Path, tmp_path: Path) -> None:
    """An event of a log is explained as it was recorded, and what the log left out is withheld."""
    given = json.loads(asked.read_text())
    decision = _json("why", asked, "-p", POLICIES, "--env", "prod", "--now", NOW)["decision"]
    event = {
        "decision_id": "d-1",
        "timestamp": "2026-11-25T12:00:00Z",
        "path": "ringfence/main/decision",
        "input": given,
        "result": decision,
        "erased": ["/input/facts/run/timeout"],
    }
    log = tmp_path / "decisions.jsonl"
    log.write_text(json.dumps(event) + "\n")
    for name in ("d-1", "trace-7"):
        told = _json("why", name, "--log", log, "-p", POLICIES)
        assert told["decision_id"] == "d-1"
        assert told["rules"]["runner.timeout"]["facts"]["run.timeout"] == "withheld"
    alone = _json("why", "d-1", "--log", log, "-p", tmp_path)
    assert (alone["rules"], alone["ask"]) == ({}, ["data-lead@acme.example"])


def test_why_tells_when_the_policy_was_another(asked: Path, tmp_path: Path) -> None:
    """A decision of the policy at hand passes without a note; after a change of it there is one."""
    decision = _json("why", asked, "-p", POLICIES, "--env", "prod", "--now", NOW)["decision"]
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"result": decision, "input": json.loads(asked.read_text())}))
    assert _run("why", path, "-p", POLICIES).stderr == ""
    changed = tmp_path / "policies"
    shutil.copytree(POLICIES, changed)
    cost = changed / "platform" / "cost.yaml"
    cost.write_text(cost.read_text().replace("value: 6h", "value: 5h"))
    assert cost.read_text() != (POLICIES / "platform" / "cost.yaml").read_text()
    assert "another policy" in _run("why", path, "-p", changed).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["why", "no-such-id"], "is no file"),
        (["why", "no-such-id", "--log", "request.json"], "no decision `no-such-id` among 0"),
        (["why", "request.json"], "which environment?"),
        (["explain", "runner.timeot"], "no rule `runner.timeot`"),
        (["explain", "RF000"], "no code `RF000`"),
        (["digest", "acmee", "--env", "prod"], "no tenant `acmee`"),
    ],
)
def test_what_is_unknown_is_said(
    asked: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown id, rule, code or tenant is an error that names it."""
    monkeypatch.chdir(asked.parent)
    result = _run(*arguments, *([] if arguments[1] == "RF000" else ["-p", str(POLICIES)]))
    assert isinstance(result.exception, UsageError)
    assert message in result.exception.message


def test_explain_tells_a_rule_with_its_levels() -> None:
    """A tenant-visible rule is told with what it requires, reads and how far it counts where."""
    (told,) = _json("explain", "cost.long-run", "-p", POLICIES)
    assert told["require"] == "facts.run.estimate <= params.cost.max_estimate"
    assert told["reads"][0]["fact"] == "run.estimate"
    assert told["levels"]["runtime in prod"] == {"canary": "enforce", "*": "warn"}
    assert told["source"].startswith("platform/cost.yaml:")
    assert "facts.run.estimate <=" in _run("explain", "cost.long-run", "-p", POLICIES).output


def test_digest_lists_every_rule_that_governs_the_tenant() -> None:
    """Each rule of each governed point stands there with its level, and own rules are the tenant's."""
    told = _json("digest", "acme", "-p", POLICIES, "--env", "prod")
    rules = {rule["rule"]: rule for rule in told["points"]["runner.start"]}
    assert rules["runner.timeout"]["level"] == "enforce"
    assert all(rule["tenant"] in ("", "acme") for rule in rules.values())
    page = _run("digest", "acme", "-p", POLICIES, "--env", "prod").output
    assert page.count("- **runner.timeout**") == 2
    assert "tenants/acme/runners.yaml" in page
