"""The registry of diagnostic codes: each code is stable, has a title and says what to do.

One module a range: source (RF0xx), models (RF1xx), conditions (RF2xx), rules (RF3xx),
releases (RF4xx), trust (RF5xx), tests (RF6xx), bundles (RF7xx), opa (RF8xx), evidence (RF9xx),
ledger (RF94x, RF95x), exports (RF96x), proofs and export policies (RF97x), collector (RF98x),
reconciliation (RF990 to RF998), keys outside files (RF999).
"""

from collections.abc import Mapping
from types import MappingProxyType

from ringfence.codes import (
    bundles,
    collector,
    conditions,
    custody,
    evidence,
    export_policy,
    exports,
    ledger,
    models,
    opa,
    proofs,
    reconcile,
    releases,
    rules,
    source,
    tests,
    trust,
)
from ringfence.codes.info import CodeInfo

__all__ = ["CODES", "CodeInfo"]

_RANGES = (
    source.CODES,
    models.CODES,
    conditions.CODES,
    rules.CODES,
    releases.CODES,
    trust.CODES,
    tests.CODES,
    bundles.CODES,
    opa.CODES,
    evidence.CODES,
    ledger.CODES,
    exports.CODES,
    export_policy.CODES,
    proofs.CODES,
    collector.CODES,
    reconcile.CODES,
    custody.CODES,
)

CODES: Mapping[str, CodeInfo] = MappingProxyType(
    {code: info for codes in _RANGES for code, info in sorted(codes.items())}
)
