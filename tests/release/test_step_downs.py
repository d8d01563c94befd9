"""A step-down in an incident: written by a command, checked, served by the live bundle, over by itself."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.bench.fleet import request

from ringfence.cli.main import root
from ringfence.errors import CompileError, UsageError
from ringfence.evaluate import bundle_files
from ringfence.opa.policies import PolicyServer
from ringfence.pipeline import compile_repository

POLICIES = Path(__file__).parents[2] / "examples" / "data-platform"
RULE = "runner.timeout"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """Copy the example's policies."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def _set(policies: Path, *arguments: str, **changes: str) -> Result:
    given = {
        "incident": "INC-9",
        "by": "user:lee@platform.example",
        "reason": "The scheduler sends no timeout since the release.",
        "owner": "platform-governance",
        "for": "8h",
        **changes,
    }
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    return CliRunner().invoke(root, ["level", "set", *arguments, *options, "--root", str(policies)])


def _decide(policies: Path, *, now: int, clock: int) -> dict[str, Any]:
    compiled = compile_repository(policies, now=now)
    asked: dict[str, Any] = json.loads(json.dumps(request(run__timeout=99_999)))
    asked["tenant"] = asked["facts"]["tags"]["tenant"] = "acme"
    files = bundle_files(compiled, release="runtime", environment="prod")
    with PolicyServer(files) as server:
        decision = server.decide([(asked, clock * 10**9)])[0]
    assert decision is not None
    return decision


def test_a_step_down_makes_a_rule_milder_until_it_ends(policies: Path) -> None:
    """OPA warns while it lasts, and blocks again at its end by its own clock."""
    done = _set(policies, "prod", RULE, "warn")
    assert done.exception is None, done.output
    (path,) = (policies / "platform" / "step-downs").iterdir()
    assert done.stdout.strip().endswith(path.name)
    compiled = compile_repository(policies, now=int(time.time()))
    (policy,) = compiled.of_kind("StepDown")
    starts, ends = policy.spec.starts_at, policy.spec.expires_at  # type: ignore[attr-defined] # a StepDown
    during = _decide(policies, now=starts, clock=starts + 60)
    (reason,) = during["reasons"]
    assert (during["action"], reason["rule"], reason["level"]) == ("allow+log", RULE, "warn")
    after = _decide(policies, now=starts, clock=ends)
    assert (after["action"], after["reasons"][0]["level"]) == ("block", "enforce")
    assert _decide(policies, now=ends, clock=ends)["action"] == "block"


def test_another_environment_is_untouched(policies: Path) -> None:
    """A step-down in staging changes nothing in prod."""
    assert _set(policies, "staging", RULE, "warn").exception is None
    compiled = compile_repository(policies, now=int(time.time()))
    starts = compiled.of_kind("StepDown")[0].spec.starts_at  # type: ignore[attr-defined] # a StepDown
    assert _decide(policies, now=starts, clock=starts)["action"] == "block"


@pytest.mark.parametrize(
    ("arguments", "changes", "code"),
    [
        (["prod", "runner.timeot", "warn"], {}, "RF402"),
        (["prod", "runner.secrets.platform-service", "warn"], {}, "RF405"),
        (["prodd", RULE, "warn"], {}, "RF401"),
        (["prod", "cost.long-run", "warn"], {}, ""),
        (["staging", "cost.long-run", "warn"], {}, "RF410"),
        (["prod", RULE, "warn"], {"for": "15d"}, "RF103"),
        (["prod", RULE, "warn"], {"owner": "nobody"}, "RF109"),
    ],
)
def test_what_is_refused_is_not_written(
    policies: Path, arguments: list[str], changes: dict[str, str], code: str
) -> None:
    """An unknown rule or environment, an invariant, a step up or a long one leaves no file."""
    done = _set(policies, *arguments, **changes)
    written = list(policies.glob("platform/step-downs/*"))
    if not code:
        assert (done.exception, len(written)) == (None, 1)
        return
    assert isinstance(done.exception, CompileError)
    assert code in {diagnostic.code for diagnostic in done.exception.diagnostics}
    assert written == []


def test_no_duration_is_a_mistake_of_the_call(policies: Path) -> None:
    """`--for soon` is refused before anything is read."""
    done = _set(policies, "prod", RULE, "warn", **{"for": "soon"})
    assert isinstance(done.exception, UsageError)
