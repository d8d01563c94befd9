"""Decisions evaluated again, on the bundles that decided, by an OPA of our own."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ringfence.decision_log.event import LogEvent, LogFinding
from ringfence.opa.policies import PolicyServer
from ringfence.personal.store import PersonalStore
from ringfence.reconcile.finding import Finding
from ringfence.reconcile.likeness import Likeness, likeness
from ringfence.reconcile.seen import Decided, Seen
from ringfence.reconcile.shelf import Shelf
from ringfence.replay.exact import FACTS, essence, is_whole, recorded_request

__all__ = ["Again", "Sample", "evaluate_again", "match_events"]

_CHUNK: Final = 500
_EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Which decisions are evaluated: so many of them, chosen by a seed that no OPA could foresee."""

    count: int
    seed: str

    def choose(self, ids: Iterable[str]) -> set[str]:
        """Return the ids whose SHA-256 with the seed before them is smallest."""
        return set(heapq.nsmallest(self.count, ids, key=self._rank))

    def _rank(self, decision_id: str) -> bytes:
        return hashlib.sha256(f"{self.seed}\0{decision_id}".encode()).digest()


@dataclass(slots=True)
class Again:
    """What came of it: how many agree, what does not, and why others were not evaluated.

    The reasons are `no_input`, `undecided`, `masked`, `no_bundle`, `not_sampled`, and where a record
    commits to values, `erased`, `committed` and `absent`; of each there are up to twenty ids in
    `examples`. `unopened` has these last by the record's place in what was seen.
    """

    agreed: int = 0
    evaluated: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unreadable: list[LogFinding] = field(default_factory=list)
    unopened: dict[int, Likeness] = field(default_factory=dict)

    def skip(self, reason: str, decision_id: str) -> None:
        """Count a decision that was not evaluated."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1
        some = self.examples.setdefault(reason, [])
        if len(some) < _EXAMPLES:
            some.append(decision_id)


def match_events(
    events: Iterable[LogEvent | LogFinding],
    seen: Seen,
    again: Again,
    *,
    store: PersonalStore | None = None,
) -> dict[int, LogEvent]:
    """Return the events that a ledger's records were made of, by the record's place in `seen`.

    An event that makes another record than the one under its id is a finding (RF998), and one that no
    record has is too (RF991). The store opens what records commit to; what it does not open is noted in
    `again`. Raise EvidenceError where it cannot be used.
    """
    places: dict[str, list[int]] = {}
    for place, one in enumerate(seen.decisions):
        places.setdefault(one.decision_id, []).append(place)
    found: dict[int, LogEvent] = {}
    for event in events:
        if isinstance(event, LogFinding):
            again.unreadable.append(event)
            continue
        held = places.get(event.decision_id, [])
        alike = {place: likeness(event, seen.decisions[place], store) for place in held}
        fitting = [place for place in held if alike[place] is not Likeness.OTHER]
        for place in fitting:
            if alike[place] is Likeness.SAME:
                found.setdefault(place, event)
            else:
                again.unopened[place] = alike[place]
        if not fitting:
            code, message = (
                ("RF998", "the log says something else than the ledger's record")
                if held
                else ("RF991", "the log has it; the ledger lacks it")
            )
            again.findings.append(
                Finding(code=code, message=message, decision_id=event.decision_id)
            )
    return found


def evaluate_again(
    seen: Seen,
    events: Mapping[int, LogEvent],
    *,
    shelf: Shelf,
    sample: Sample | None,
    again: Again,
) -> None:
    """Evaluate the events on the recorded revisions, under the log's own clock, and count in `again`.

    A decision that its policy does not give is a finding (RF994), unless the log left facts out, which
    the policy may have read: that event counts as `masked`. Raise OpaError.
    """
    by_bundles: dict[tuple[str, ...], list[tuple[Decided, LogEvent]]] = {}
    for one, event in _chosen(seen, events, sample=sample, again=again):
        revisions = tuple(sorted(set(event.bundles.values())))
        if not revisions or any(revision not in shelf for revision in revisions):
            again.skip("no_bundle", one.decision_id)
        else:
            by_bundles.setdefault(revisions, []).append((one, event))
    for revisions, pairs in sorted(by_bundles.items(), key=lambda item: item[0]):
        files = {name: data for one in revisions for name, data in shelf[one].items()}
        with PolicyServer(files) as server:
            for start in range(0, len(pairs), _CHUNK):
                _compare(pairs[start : start + _CHUNK], server=server, again=again)


def _chosen(
    seen: Seen, events: Mapping[int, LogEvent], *, sample: Sample | None, again: Again
) -> Iterator[tuple[Decided, LogEvent]]:
    chosen = sample.choose(one.decision_id for one in seen.decisions) if sample else None
    for place, one in enumerate(seen.decisions):
        event = events.get(place)
        if chosen is not None and one.decision_id not in chosen:
            again.skip("not_sampled", one.decision_id)
        elif event is None or not isinstance(event.input, dict):
            reason = again.unopened.get(place) if event is None else None
            again.skip(reason.value if reason else "no_input", one.decision_id)
        elif not isinstance(event.result, dict):
            again.skip("undecided", one.decision_id)
        elif not is_whole(event):
            again.skip("masked", one.decision_id)
        else:
            yield one, event


def _compare(
    pairs: Sequence[tuple[Decided, LogEvent]], *, server: PolicyServer, again: Again
) -> None:
    answers = server.decide([(recorded_request(event), event.time_ns) for _, event in pairs])
    for (one, event), answer in zip(pairs, answers, strict=True):
        problem = _difference(event.result, answer or {})
        if problem and FACTS in event.masked:
            again.skip("masked", one.decision_id)
            continue
        again.evaluated += 1
        again.agreed += not problem
        if problem:
            again.findings.append(
                Finding(
                    code="RF994",
                    message=problem,
                    tenant=one.tenant,
                    decision_id=one.decision_id,
                )
            )


def _difference(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Say how a recorded decision departs from what the policy gives, by names only."""
    if essence(recorded) == essence(given):
        same = recorded.get("obligations") == given.get("obligations")
        return "" if same else "its policy gives other obligations"
    was, is_now = recorded.get("action"), given.get("action", "block")
    if was != is_now:
        return f"recorded is `{was}`, and its policy gives `{is_now}`"
    return "its policy gives other rules or exceptions"
