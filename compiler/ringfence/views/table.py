"""The views by name, and how records become one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ringfence.evidence.canonical import canonical_bytes
from ringfence.ledger.search import Placed
from ringfence.views.cef import cef_line
from ringfence.views.ecs import ecs_event
from ringfence.views.ocsf import ocsf_event
from ringfence.views.openinference import openinference_span
from ringfence.views.seen import Seen

__all__ = ["VIEWS", "View"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A form of records. The same records give the same bytes in one `version` of it.

    `line` returns a record's line without its line feed, or None where the form has no place for it.
    """

    name: str
    file: str
    version: int
    line: Callable[[Placed, str], bytes | None]

    def lines(self, records: Iterable[Placed], *, origin: str) -> Iterator[bytes]:
        """Yield a line, with its line feed, for each record that the form has a place for."""
        for one in records:
            line = self.line(one, origin)
            if line is not None:
                yield line + b"\n"


def _exact(placed: Placed, _origin: str) -> bytes:
    return placed.record.data


def _cef(placed: Placed, origin: str) -> bytes:
    return cef_line(Seen.of(placed, origin=origin)).encode()


def _json(made: Callable[[Seen], dict[str, Any] | None]) -> Callable[[Placed, str], bytes | None]:
    def line(placed: Placed, origin: str) -> bytes | None:
        found = made(Seen.of(placed, origin=origin))
        return None if found is None else canonical_bytes(found)

    return line


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {
        "jsonl": View(name="jsonl", file="records.jsonl", version=1, line=_exact),
        "ocsf": View(name="ocsf", file="ocsf.jsonl", version=1, line=_json(ocsf_event)),
        "cef": View(name="cef", file="events.cef", version=1, line=_cef),
        "ecs": View(name="ecs", file="ecs.jsonl", version=1, line=_json(ecs_event)),
        "openinference": View(
            name="openinference", file="openinference.jsonl", version=1,
            line=_json(openinference_span),
        ),
    }
)  # fmt: skip
"""`jsonl` is the records' exact bytes; the others are derived, and nothing signs them by itself."""
