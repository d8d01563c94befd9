"""The names of a package's files, and how its sums are written."""

from collections.abc import Mapping
from typing import Final

from ringfence.evidence.package import Limits

__all__ = [
    "CHECKPOINT",
    "CHECKPOINT_BODY",
    "CHECKPOINT_SIGNATURE",
    "CONSISTENCY",
    "GUIDE",
    "LIMITS",
    "LOG_PEM",
    "LOG_VKEY",
    "PACKAGE_PEM",
    "POLICY",
    "PREDICATE_TYPE",
    "PROOFS",
    "RECORDS",
    "REQUIRED",
    "STATEMENT",
    "STATEMENT_BODY",
    "STATEMENT_FILES",
    "STATEMENT_SIGNATURE",
    "SUMMARY_HTML",
    "SUMMARY_MARKDOWN",
    "SUMS",
    "TIMESTAMP",
    "VIEWS",
    "WITNESSES",
    "sums",
]

LIMITS: Final = Limits(depth=16, total=1 << 30)
"""What is read of a package, and so what is written; its records are held in memory."""

PREDICATE_TYPE: Final = "ringfence:evidence-export/v1"

RECORDS: Final = "records.jsonl"
PROOFS: Final = "proofs.jsonl"
CONSISTENCY: Final = "consistency.jsonl"
CHECKPOINT: Final = "checkpoint"
CHECKPOINT_BODY: Final = "checkpoint.body"
CHECKPOINT_SIGNATURE: Final = "checkpoint.sig"
LOG_VKEY: Final = "keys/log.vkey"
LOG_PEM: Final = "keys/log.pub.pem"
PACKAGE_PEM: Final = "keys/package.pub.pem"
GUIDE: Final = "VERIFY.md"
SUMMARY_HTML: Final = "summary.html"
SUMMARY_MARKDOWN: Final = "summary.md"
SUMS: Final = "SHA256SUMS"
STATEMENT: Final = "statement.dsse.json"
STATEMENT_BODY: Final = "statement.body"
STATEMENT_SIGNATURE: Final = "statement.sig"

TIMESTAMP: Final = "timestamps/checkpoint.tsr"
WITNESSES: Final = "witnesses/"
POLICY: Final = "policy/"
VIEWS: Final = "views/"

STATEMENT_FILES: Final = frozenset({STATEMENT, STATEMENT_BODY, STATEMENT_SIGNATURE})
"""The files that the statement does not name, since they are made from it."""

REQUIRED: Final = STATEMENT_FILES | {
    RECORDS, PROOFS, CHECKPOINT, CHECKPOINT_BODY, CHECKPOINT_SIGNATURE, LOG_VKEY, LOG_PEM,
    PACKAGE_PEM, GUIDE, SUMMARY_HTML, SUMMARY_MARKDOWN, SUMS,
}  # fmt: skip


def sums(digests: Mapping[str, str]) -> bytes:
    """Write digests as `sha256sum --check` reads them."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()
