"""Results of a change, as files: what was built, tested, replayed and decided, of which content."""

import re
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ringfence.ir.rule import Action

__all__ = [
    "FORMAT",
    "MOST_LOGS",
    "BuildResult",
    "Built",
    "Engine",
    "LogDigest",
    "PromotionApproval",
    "PromotionResult",
    "ReplayResult",
    "Result",
    "SuiteResult",
    "TestResult",
]

FORMAT: Final = "ringfence-result/v1"
MOST_LOGS: Final = 400
_SAFE: Final = (1 << 53) - 1
_TEXT: Final = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,256}"


def _text(pattern: str) -> StringConstraints:
    return StringConstraints(pattern=re.compile(rf"\A(?:{pattern})\Z"))


_Name = Annotated[str, _text(_TEXT)]
_Digest = Annotated[str, _text(r"sha256:[0-9a-f]{64}")]
_Version = Annotated[str, _text(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}")]
_Count = Annotated[int, Field(ge=0, le=_SAFE)]
_Time = Annotated[int, Field(gt=0, le=253_402_300_799)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Engine(_Model):
    """The versions that a result was found with."""

    ringfence: _Version
    opa: _Version


class Result(_Model):
    """What all results say: of which release and environment, of which content, with what, and when.

    `content` is the digest that `ringfence build` prints of the bundle of all tenants; `finished` is in
    epoch seconds, by the clock of the machine.
    """

    format: Literal["ringfence-result/v1"] = FORMAT
    release: _Name
    environment: _Name
    content: _Digest
    engine: Engine
    finished: _Time


class Built(_Model):
    """One bundle of a build; `release` is the digest of levels and keys, `sha256` that of its file."""

    name: _Name
    tenants: _Count
    content: _Digest
    release: _Digest
    sha256: _Digest


class BuildResult(Result):
    """What `ringfence build` wrote; the bundle of the release's own name is first."""

    what: Literal["build"] = "build"
    signed: bool
    built: Annotated[tuple[Built, ...], Field(min_length=1, max_length=100)]
    more: _Count

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.built[0].name, self.built[0].content) != (self.release, self.content):
            raise ValueError("the first bundle is not the release's")
        return self


class SuiteResult(_Model):
    """One `PolicyTest`: how many of its tests were run, and how many failed."""

    name: _Name
    tests: _Count
    failed: _Count


class TestResult(Result):
    """What all policy tests of a repository came to; `threshold` is that of coverage, where one was set."""

    __test__: ClassVar[bool] = False  # no test of pytest's

    what: Literal["test"] = "test"
    tests: _Count
    failed: _Count
    documents: _Count
    failing: Annotated[tuple[SuiteResult, ...], Field(max_length=100)]
    threshold: Literal["met", "missed"] | None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        listed = sum(one.failed for one in self.failing)
        if self.failed > self.tests or self.documents > self.tests or listed > self.failed:
            raise ValueError("the counts do not agree")
        if bool(self.failing) != bool(self.failed):
            raise ValueError("the counts do not agree")
        return self

    @property
    def passed(self) -> bool:
        """Tell whether there was a test, none failed, and coverage was not too low."""
        return self.tests > 0 and self.failed == 0 and self.threshold != "missed"


class LogDigest(_Model):
    """A decision log that was replayed: its file's digest and bytes, as they lay on the disk."""

    sha256: _Digest
    bytes: _Count


class ReplayResult(Result):
    """What a replay of `baseline` against `content` found.

    `unread` are places in the logs that hold no event that can be read. `window` is in seconds, from the
    first to the last event that was decided on both sides.
    """

    what: Literal["replay"] = "replay"
    baseline: _Digest
    logs: Annotated[tuple[LogDigest, ...], Field(min_length=1, max_length=MOST_LOGS)]
    events: _Count
    unchanged: _Count
    newly_blocked: _Count
    newly_allowed: _Count
    action_changed: _Count
    obligation_changed: _Count
    untrustworthy: _Count
    not_replayable: _Count
    unread: _Count
    window: _Count

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        parts = (self.newly_blocked, self.newly_allowed, self.action_changed)
        compared = sum(parts) + self.unchanged + self.obligation_changed
        if compared + self.untrustworthy + self.not_replayable != self.events:
            raise ValueError("the counts do not agree")
        if self.window and compared < 2:
            raise ValueError("the window is longer than the events")
        if len({one.sha256 for one in self.logs}) < len(self.logs):
            raise ValueError("a log is there twice")
        return self


class PromotionApproval(_Model):
    """An approval that counted: of which rule, the token's id, whose, and until when in epoch seconds."""

    rule: _Name
    approval: _Name
    by: _Name
    until: _Time


class PromotionResult(Result):
    """The decision at `policy.activate` on a content.

    `decided_by` is the content of the bundle that decided, `decided_at` the clock that it was given, in
    epoch seconds.
    """

    what: Literal["promotion"] = "promotion"
    baseline: _Digest | None
    requested_by: _Name
    change_ref: _Name | None
    action: Action
    allowed: bool
    rules: Annotated[tuple[_Name, ...], Field(max_length=200)]
    approvals: Annotated[tuple[PromotionApproval, ...], Field(max_length=64)]
    decided_at: _Time
    decided_by: _Digest

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.allowed != (self.action in (Action.ALLOW, Action.ALLOW_LOG)):
            raise ValueError("the action says otherwise")
        return self
