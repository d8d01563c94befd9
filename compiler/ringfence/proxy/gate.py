"""Decide one call after the other, count it, and only then let it out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from ringfence.proxy.approvals import ApprovalFolder
from ringfence.proxy.arguments import ALL, CoveredDigest, digest_arguments
from ringfence.proxy.budget import COUNTED, Usage
from ringfence.proxy.decider import Decider
from ringfence.proxy.identity import Identity
from ringfence.proxy.listing import Listed, Listing
from ringfence.proxy.question import call_facts, call_question
from ringfence.proxy.verdict import Verdict, blocked
from ringfence.tools.definition import TOOL_NAME

__all__ = ["Gate", "Ruling"]

_OBLIGATIONS = ("count", "redact", "alert")
_UNKNOWN_DIGEST = "sha256:none"
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The verdict on a call, and the facts that it was asked with: none where nobody was asked."""

    verdict: Verdict
    facts: Mapping[str, Any] | None = None

    @property
    def goes_out(self) -> bool:
        """Tell whether the call is to be made; it is counted then."""
        return self.verdict.allows or self.verdict.action == "redact"


class Gate:
    """The one way to a tool. Calls are decided one at a time, so that none is counted late.

    `turn` is how long a call may wait for its turn, in seconds; `told` returns the runtime's own
    counts, and raises ValueError where it cannot read them.
    """

    def __init__(
        self,
        *,
        who: Identity,
        listing: Listing,
        decider: Decider,
        approvals: ApprovalFolder,
        usage: Usage,
        told: Callable[[], Mapping[str, int]],
        turn: float,
    ) -> None:
        self._who = who
        self._listing = listing
        self._decider = decider
        self._approvals = approvals
        self._usage = usage
        self._told = told
        self._turn = turn
        self._lock = anyio.Lock()
        self._covered: dict[str, str] = {}
        self._spent: set[str] = set()

    async def rule(self, tool: str, arguments: Mapping[str, Any]) -> Ruling:
        """Decide a call, and count what it uses where it goes out."""
        if not re.fullmatch(TOOL_NAME, tool):
            return _refused("proxy.name", "no policy can list a tool of that name", "name a tool")
        try:
            whole = digest_arguments(arguments)
        except ValueError as error:
            return _refused("proxy.arguments", str(error), "send values that JSON has for all")
        try:
            with anyio.fail_after(self._turn):
                await self._lock.acquire()
        except TimeoutError:
            said = f"the call waited longer than {self._turn:g} s for its decision"
            return _refused("proxy.busy", said, "call again")
        try:
            return await self._in_turn(tool, arguments, whole)
        finally:
            self._lock.release()

    async def _in_turn(
        self, tool: str, arguments: Mapping[str, Any], whole: CoveredDigest
    ) -> Ruling:
        for _ in range(_TRIES):
            listed = await self._listing.current()
            if not listed.is_served and not listed.verdict.was_decided:
                return Ruling(verdict=listed.verdict)
            try:
                ruling = await self._asked(listed, tool, arguments, whole)
            except ValueError as error:
                return _refused("proxy.usage", str(error), "repair the file of `--usage`")
            if not listed.is_served:
                return ruling if ruling.verdict.action == "block" else Ruling(
                    verdict=listed.verdict, facts=ruling.facts
                )  # fmt: skip
            # INVARIANT: nothing is awaited between this test and the counting.
            if self._listing.is_current(listed):
                return self._counted(ruling, size=whole.size)
        return _refused("proxy.list", "the server's list keeps changing", "call again")

    async def _asked(
        self, listed: Listed, tool: str, arguments: Mapping[str, Any], whole: CoveredDigest
    ) -> Ruling:
        """Ask; where the policy names other arguments to cover, ask once more with those."""
        covered = self._covered.get(tool, ALL)
        verdict, facts = await self._ask(listed, tool, arguments, whole, covered)
        named = verdict.due("cover")
        if len(named) == 1 and isinstance(named[0], str) and named[0] not in ("", covered):
            self._covered[tool] = named[0]
            verdict, facts = await self._ask(listed, tool, arguments, whole, named[0])
        return Ruling(verdict=verdict, facts=facts)

    async def _ask(
        self,
        listed: Listed,
        tool: str,
        arguments: Mapping[str, Any],
        whole: CoveredDigest,
        covered: str,
    ) -> tuple[Verdict, Mapping[str, Any]]:
        definition = listed.tools.get(tool)
        facts = call_facts(
            self._who,
            tool=tool,
            digest=definition.digest if definition else _UNKNOWN_DIGEST,
            arguments=whole if covered == ALL else digest_arguments(arguments, covered=covered),
            drifted=listed.drifted,
            usage=self._usage.facts(self._told()),
        )
        tokens = await anyio.to_thread.run_sync(
            partial(self._approvals.of, facts, spent=frozenset(self._spent))
        )
        return await self._decider.decide(call_question(self._who, facts, approvals=tokens)), facts

    def _counted(self, ruling: Ruling, *, size: int) -> Ruling:
        verdict = ruling.verdict
        if not ruling.goes_out:
            return ruling
        counts = verdict.due("count")
        redacts = verdict.due("redact")
        if (
            verdict.undue(_OBLIGATIONS)
            or not set(counts) <= COUNTED
            or bool(redacts) != (verdict.action == "redact")
        ):
            said, fix = "the decision asks for what this proxy cannot do", "use a newer proxy"
            number = verdict.decision_id
            denied = blocked("proxy.obligation", said, fix, decision_id=number)
            return Ruling(verdict=denied, facts=ruling.facts)
        self._usage.reserve(also=counts, size=size)
        self._spent.update(verdict.approvals)
        return ruling

    def received(self, size: int) -> None:
        """Count the bytes of an answer."""
        self._usage.received(size)


def _refused(code: str, text: str, fix: str) -> Ruling:
    return Ruling(verdict=blocked(code, text, fix))
