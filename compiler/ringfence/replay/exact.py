"""Exact replay: every event on the real OPA, with the baseline and with the candidate."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ringfence.decision_log.event import LogEvent, LogFinding
from ringfence.opa.policies import PolicyServer

__all__ = ["FACTS", "Change", "Report", "essence", "is_whole", "recorded_request", "replay_exact"]

_PATH = "ringfence/main/decision"
_TOKENS = ("/input/approvals", "/input/attestations")
# The log's mask puts the declared, well-typed facts in place of all: no policy of that time read more.
FACTS = "/input/facts"
_CHUNK = 2_000
_EXAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event on which the candidate decides otherwise."""

    decision_id: str
    tenant: str
    before: str
    after: str
    rules: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Report:
    """What a replay found; every event is in exactly one of the first seven counts.

    `untrustworthy` events have a recorded decision that the baseline does not give.
    `not_replayable` ones lack facts, or are of another policy. Neither counts as unchanged.
    `with_recorded_tokens` events took part with what their decision recorded of masked tokens, and
    `with_masked_facts` ones without the undeclared or mistyped facts that the log left out, since the
    baseline decides as recorded without them too; a fact that only the candidate declares is missing.
    `first` and `last` are the earliest and the latest time of an event that counts as compared, in epoch
    nanoseconds: one that says nothing of the candidate makes the time that was replayed no longer.
    """

    unchanged: int = 0
    newly_blocked: int = 0
    newly_allowed: int = 0
    action_changed: int = 0
    obligation_changed: int = 0
    untrustworthy: int = 0
    not_replayable: int = 0
    with_recorded_tokens: int = 0
    with_masked_facts: int = 0
    first: int | None = None
    last: int | None = None
    by_tenant: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    by_actions: Counter[str] = field(default_factory=Counter)
    examples: list[Change] = field(default_factory=list)
    findings: list[LogFinding] = field(default_factory=list)

    @property
    def events(self) -> int:
        """Count the events read."""
        return (
            self.unchanged + self.newly_blocked + self.newly_allowed + self.action_changed
            + self.obligation_changed + self.untrustworthy + self.not_replayable
        )  # fmt: skip

    @property
    def window(self) -> int:
        """Return the seconds from the first to the last event that was compared, rounded down."""
        if self.first is None or self.last is None:
            return 0
        return (self.last - self.first) // 1_000_000_000

    def saw(self, time_ns: int) -> None:
        """Take the time of an event that was compared into account."""
        self.first = time_ns if self.first is None else min(self.first, time_ns)
        self.last = time_ns if self.last is None else max(self.last, time_ns)

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON, with sorted keys."""
        return {
            "events": self.events,
            "window": self.window,
            "unchanged": self.unchanged,
            "newly_blocked": self.newly_blocked,
            "newly_allowed": self.newly_allowed,
            "action_changed": self.action_changed,
            "obligation_changed": self.obligation_changed,
            "untrustworthy": self.untrustworthy,
            "not_replayable": self.not_replayable,
            "with_recorded_tokens": self.with_recorded_tokens,
            "with_masked_facts": self.with_masked_facts,
            "by_tenant": dict(sorted(self.by_tenant.items())),
            "by_rule": dict(sorted(self.by_rule.items())),
            "by_actions": dict(sorted(self.by_actions.items())),
            "examples": [
                {
                    "decision_id": one.decision_id,
                    "tenant": one.tenant,
                    "before": one.before,
                    "after": one.after,
                    "rules": list(one.rules),
                }
                for one in self.examples
            ],
            "findings": [{"place": one.place, "message": one.message} for one in self.findings],
        }


def replay_exact(
    events: Iterable[LogEvent | LogFinding],
    *,
    baseline: PolicyServer,
    candidate: PolicyServer,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Evaluate every event on both, under the log's clock, and report what changes.

    `progress` is told how many events were read, chunk by chunk.
    """
    report = Report()
    for chunk in _chunks(_replayable(events, report)):
        cases = [(recorded_request(event), event.time_ns) for event in chunk]
        before, after = baseline.decide(cases), candidate.decide(cases)
        for event, was, will in zip(chunk, before, after, strict=True):
            _count(report, event, was or {}, will or {})
        progress(len(chunk))
    return report


def _replayable(events: Iterable[LogEvent | LogFinding], report: Report) -> Iterator[LogEvent]:
    for event in events:
        if isinstance(event, LogFinding):
            report.findings.append(event)
        elif (
            event.path != _PATH
            or not isinstance(event.input, dict)
            or not isinstance(event.result, dict)
        ) or not is_whole(event):
            report.not_replayable += 1
        else:
            yield event


def is_whole(event: LogEvent) -> bool:
    """Tell whether nothing was left out of an event but tokens, and facts that no policy could read."""
    left_out = (*event.erased, *(pointer for pointer in event.masked if pointer != FACTS))
    return all(pointer.startswith(_TOKENS) for pointer in left_out)


def _chunks(events: Iterator[LogEvent]) -> Iterator[list[LogEvent]]:
    while chunk := list(islice(events, _CHUNK)):
        yield chunk


def recorded_request(event: LogEvent) -> dict[str, Any]:
    """Return an event's input, with what the decision recorded where tokens were masked."""
    recorded: dict[str, Any] = {}
    if "/input/attestations" in (*event.erased, *event.masked):
        recorded["unattested"] = event.result.get("unknown", [])
    if "/input/approvals" in (*event.erased, *event.masked):
        recorded["approvals"] = event.result.get("approvals", [])
    # What a caller calls `recorded` is not ours.
    exact = {name: value for name, value in event.exact_input().items() if name != "recorded"}
    return {**exact, "recorded": recorded} if recorded else exact


def _count(
    report: Report, event: LogEvent, was: Mapping[str, Any], will: Mapping[str, Any]
) -> None:
    masked = FACTS in event.masked
    if essence(was) != essence(event.result):
        # Without all facts the recorded decision may be right, and ours of another request.
        report.not_replayable += masked
        report.untrustworthy += not masked
        return
    report.saw(event.time_ns)
    report.with_masked_facts += masked
    report.with_recorded_tokens += any(
        pointer.startswith(_TOKENS) for pointer in (*event.erased, *event.masked)
    )
    if essence(was) == essence(will) and was.get("obligations") == will.get("obligations"):
        report.unchanged += 1
        return
    before, after = str(was.get("action", "block")), str(will.get("action", "block"))
    if was.get("allowed") and not will.get("allowed"):
        report.newly_blocked += 1
    elif will.get("allowed") and not was.get("allowed"):
        report.newly_allowed += 1
    elif before != after or _rules(was) != _rules(will):
        report.action_changed += 1
    else:
        report.obligation_changed += 1
    changed = tuple(sorted(set(_rules(was)) ^ set(_rules(will))))
    tenant = str(event.input.get("tenant", ""))
    report.by_tenant[tenant] += 1
    report.by_rule.update(changed)
    report.by_actions[f"{before} -> {after}"] += 1
    if len(report.examples) < _EXAMPLES:
        report.examples.append(
            Change(
                decision_id=event.decision_id,
                tenant=tenant,
                before=before,
                after=after,
                rules=changed,
            )
        )


def essence(decision: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what two decisions are compared by: action, allowed, violated rules, used exceptions."""
    waived = sorted(str(one.get("exception")) for one in decision.get("waived", ()))
    return decision.get("action"), decision.get("allowed"), _rules(decision), tuple(waived)


def _rules(decision: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({str(reason.get("rule")) for reason in decision.get("reasons", ())}))
