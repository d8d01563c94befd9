"""Read and write results of a change, strictly: what has another shape is no result."""

import re
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from ringfence.change.model import (
    BuildResult,
    PromotionResult,
    ReplayResult,
    Result,
    TestResult,
)
from ringfence.errors import UsageError
from ringfence.evidence.canonical import canonical_bytes
from ringfence.trust.jws import MalformedError, read_object

__all__ = ["AnyResult", "parse_result", "read_any", "read_result", "result_bytes"]

AnyResult = BuildResult | TestResult | ReplayResult | PromotionResult
MAX_RESULT: Final = 60_000
"""Bytes of a result: with its envelope it is a record."""

_ADAPTER: Final[TypeAdapter[AnyResult]] = TypeAdapter(
    Annotated[AnyResult, Field(discriminator="what")]
)
_PLAIN = re.compile(r"[a-z_]{1,40}")
_One = TypeVar("_One", bound=Result)


def result_bytes(result: Result) -> bytes:
    """Return a result as RFC 8785 bytes with a line feed; raise UsageError where it is too long."""
    data = canonical_bytes(result.model_dump(mode="json"))
    if len(data) > MAX_RESULT:
        raise UsageError(f"the result is over {MAX_RESULT} bytes", help="pass fewer logs")
    return data + b"\n"


def read_result(path: Path, kind: type[_One]) -> _One:
    """Return the result of a file; raise UsageError where it is none, or of another kind."""
    result = read_any(path)
    if not isinstance(result, kind):
        raise UsageError(
            f"`{path}` is the result of a {result.what}",
            help="pass the file that the command wrote with --result",
        )
    return result


def read_any(path: Path) -> AnyResult:
    """Return the result of a file, whatever it is of; raise UsageError where it is none."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_RESULT + 2)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"`{path}` cannot be read: {reason}", help="check the path") from None
    return parse_result(raw, name=str(path))


def parse_result(raw: bytes, *, name: str) -> AnyResult:
    """Return the result of a file's bytes; raise UsageError where they are not as they were written.

    The error names members, and never shows a value.
    """
    try:
        if len(raw) > MAX_RESULT + 1:
            raise MalformedError("too long")
        read_object(raw)
        result = _ADAPTER.validate_json(raw)
    except MalformedError as error:
        raise _no_result(name, str(error)) from None
    except ValidationError as error:
        raise _no_result(name, _said(error)) from None
    if result_bytes(result) != raw:
        raise _no_result(name, "it was written anew")
    return result


def _said(error: ValidationError) -> str:
    one = error.errors(include_input=False, include_url=False)[0]
    steps = [str(step) for step in one["loc"]]
    place = ".".join(step for step in steps if _PLAIN.fullmatch(step) or step.isdecimal())
    match one["type"]:
        case "value_error":
            problem = str(one["ctx"]["error"])
        case "missing":
            problem = "is missing"
        case "extra_forbidden":
            return "it has a member that no result has"
        case _:
            problem = "has not the right form"
    return f"{place}: {problem}" if place else problem


def _no_result(name: str, problem: str) -> UsageError:
    return UsageError(
        f"`{name}` is no result of ringfence: {problem}",
        help="pass the file that `--result` wrote, unaltered",
    )
