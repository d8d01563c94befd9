"""The names of a package's files, and how its sums are written."""

from collections.abc import Mapping
from typing import Final

__all__ = [
    "CHECKPOINT",
    "CHECKPOINT_BODY",
    "CHECKPOINT_SIGNATURE",
    "GUIDE",
    "LOG_PEM",
    "LOG_VKEY",
    "RECORDS",
    "REQUIRED",
    "STATEMENT",
    "STATEMENT_BODY",
    "STATEMENT_FILES",
    "STATEMENT_SIGNATURE",
    "SUMS",
    "sums",
]

RECORDS: Final = "records.jsonl"
CHECKPOINT: Final = "checkpoint"
CHECKPOINT_BODY: Final = "checkpoint.body"
CHECKPOINT_SIGNATURE: Final = "checkpoint.sig"
LOG_VKEY: Final = "keys/log.vkey"
LOG_PEM: Final = "keys/log.pub.pem"
SUMS: Final = "SHA256SUMS"
GUIDE: Final = "VERIFY.md"
STATEMENT: Final = "statement.dsse.json"
STATEMENT_BODY: Final = "statement.body"
STATEMENT_SIGNATURE: Final = "statement.sig"

STATEMENT_FILES: Final = frozenset({STATEMENT, STATEMENT_BODY, STATEMENT_SIGNATURE})
"""The files that the statement does not name, since they are made from it."""

REQUIRED: Final = STATEMENT_FILES | {
    RECORDS, CHECKPOINT, CHECKPOINT_BODY, CHECKPOINT_SIGNATURE, LOG_VKEY, LOG_PEM, SUMS, GUIDE,
}  # fmt: skip


def sums(digests: Mapping[str, str]) -> bytes:
    """Write digests as `sha256sum --check` reads them."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()
