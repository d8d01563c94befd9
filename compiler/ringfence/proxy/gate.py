"""Decide one call after the other, count it, and only then let it out."""

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from ringfence.proxy.approvals import ApprovalFolder
from ringfence.proxy.arguments import ALL, CoveredDigest, digest_arguments
from ringfence.proxy.budget import COUNTED
from ringfence.proxy.decider import Decider
from ringfence.proxy.identity import Identity
from ringfence.proxy.listing import Listed, Listing
from ringfence.proxy.question import call_facts, call_question
from ringfence.proxy.session import BusyError, Session, Turn
from ringfence.proxy.verdict import Verdict, blocked
from ringfence.tools.definition import TOOL_NAME

__all__ = ["Gate", "Ruling"]

# `attach` is met by the log, which names the approvals that lifted a rule.
_OBLIGATIONS = ("count", "attach", "redact", "alert")
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

    @property
    def is_held(self) -> bool:
        """Tell whether the call waits for a person."""
        return self.verdict.action == "human_review"


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks for; `whole` is the digest of all arguments."""

    tool: str
    arguments: Mapping[str, Any]
    whole: CoveredDigest

    def digest(self, covered: str) -> CoveredDigest:
        """Return the digest of the arguments that count."""
        if covered == ALL:
            return self.whole
        return digest_arguments(self.arguments, covered=covered)


class Gate:
    """The one way to a tool. Calls of a session are decided one at a time, so that none is counted late.

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
        session: Session,
        told: Callable[[], Mapping[str, int]],
        turn: float,
    ) -> None:
        self._who = who
        self._listing = listing
        self._decider = decider
        self._approvals = approvals
        self._session = session
        self._told = told
        self._turn = turn
        self._covered: dict[str, str] = {}

    async def rule(self, tool: str, arguments: Mapping[str, Any]) -> Ruling:
        """Decide a call, and count what it uses where it goes out."""
        if not re.fullmatch(TOOL_NAME, tool):
            return _refused("proxy.name", "no policy can list a tool of that name", "name a tool")
        try:
            whole = digest_arguments(arguments)
        except ValueError as error:
            return _refused("proxy.arguments", str(error), "send values that JSON has for all")
        call = Call(tool, arguments, whole)
        try:
            return await self._ruled(call)
        except BusyError:
            said = f"the call waited longer than {self._turn:g} s for its decision"
            return _refused("proxy.busy", said, "call again")
        except sqlite3.Error as error:
            said = f"the session's state cannot be used: {type(error).__name__}"
            return _refused("proxy.state", said, "repair the folder of `--state`")

    async def may_be_approved(self, held: Ruling) -> bool:
        """Tell whether the folder has a token that claims to be of a held call, spent ones too."""
        found = await anyio.to_thread.run_sync(
            partial(self._approvals.of, held.facts or {}, spent=())
        )
        return bool(found)

    async def received(self, size: int) -> None:
        """Count the bytes of an answer."""
        await self._session.received(size, within=self._turn)

    async def _ruled(self, call: Call) -> Ruling:
        for _ in range(_TRIES):
            listed = await self._listing.current()
            if not listed.is_served and not listed.verdict.was_decided:
                return Ruling(verdict=listed.verdict)
            async with self._session.turn(within=self._turn) as turn:
                try:
                    ruling = await self._asked(turn, listed, call)
                except ValueError as error:
                    return _refused("proxy.usage", str(error), "repair the file of `--usage`")
                if not listed.is_served:
                    return ruling if ruling.verdict.action == "block" else Ruling(
                        verdict=listed.verdict, facts=ruling.facts
                    )  # fmt: skip
                # INVARIANT: nothing is awaited between this test and the counting.
                if self._listing.is_current(listed):
                    return _counted(turn, ruling, size=call.whole.size)
        return _refused("proxy.list", "the server's list keeps changing", "call again")

    async def _asked(self, turn: Turn, listed: Listed, call: Call) -> Ruling:
        """Ask; where the policy names other arguments to cover, ask once more with those."""
        covered = self._covered.get(call.tool, ALL)
        verdict, facts = await self._ask(turn, listed, call, covered)
        named = verdict.due("cover")
        if len(named) == 1 and isinstance(named[0], str) and named[0] not in ("", covered):
            self._covered[call.tool] = named[0]
            verdict, facts = await self._ask(turn, listed, call, named[0])
        return Ruling(verdict=verdict, facts=facts)

    async def _ask(
        self, turn: Turn, listed: Listed, call: Call, covered: str
    ) -> tuple[Verdict, Mapping[str, Any]]:
        definition = listed.tools.get(call.tool)
        facts = call_facts(
            self._who,
            tool=call.tool,
            digest=definition.digest if definition else _UNKNOWN_DIGEST,
            arguments=call.digest(covered),
            drifted=turn.drifted(self._who.server, listed.drifted),
            usage=turn.used().facts(self._told()),
        )
        tokens = await anyio.to_thread.run_sync(
            partial(self._approvals.of, facts, spent=turn.spent())
        )
        return await self._decider.decide(call_question(self._who, facts, approvals=tokens)), facts


def _counted(turn: Turn, ruling: Ruling, *, size: int) -> Ruling:
    verdict = ruling.verdict
    if not ruling.goes_out:
        return ruling
    counts, redacts = verdict.due("count"), verdict.due("redact")
    if (
        verdict.undue(_OBLIGATIONS)
        or not all(name in COUNTED for name in counts)
        or not all(_are_pointers(one) for one in redacts)
        or bool(redacts) != (verdict.action == "redact")
    ):
        said, fix = "the decision asks for what this proxy cannot do", "use a newer proxy"
        denied = blocked("proxy.obligation", said, fix, decision_id=verdict.decision_id)
        return Ruling(verdict=denied, facts=ruling.facts)
    turn.reserve(also=counts, size=size, approvals=verdict.approvals)
    return ruling


def _are_pointers(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _refused(code: str, text: str, fix: str) -> Ruling:
    return Ruling(verdict=blocked(code, text, fix))
