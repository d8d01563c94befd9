"""Which rules apply to a decision: the bundle's to say, and only of the one that decided."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from ringfence.bundle.archive import Limits, unpack
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.export.policy import revision_of

__all__ = ["applicable_rules"]

_INFLATED: Final = Limits(size=256 << 20)


def applicable_rules(decision: Mapping[str, Any], *, archives: Sequence[bytes]) -> frozenset[str]:
    """Return the ids of the rules at a decision's point, shared ones and its tenant's own.

    `archives` are policy bundles; the one counts whose revision the decision's record names, once both
    digests of that revision are its files'. Raise EvidenceError (RF965) where none is, or one is damaged.
    """
    named = decision.get("bundles")
    revisions = frozenset(named.values()) if isinstance(named, dict) else frozenset()
    for archive in archives:
        try:
            if revision_of(archive) in revisions:
                return _rules(unpack(archive, limits=_INFLATED), decision)
        except VerifyError as error:
            raise EvidenceError(error.code, error.message) from None
        except (AttributeError, KeyError, TypeError, ValueError):
            problem = "a policy bundle is damaged, or none of ringfence's"
            raise EvidenceError("RF965", problem) from None
    raise EvidenceError(
        "RF965",
        "no bundle is of a revision that the decision's record names",
        help="pass with --bundle the one that was in force when the decision was made",
    )


def _rules(files: Mapping[str, bytes], decision: Mapping[str, Any]) -> frozenset[str]:
    point = str(decision.get("point")).replace(".", "_").replace("-", "_")
    shared = orjson.loads(files["ringfence/rules/data.json"])[point]
    params = orjson.loads(files["ringfence/params/data.json"]).get(point, {})
    own = params.get(decision.get("tenant"), {}).get("ids", ())
    return frozenset([*shared, *own])
