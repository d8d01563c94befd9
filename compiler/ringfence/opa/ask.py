"""Ask OPA for decisions: whatever is not a decision is a block."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ringfence.errors import OpaError
from ringfence.opa.transport import UnixAdapter

__all__ = ["DecisionClient", "LoggedDecision", "OpaDecisions", "decide_or_block"]

_PATH = ("ringfence/main", "decision")


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A decision and its id in OPA's decision log, None where OPA logs none."""

    decision: Mapping[str, Any]
    id: str | None


class DecisionClient(Protocol):
    """Anything that returns decisions; it raises OpaError where there is none."""

    def decide(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Return the decision on a request."""


class OpaDecisions:
    """Decisions from an OPA over TCP or a Unix socket, through opa-python-client.

    `timeout` is in seconds, for one request; nothing is retried, since a caller treats silence as
    a block and may ask again.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8181,
        unix: Path | None = None,
        timeout: float = 5.0,
    ) -> None:
        from opa_client import OpaClient

        self._client = OpaClient(host=host, port=port, retries=0, timeout=timeout)
        self._client._session.trust_env = False  # a proxy from the environment is no OPA
        self._client._session.max_redirects = 0  # a decision is given where it was asked for
        if unix:
            self._client._session.mount("http://", UnixAdapter(unix))

    def __enter__(self) -> "OpaDecisions":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close_connection()

    def decide(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Return the decision on a request; raise OpaError for anything that is none."""
        return dict(self.ask(request).decision)

    def ask(self, request: Mapping[str, object]) -> LoggedDecision:
        """Return the decision with its id; raise OpaError for anything that is none."""
        package, rule = _PATH
        try:
            answer = self._client.query_rule(
                input_data=dict(request), package_path=package, rule_name=rule
            )
        except Exception as error:
            raise OpaError(
                f"OPA gave no answer: {type(error).__name__}", help="is it running?"
            ) from None
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, dict) or not isinstance(result.get("allowed"), bool):
            raise OpaError("OPA's answer holds no decision", help="is the right bundle loaded?")
        number = answer.get("decision_id")
        return LoggedDecision(result, number if isinstance(number, str) else None)


def decide_or_block(client: DecisionClient, request: Mapping[str, object]) -> dict[str, Any]:
    """Return the decision, or a block that says why there is none."""
    try:
        return client.decide(request)
    except OpaError as error:
        return {
            "action": "block",
            "allowed": False,
            "evaluated": False,
            "reasons": [{"rule": "opa.unavailable", "action": "block", "message": error.message}],
        }
