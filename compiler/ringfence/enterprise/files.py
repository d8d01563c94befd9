"""What the enterprise profile adds to a package: its policy, how controls stand, and OSCAL of it."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ringfence.enterprise.oscal import assessment_results
from ringfence.enterprise.policy import ExportPolicy
from ringfence.enterprise.standing import Standing, standings
from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.records import RecordKind
from ringfence.ledger.search import Placed
from ringfence.views.seen import Seen

__all__ = ["CONTROLS", "FOLDER", "OSCAL", "POLICY", "Enterprise"]

FOLDER: Final = "enterprise/"
POLICY: Final = f"{FOLDER}export-policy.yaml"
CONTROLS: Final = f"{FOLDER}controls.json"
OSCAL: Final = f"{FOLDER}assessment-results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """What the profile is made of: all of it follows from the package and these claims of the exporter.

    `held` are the rules of the bundles in the package.
    """

    policy: ExportPolicy
    region: str
    encrypted: bool
    records: Sequence[Placed]
    checkpoint: Checkpoint
    held: frozenset[str]

    def files(self) -> dict[str, bytes]:
        """Return the files by name."""
        found = {POLICY: self.policy.content}
        controls, standing = self.policy.file.controls, self._standings()
        if controls is None:
            return found
        said = {"controls": [one.said() for one in standing], "framework": controls.framework}
        found[CONTROLS] = canonical_bytes(said) + b"\n"
        if times := self._times():
            document = assessment_results(
                controls,
                standing,
                origin=self.checkpoint.origin,
                root=base64.b64encode(self.checkpoint.root).decode(),
                first=times[0],
                last=times[-1],
            )
            found[OSCAL] = canonical_bytes(document) + b"\n"
        return found

    def extra(self) -> dict[str, Any]:
        """Return what the statement says of it."""
        file, standing = self.policy.file, self._standings()
        return {
            "classification": file.classification,
            "deployment": _plain(file.deployment.model_dump()),
            "encryption": "age" if self.encrypted else "none",
            "formats": sorted(file.formats),
            "policy": file.name,
            "policy_sha256": self.policy.digest,
            "region": self.region,
            "retention_days": file.retention.days if file.retention else None,
            "status": {
                "controls": len(standing),
                "gaps": [one.control for one in standing if one.gaps or not one.rules],
                "not_satisfied": [one.control for one in standing if not one.is_satisfied],
            },
        }

    def _standings(self) -> tuple[Standing, ...]:
        controls = self.policy.file.controls
        if controls is None:
            return ()
        return standings(controls.mapping, records=self.records, held=self.held)

    def _times(self) -> list[str]:
        seen = (
            Seen.of(one, origin=self.checkpoint.origin)
            for one in self.records
            if one.record.kind is RecordKind.DECISION
        )
        return sorted(one.rfc3339 for one in seen if one.time is not None)


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(one) if isinstance(one, tuple) else one for name, one in found.items()}
