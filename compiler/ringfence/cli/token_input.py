"""What commands that sign tokens read: facts from a file, who signs, for how long."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ringfence.errors import UsageError
from ringfence.language.values import parse_duration
from ringfence.trust.jws import MalformedError, read_object

__all__ = ["check_identity", "check_kid", "fact_at", "read_facts", "read_lifetime"]


def read_facts(source: str) -> dict[str, Any]:
    """Return the JSON object of a file, `-` for standard input; raise UsageError for anything else."""
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return read_object(raw)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"facts `{source}` cannot be read: {reason}", help="check the path"
        ) from None
    except MalformedError as error:
        raise UsageError(
            f"facts `{source}`: {error}", help="send the `facts` of the request, as JSON"
        ) from None


def fact_at(facts: Any, path: Iterable[str]) -> Any:
    """Return the value under a path of names, or None where there is none."""
    for step in path:
        facts = facts.get(step) if isinstance(facts, dict) else None
    return facts


def check_identity(option: str, value: str) -> None:
    """Raise UsageError for what is no identity."""
    if not re.fullmatch(r"(?:user|group|service):[!-~]{1,200}", value):
        raise UsageError(f"`{value}` is no identity", help=f"{option} user:NAME")


def check_kid(kid: str) -> None:
    """Raise UsageError for what is no key id."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", kid):
        raise UsageError(f"`{kid}` is no key id", help="see `kid` in the trust root")


def read_lifetime(ttl: str, *, longest: int) -> int:
    """Return seconds; raise UsageError for what is no duration, or longer than `longest`."""
    try:
        seconds = parse_duration(ttl)
    except ValueError as error:
        raise UsageError(f"--ttl {error}", help="for example --ttl 8h") from None
    if seconds > longest:
        days = longest // 86_400
        raise UsageError(f"--ttl {ttl} is longer than {days} days", help="sign for less long")
    return seconds
