"""Evaluate many requests on OPA at once, under a given clock."""

import contextlib
import json
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
    """Return the decision of each (input, clock in ns), None where OPA has none or can't read it.

    An input is JSON-able, or `orjson.Fragment` for exact text; integers of any size arrive as they
    are. Raise OpaError where OPA fails, an input is no JSON, or an answer is missing from a batch.
    """
    with contextlib.ExitStack() as stack:
        own = session or stack.enter_context(server.session())
        return [
            answer
            for start in range(0, len(requests_), BATCH)
            for answer in _ask(own, server.url + _QUERY, requests_[start : start + BATCH], start)
        ]


def _ask(
    session: requests.Session, url: str, chunk: Sequence[tuple[object, int]], start: int
) -> list[dict[str, Any] | None]:
    cases = b",".join(
        b'{"i":%d,"now_ns":%d,"input":%b}' % (i, now, _text(one, start + i))
        for i, (one, now) in enumerate(chunk)
    )
    try:
        response = session.post(url, data=b'{"input":{"cases":[%b]}}' % cases, timeout=300)
        body: dict[str, Any] = response.json() if response.status_code == 200 else {}
    except requests.RequestException as error:
        raise OpaError(f"OPA did not answer a batch: {type(error).__name__}") from None
    if response.status_code == 400:
        # OPA reads some numbers not at all, and then refuses the whole request: find the one.
        half = len(chunk) // 2
        if not half:
            return [None]
        return [
            *_ask(session, url, chunk[:half], start),
            *_ask(session, url, chunk[half:], start + half),
        ]
    if response.status_code != 200:
        raise OpaError(f"OPA refused a batch: {response.text[:300]}")
    answers = body.get("result", [])
    found = {answer[0]: answer[1] for answer in answers}
    missing = [start + i for i in range(len(chunk)) if i not in found]
    if missing:
        message = f"OPA dropped {len(missing)} of {len(chunk)} requests, first {missing[0]}"
        raise OpaError(message, help="is the batch module loaded beside the bundle?")
    if len(answers) != len(chunk):
        raise OpaError(f"OPA answered {len(chunk)} requests {len(answers)} times")
    return [found[i] for i in range(len(chunk))]


def _text(one: object, index: int) -> bytes:
    """Return JSON that keeps every number: orjson stops at 64 bits and writes NaN as null."""
    try:
        try:
            return json.dumps(one, allow_nan=False, separators=(",", ":")).encode()
        except TypeError:
            return orjson.dumps(one)  # it holds an `orjson.Fragment`, or is none of JSON's types
    except (TypeError, ValueError, RecursionError) as error:
        raise OpaError(f"request {index} is no JSON: {error}") from None
