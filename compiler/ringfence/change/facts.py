"""Facts of `policy.activate` that a result shows, and whether a request says the same."""

from collections.abc import Mapping
from typing import Any

from ringfence.change.model import ReplayResult, Result, TestResult
from ringfence.errors import UsageError

__all__ = ["activation_facts", "check_request", "shown_facts"]

_ABOUT = {
    "activation.bundle": "release",
    "activation.environment": "environment",
    "activation.content": "content",
}


def shown_facts(result: TestResult | ReplayResult) -> dict[str, Any]:
    """Return what a result shows, by dotted name; raise UsageError where nothing was tested.

    What was decided otherwise than the log says, and what could not be read, counts as not replayable.
    """
    if isinstance(result, TestResult):
        if not result.tests:
            raise UsageError("no policy test was run", help="write a PolicyTest")
        return {
            "policy_tests.content": result.content,
            "policy_tests.result": "passed" if result.passed else "failed",
        }
    return {
        "policy_replay.content": result.content,
        "policy_replay.baseline": result.baseline,
        "policy_replay.window": result.window,
        "policy_replay.events": result.events + result.unread,
        "policy_replay.new_block": result.newly_blocked,
        "policy_replay.not_replayable": result.not_replayable
        + result.untrustworthy
        + result.unread,
    }


def activation_facts(result: Result) -> dict[str, Any]:
    """Return the facts that say what is to be activated where."""
    return {name: getattr(result, member) for name, member in _ABOUT.items()}


def check_request(result: TestResult | ReplayResult, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a result shows of a request's content; raise UsageError where the request says otherwise.

    The result must be of the release, environment and content that the request names, and the request
    must hold every fact that the result shows, with its value.
    """
    shown = shown_facts(result)
    wanted = activation_facts(result)
    if isinstance(result, ReplayResult):
        wanted["activation.baseline"] = result.baseline
    for name, value in wanted.items():
        if not _is(value_of(facts, name), value):
            raise UsageError(
                f"the {result.what} is of another `{name}` than the facts name",
                help="make result and facts of the same build, release and environment",
            )
    for name, value in shown.items():
        if not _is(value_of(facts, name), value):
            raise UsageError(
                f"the {result.what} does not show the facts' `{name}`",
                help="make the facts with `ringfence release facts`",
            )
    return shown


def value_of(facts: Any, name: str) -> Any:
    """Return a fact by its dotted name, None where it is missing."""
    for step in name.split("."):
        facts = facts.get(step) if isinstance(facts, dict) else None
    return facts


def _is(found: Any, wanted: Any) -> bool:
    return type(found) is type(wanted) and found == wanted
