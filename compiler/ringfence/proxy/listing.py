"""The tools of a server as it lists them now, and what the policy says of the list."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import anyio

from ringfence.proxy.decider import Decider
from ringfence.proxy.identity import Identity
from ringfence.proxy.log import EventLog
from ringfence.proxy.question import list_question
from ringfence.proxy.verdict import Verdict, blocked
from ringfence.tools.definition import ToolDefinition

__all__ = ["Listed", "Listing"]

_OBLIGATIONS = ("show", "alert")
_FIX = "repair the server's list; no tool is served until it is right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One answer of the server and the verdict on it. `shown` are the tools that the agent may see."""

    tools: Mapping[str, ToolDefinition]
    verdict: Verdict
    shown: tuple[ToolDefinition, ...]
    drifted: int

    @property
    def is_served(self) -> bool:
        """Tell whether any of these tools may be called."""
        return self.verdict.allows


class Listing:
    """Ask for the list when it is due: at first, after a change, and once it is `max_age` seconds old.

    A list on which there is no decision serves nothing.
    """

    def __init__(
        self,
        *,
        ask_server: Callable[[], Awaitable[tuple[ToolDefinition, ...]]],
        decider: Decider,
        who: Identity,
        log: EventLog,
        clock: Callable[[], float],
        max_age: float,
    ) -> None:
        self._ask_server = ask_server
        self._decider = decider
        self._who = who
        self._log = log
        self._clock = clock
        self._max_age = max_age
        self._lock = anyio.Lock()
        self._changes = 0
        self._last: tuple[int, float, Listed] | None = None

    def change(self) -> None:
        """Note that the server's list changed: the one that is known counts no more."""
        self._changes += 1

    def is_current(self, listed: Listed) -> bool:
        """Tell whether a list is the last one, and no change was noted since it was asked for."""
        return self._last is not None and self._last[2] is listed and self._last[0] == self._changes

    async def current(self) -> Listed:
        """Return the list that counts now, asking for it where it is due."""
        async with self._lock:
            known = self._known()
            return known if known is not None else await self._renew()

    async def renewed(self) -> Listed:
        """Ask for the list anew, as at every `tools/list` of a client."""
        async with self._lock:
            return await self._renew()

    def _known(self) -> Listed | None:
        if self._last is None:
            return None
        changes, asked_at, listed = self._last
        is_old = self._clock() - asked_at > self._max_age
        return None if is_old or changes != self._changes or not listed.is_served else listed

    async def _renew(self) -> Listed:
        # INVARIANT: a change that comes while the server answers makes its answer stale.
        changes, asked_at = self._changes, self._clock()
        self._last = None
        try:
            tools = await self._ask_server()
        except Exception as error:
            listed = _nothing(blocked("server.list", _words(error), _FIX))
        else:
            listed = _judged(tools, await self._decider.decide(list_question(self._who, tools)))
        self._last = (changes, asked_at, listed)
        self._log.write(
            "list",
            decision_id=listed.verdict.decision_id,
            action=listed.verdict.action,
            reasons=list(listed.verdict.codes),
            listed=len(listed.tools),
            shown=len(listed.shown),
            drifted=listed.drifted,
        )
        return listed


def _words(error: Exception) -> str:
    """Say what went wrong without the server's own words."""
    if isinstance(error, TimeoutError):
        return "the server did not list its tools in time"
    if isinstance(error, ValueError):
        return "the server's list of tools is none that a policy can name"
    return f"the server did not list its tools: {type(error).__name__}"


def _nothing(verdict: Verdict) -> Listed:
    return Listed(tools={}, verdict=verdict, shown=(), drifted=0)


def _judged(tools: tuple[ToolDefinition, ...], verdict: Verdict) -> Listed:
    by_name = {one.name: one for one in tools}
    named = [_names(value) or () for value in verdict.due("drifted")]
    drifted = max(sum(map(len, named)), int("tools.drift" in verdict.codes))
    if not verdict.allows:
        return Listed(tools=by_name, verdict=verdict, shown=(), drifted=drifted)
    show = [_names(value) for value in verdict.due("show")] or [frozenset(by_name)]
    names = show[0]
    if verdict.undue(_OBLIGATIONS) or len(show) > 1 or names is None or not names <= set(by_name):
        said = "the decision asks for what this proxy cannot do"
        fix = "use a proxy of the version that compiled the policy"
        return _nothing(blocked("proxy.obligation", said, fix, decision_id=verdict.decision_id))
    shown = tuple(one for one in tools if one.name in names)
    return Listed(tools=by_name, verdict=verdict, shown=shown, drifted=drifted)


def _names(value: object) -> frozenset[str] | None:
    """Return the names that an obligation lists, None where it is no list of names."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return frozenset(value)
