"""OSCAL assessment results (NIST, 1.1.3, JSON) of how controls stand.

OSCAL wants an assessment plan; there is none, and `import-ap` points to a resource that says so. A finding
has two states only, so that what is not shown is `not-satisfied`, with the reason. Ids are made of the
tree's root, and times are the records': the same package gives the same bytes.
"""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from ringfence.enterprise.policy_model import Controls
from ringfence.enterprise.standing import Standing

__all__ = ["assessment_results"]

_VERSION: Final = "1.1.3"
_MOST: Final = 50
_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "ringfence:evidence-export/oscal")
_PLAN: Final = (
    "No assessment plan was followed: these results are derived from the decisions in the package "
    "beside this file, by the control mapping of its export policy."
)


def assessment_results(
    controls: Controls,
    standings: Sequence[Standing],
    *,
    origin: str,
    root: str,
    first: str,
    last: str,
) -> dict[str, Any]:
    """Return the document. `first` and `last` are the times, in RFC 3339, that the decisions claim."""
    plan = _uuid(root, "plan")
    result = {
        "description": f"Decisions of the log {origin} under the root {root}.",
        "end": last,
        "findings": [_finding(one, root=root) for one in standings],
        "observations": [_observation(one, root=root, at=last) for one in standings],
        "reviewed-controls": {
            "control-selections": [
                {
                    "description": controls.framework,
                    "include-controls": [{"control-id": one.control} for one in standings],
                }
            ]
        },
        "start": first,
        "title": "Decisions of policy",
        "uuid": _uuid(root, "result"),
    }
    resources = [
        {"description": _PLAN, "title": "No assessment plan", "uuid": plan},
        {
            "description": controls.framework,
            "rlinks": [{"href": controls.catalog}],
            "title": "Catalog of the controls",
            "uuid": _uuid(root, "catalog"),
        },
    ]
    return {
        "assessment-results": {
            "back-matter": {"resources": resources},
            "import-ap": {"href": f"#{plan}"},
            "metadata": {
                "last-modified": last,
                "oscal-version": _VERSION,
                "title": f"Assessment results of {origin}",
                "version": "1",
            },
            "results": [result],
            "uuid": _uuid(root, "results"),
        }
    }


def _finding(one: Standing, *, root: str) -> dict[str, Any]:
    status = {"state": "satisfied" if one.is_satisfied else "not-satisfied"}
    if one.why_not:
        status["remarks"] = one.why_not
    return {
        "description": one.why_not
        or "Each violation was stopped, or lifted by a recorded decision.",
        "related-observations": [{"observation-uuid": _uuid(root, f"observation {one.control}")}],
        "target": {"status": status, "target-id": one.control, "type": "objective-id"},
        "title": one.control,
        "uuid": _uuid(root, f"finding {one.control}"),
    }


def _observation(one: Standing, *, root: str, at: str) -> dict[str, Any]:
    counted = ", ".join(f"{count} {part}" for part, count in one.violations.items())
    props = [
        {"name": "record", "ns": "https://ringfence.example/ns/oscal", "value": f"{index} {leaf}"}
        for index, leaf in one.leaves[:_MOST]
    ]
    return {
        "collected": at,
        "description": f"Violations of {', '.join(one.rules) or 'no rule'}: {counted}.",
        "methods": ["TEST"],
        **({"props": props} if props else {}),
        "uuid": _uuid(root, f"observation {one.control}"),
    }


def _uuid(root: str, name: str) -> str:
    """Return an id of RFC 9562, version 5."""
    return str(uuid.uuid5(_SPACE, f"{root} {name}"))
