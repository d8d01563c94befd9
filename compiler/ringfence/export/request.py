"""What is asked of an export, beside which records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.export.predicate import Exporter
from ringfence.export.selection import Selection
from ringfence.ledger.cosignature import WitnessKey

__all__ = ["ExportRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Who wants what in a package.

    `witnesses` are those whose cosignatures are laid out as files, and `bundles` the archives of policy
    bundles that decided. `timestamp` is a response of RFC 3161 over the checkpoint's note. `files` go in as they are, by name, and `extra` into the statement.
    """

    profile: str
    selection: Selection
    exporter: Exporter
    witnesses: tuple[WitnessKey, ...] = ()
    bundles: tuple[bytes, ...] = ()
    timestamp: bytes | None = None
    views: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
