"""Evaluate many requests on OPA at once, under a given clock."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import requests

from ringfence.errors import OpaError
from ringfence.opa.server import OpaServer
from ringfence.resources import rego_text

__all__ = ["BATCH", "batch_module", "evaluate_batch"]

BATCH = 500
_QUERY = "/v1/data/ringfence/batch/decisions"


def batch_module(folder: Path) -> Path:
    """Write the query module beside a bundle that is to be evaluated in batches."""
    target = folder / "batch.rego"
    target.write_text(rego_text("batch/batch.rego"))
    return target


def evaluate_batch(
    server: OpaServer,
    requests_: Sequence[tuple[object, int]],
    *,
    session: requests.Session | None = None,
) -> list[dict[str, Any] | None]:
    """Return the decision of each (input, clock in ns), None where OPA leaves it undefined.

    An input is JSON-able, or `orjson.Fragment` for exact text. Raise OpaError where OPA fails or an
    answer is missing from a batch.
    """
    answers: list[dict[str, Any] | None] = []
    own = session or server.session()
    for start in range(0, len(requests_), BATCH):
        chunk = requests_[start : start + BATCH]
        cases = [{"i": i, "input": one, "now_ns": now} for i, (one, now) in enumerate(chunk)]
        answers.extend(_ask(own, server.url + _QUERY, cases))
    if session is None:
        own.close()
    return answers


def _ask(
    session: requests.Session, url: str, cases: list[dict[str, object]]
) -> list[dict[str, Any] | None]:
    try:
        response = session.post(url, data=orjson.dumps({"input": {"cases": cases}}), timeout=300)
    except requests.RequestException as error:
        raise OpaError(f"OPA did not answer a batch: {type(error).__name__}") from None
    if response.status_code != 200:
        raise OpaError(f"OPA refused a batch: {response.text[:300]}")
    body: dict[str, Any] = response.json()
    found = {answer[0]: answer[1] for answer in body.get("result", [])}
    missing = [case["i"] for case in cases if case["i"] not in found]
    if missing:
        raise OpaError(f"OPA dropped {len(missing)} of {len(cases)} requests, first {missing[0]}")
    return [found[i] for i in range(len(cases))]
