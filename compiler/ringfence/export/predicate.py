"""What a package's statement says of itself, and which part of that the records bear out."""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import VerifyError
from ringfence.evidence.records import Record, RecordKind

__all__ = ["NOT_SHOWN", "Contents", "Exporter", "predicate", "require_borne_out"]

NOT_SHOWN: Final = (
    "that these are all records of the tenants, or all in the window: the exporter chose them",
    "what was never recorded, such as decisions that were lost before they reached the log",
    "that times and contents of decisions, which OPA's log claims, are true",
    "that nobody had the private key of the log or of the package who should not",
)
"""What no package shows, whatever was passed to verify it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Who asked for the package, and by what they may have it.

    `by` is `policy` where an export policy names them, and `ledger` where they could read it anyway.
    """

    name: str
    by: str


@dataclass(slots=True)
class Contents:
    """The records as they pass: how many of which kind, tenants, and the revisions that decided."""

    kinds: Counter[str] = field(default_factory=Counter)
    tenants: set[str] = field(default_factory=set)
    revisions: dict[str, set[str]] = field(default_factory=dict)

    def add(self, record: Record, body: Mapping[str, Any]) -> None:
        """Take one record into account; raise VerifyError (RF963) where it is of no tenant."""
        self.kinds[record.kind.value] += 1
        if record.kind is RecordKind.KEY_EVENT:
            return
        tenant, bundles = body.get("tenant"), body.get("bundles")
        if not isinstance(tenant, str) or not tenant:
            raise VerifyError("RF963", "a record in the package is of no tenant")
        self.tenants.add(tenant)
        for name, revision in bundles.items() if isinstance(bundles, dict) else ():
            if isinstance(revision, str):
                self.revisions.setdefault(name, set()).add(revision)

    @property
    def all_revisions(self) -> frozenset[str]:
        """Return the revisions of all bundles."""
        return frozenset().union(*self.revisions.values())

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Contents":
        """Take all records into account."""
        found = cls()
        for record in records:
            found.add(record, record.body)
        return found

    def said(self) -> dict[str, Any]:
        """Return it as the statement has it."""
        return {
            "bundles": {name: sorted(self.revisions[name]) for name in sorted(self.revisions)},
            "kinds": dict(sorted(self.kinds.items())),
            "records": sum(self.kinds.values()),
        }


def predicate(
    contents: Contents,
    *,
    checkpoint: Checkpoint,
    profile: str,
    tenants: Iterable[str],
    selection: Mapping[str, Any],
    exporter: Exporter,
    pages: int,
    policy: Mapping[str, str],
    views: Mapping[str, int],
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the predicate. `pages` is the version of the pages; `policy` are revisions by the bundle's file; `extra` is what a profile adds."""
    return {
        **contents.said(),
        "exporter": {"by": exporter.by, "name": exporter.name},
        "extra": dict(extra),
        "not_shown": list(NOT_SHOWN),
        "origin": checkpoint.origin,
        "pages": pages,
        "policy": dict(policy),
        "profile": profile,
        "root": base64.b64encode(checkpoint.root).decode(),
        "selection": dict(selection),
        "tenants": sorted(tenants),
        "tree_size": checkpoint.size,
        "views": dict(sorted(views.items())),
    }


_MEMBERS: Final = {
    "bundles": dict, "exporter": dict, "extra": dict, "kinds": dict, "not_shown": list,
    "origin": str, "pages": int, "policy": dict, "profile": str, "records": int, "root": str, "selection": dict,
    "tenants": list, "tree_size": int, "views": dict,
}  # fmt: skip


def require_borne_out(
    said: Mapping[str, Any], *, contents: Contents, checkpoint: Checkpoint
) -> None:
    """Raise VerifyError unless the predicate is of these records and this checkpoint.

    RF963 where a record's tenant is none of those that the package is for, RF927 otherwise.
    """
    if said.keys() != _MEMBERS.keys():
        raise VerifyError("RF927", "the statement says more or less than a package's does")
    if any(type(said[name]) is not kind for name, kind in _MEMBERS.items()):
        raise VerifyError("RF927", "the statement is malformed")
    if not all(isinstance(one, str) for one in (*said["tenants"], *said["not_shown"])):
        raise VerifyError("RF927", "the statement is malformed")
    tree = {
        "origin": checkpoint.origin,
        "root": base64.b64encode(checkpoint.root).decode(),
        "tree_size": checkpoint.size,
    }
    if any(said[name] != value for name, value in tree.items()):
        raise VerifyError("RF927", "the statement is of another checkpoint")
    if contents.tenants - set(said["tenants"]):
        raise VerifyError("RF963", "a record is of a tenant that the package is not for")
    if any(said[name] != value for name, value in contents.said().items()):
        raise VerifyError("RF927", "the statement is not of these records")
