"""The names of an exported package's files."""

from typing import Final

from ringfence.evidence.layout import (
    CHECKPOINT,
    CHECKPOINT_BODY,
    CHECKPOINT_SIGNATURE,
    GUIDE,
    LOG_PEM,
    LOG_VKEY,
    RECORDS,
    STATEMENT,
    STATEMENT_BODY,
    STATEMENT_FILES,
    STATEMENT_SIGNATURE,
    SUMS,
    sums,
)
from ringfence.evidence.layout import REQUIRED as _SEALED
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

PROOFS: Final = "proofs.jsonl"
CONSISTENCY: Final = "consistency.jsonl"
PACKAGE_PEM: Final = "keys/package.pub.pem"
SUMMARY_HTML: Final = "summary.html"
SUMMARY_MARKDOWN: Final = "summary.md"

TIMESTAMP: Final = "timestamps/checkpoint.tsr"
WITNESSES: Final = "witnesses/"
POLICY: Final = "policy/"
VIEWS: Final = "views/"

REQUIRED: Final = _SEALED | {PROOFS, PACKAGE_PEM, SUMMARY_HTML, SUMMARY_MARKDOWN}
