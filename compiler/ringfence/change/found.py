"""Make results of what commands found; `finished` is in epoch seconds."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ringfence import __version__
from ringfence.build import Build
from ringfence.change.model import (
    MOST_LOGS,
    BuildResult,
    Built,
    Engine,
    LogDigest,
    PromotionApproval,
    PromotionResult,
    ReplayResult,
    SuiteResult,
    TestResult,
)
from ringfence.errors import UsageError
from ringfence.ir.rule import Action
from ringfence.opa import find_opa, opa_version
from ringfence.replay.exact import Report
from ringfence.testing.run import Run

__all__ = ["build_result", "log_digests", "promotion_result", "replay_result", "test_result"]

_MOST = 100
_CHUNK = 1 << 20


def engine() -> Engine:
    """Return the versions of ringfence and of the OPA that it finds; raise OpaError for none."""
    return Engine(ringfence=__version__, opa=".".join(map(str, opa_version(find_opa()))))


def log_digests(paths: Iterable[Path]) -> tuple[LogDigest, ...]:
    """Return the digests of logs as they lie on the disk, in order; raise UsageError for one twice."""
    found = tuple(_log_digest(path) for path in paths)
    if len({one.sha256 for one in found}) < len(found):
        raise UsageError(
            "a log is there twice", help="pass each log once: events would count twice"
        )
    if len(found) > MOST_LOGS:
        raise UsageError(f"a result is of at most {MOST_LOGS} logs", help="join some of them")
    return found


def _log_digest(path: Path) -> LogDigest:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return LogDigest(sha256=f"sha256:{digest.hexdigest()}", bytes=size)


def build_result(
    written: Sequence[Mapping[str, Any]], *, release: str, environment: str, signed: bool, now: int
) -> BuildResult:
    """Return the result of a build, whose first bundle is the one of all tenants."""
    built = tuple(
        Built(
            name=one["bundle"],
            tenants=one["tenants"],
            content=one["content"],
            release=one["release"],
            sha256=_log_digest(Path(one["path"])).sha256,
        )
        for one in written[:_MOST]
    )
    return BuildResult(
        release=release,
        environment=environment,
        content=built[0].content,
        engine=engine(),
        finished=now,
        signed=signed,
        built=built,
        more=len(written) - len(built),
    )


def test_result(run: Run, *, build: Build, threshold: bool | None, now: int) -> TestResult:
    """Return the result of a run of all tests of what was built; `threshold` tells if it was met."""
    suites = [one for one in run.suites if one.failures]
    return TestResult(
        release=build.name,
        environment=build.environment,
        content=build.content,
        engine=engine(),
        finished=now,
        tests=run.total,
        failed=run.failed,
        documents=len(run.suites),
        failing=tuple(
            SuiteResult(name=one.suite.name[:256], tests=len(one.results), failed=len(one.failures))
            for one in suites[:_MOST]
        ),
        threshold=None if threshold is None else "met" if threshold else "missed",
    )


def replay_result(
    report: Report, *, baseline: Build, candidate: Build, logs: tuple[LogDigest, ...], now: int
) -> ReplayResult:
    """Return the result of a replay of these logs."""
    return ReplayResult(
        release=candidate.name,
        environment=candidate.environment,
        content=candidate.content,
        baseline=baseline.content,
        engine=engine(),
        finished=now,
        logs=logs,
        events=report.events,
        unchanged=report.unchanged,
        newly_blocked=report.newly_blocked,
        newly_allowed=report.newly_allowed,
        action_changed=report.action_changed,
        obligation_changed=report.obligation_changed,
        untrustworthy=report.untrustworthy,
        not_replayable=report.not_replayable,
        unread=len(report.findings),
        window=report.window,
    )


def promotion_result(
    facts: Mapping[str, Any], decision: Mapping[str, Any], *, clock: int, now: int
) -> PromotionResult:
    """Return the result of a decision at `policy.activate` under a clock in epoch seconds.

    Raise UsageError for facts that name no content, or one that is no digest.
    """
    activation, request = facts.get("activation"), facts.get("request")
    try:
        if not isinstance(activation, dict) or not isinstance(request, dict):
            raise KeyError("activation")
        return PromotionResult(
            release=activation["bundle"],
            environment=activation["environment"],
            content=activation["content"],
            baseline=activation.get("baseline"),
            requested_by=request["by"],
            change_ref=activation.get("change_ref"),
            engine=engine(),
            finished=now,
            action=Action(decision["action"]),
            allowed=decision["allowed"],
            rules=tuple(sorted({one["rule"] for one in decision["reasons"]})),
            approvals=tuple(map(_approval, decision["approvals"])),
            decided_at=clock,
            decided_by=decision["policy"]["content"],
        )
    except (KeyError, ValidationError):
        raise UsageError(
            "the request is no whole one at `policy.activate`",
            help="make it with `ringfence release request`",
        ) from None


def _approval(entry: Mapping[str, Any]) -> PromotionApproval:
    return PromotionApproval(
        rule=entry["rule"],
        approval=entry["approval"],
        by=entry["by"],
        until=entry["until"],
    )
