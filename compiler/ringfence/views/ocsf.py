"""OCSF 1.5.0, one Compliance Finding (2003) a decision: what was checked, and how it came out."""

from typing import Any, Final

from ringfence.evidence.account import Account, Part, Verdict
from ringfence.views.seen import Seen

__all__ = ["ocsf_event"]

_PASS, _WARNING, _FAIL = (1, "Pass"), (2, "Warning"), (3, "Fail")
_STATUS: Final = {
    Verdict.ALLOWED: _PASS,
    Verdict.BLOCKED: _FAIL,
    Verdict.UNDECIDED: _WARNING,
}
_SEVERITY: Final = {
    Verdict.ALLOWED: (1, "Informational"),
    Verdict.BLOCKED: (2, "Low"),
    Verdict.UNDECIDED: (3, "Medium"),
}
_PART: Final = {
    Part.BLOCKED: _FAIL, Part.OBSERVED: _FAIL, Part.WAIVED: _WARNING, Part.APPROVED: _PASS,
}  # fmt: skip


def ocsf_event(seen: Seen) -> dict[str, Any] | None:
    """Return the event of a decision; None for other records, and where no time can be read."""
    if seen.account is None or seen.milliseconds is None:
        return None
    verdict = seen.account.verdict
    severity_id, severity = _SEVERITY[verdict]
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_name": "Findings",
        "category_uid": 2,
        "class_name": "Compliance Finding",
        "class_uid": 2003,
        "compliance": _compliance(seen.account),
        "finding_info": {
            "title": f"{verdict.value} {seen.text('point')}".strip(),
            "uid": seen.text("decision_id"),
        },
        "message": "; ".join(seen.account.why),
        "metadata": {
            "correlation_uid": seen.text("trace_id"),
            "log_name": seen.origin,
            "original_time": seen.text("timestamp"),
            "product": {"name": "ringfence", "vendor_name": "ringfence"},
            "sequence": seen.index,
            "tenant_uid": seen.text("tenant"),
            "uid": seen.leaf,
            "version": "1.5.0",
        },
        "resources": [{"name": seen.text("point"), "type": "decision point"}],
        "severity": severity,
        "severity_id": severity_id,
        "status": "New",
        "status_id": 1,
        "time": seen.milliseconds,
        "type_name": "Compliance Finding: Create",
        "type_uid": 200301,
        "unmapped": {"ringfence": {**seen.place, "revisions": seen.revisions}},
    }


def _compliance(account: Account) -> dict[str, Any]:
    status_id, status = _STATUS[account.verdict]
    checks = [
        {
            "desc": one.said,
            "name": one.rule,
            "status": _PART[one.part][1],
            "status_id": _PART[one.part][0],
            "uid": one.rule,
        }
        for one in account.contributions
    ]
    return {
        "checks": checks,
        "control": next((one["uid"] for one in checks if one["status_id"] == _FAIL[0]), ""),
        "standards": ["ringfence policy"],
        "status": status,
        "status_id": status_id,
    }
