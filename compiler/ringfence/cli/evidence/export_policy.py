"""How `ringfence evidence export` holds an export to its policy, and what the enterprise profile adds."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringfence.errors import UsageError

if TYPE_CHECKING:
    from ringfence.enterprise.policy import ExportPolicy
    from ringfence.export.predicate import Exporter
    from ringfence.export.selection import Selected

__all__ = ["PolicyOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """What was passed of the profile, its policy, and where a package goes."""

    profile: str
    policy: Path | None
    exporter: str
    region: str
    recipients: tuple[str, ...]
    output: Path
    record: bool

    def require_form(self) -> None:
        """Raise UsageError where options do not fit each other."""
        if (self.profile == "enterprise") != (self.policy is not None):
            hint = "pass `--profile enterprise --policy FILE`"
            raise UsageError("the enterprise profile and an export policy are one", help=hint)
        if self.region and self.policy is None:
            raise UsageError("--region says nothing without a policy", help="leave it out")
        if bool(self.recipients) != self.output.name.endswith(".tar.age"):
            hint = "pass `--recipient age1…` and `-o NAME.tar.age`"
            raise UsageError(
                "an encrypted package has a recipient and ends in `.tar.age`", help=hint
            )

    def allowed(
        self, *, key: str, tenants: frozenset[str], views: tuple[str, ...], asks: bool
    ) -> "tuple[ExportPolicy | None, Exporter]":
        """Return the policy, if any, and who exports by it; raise what the policy forbids.

        `key` is the package key's thumbprint; `asks` tells whether a timestamp authority is asked.
        """
        from ringfence.enterprise.enforcing import Intended, require_allowed
        from ringfence.enterprise.policy import read_policy
        from ringfence.export.predicate import Exporter

        if self.policy is None:
            return None, Exporter(name=self.exporter, by="ledger")
        found = read_policy(self.policy)
        own = "archive" if self.output.name.endswith((".tar", ".tar.age")) else "folder"
        intended = Intended(
            exporter=self.exporter,
            key=key,
            tenants=tenants,
            formats=frozenset({own, *views}),
            region=self.region,
            recipients=self.recipients,
            asks_network=asks,
            recorded=self.record,
        )
        return found, Exporter(name=require_allowed(found, intended).name, by="policy")

    def parts(
        self, policy: "ExportPolicy | None", selected: "Selected", *, bundles: tuple[bytes, ...],
        tenants: frozenset[str],
    ) -> tuple[dict[str, bytes], dict[str, Any]]:  # fmt: skip
        """Return the profile's files, and what the statement says of it; raise for records too old."""
        from ringfence.enterprise.enforcing import require_retained
        from ringfence.enterprise.files import Enterprise
        from ringfence.export.policy import rules_of

        if policy is None:
            return {}, {}
        require_retained(policy, selected.records, now=int(time.time()))
        made = Enterprise(
            policy=policy,
            region=self.region,
            encrypted=bool(self.recipients),
            records=selected.records,
            checkpoint=selected.chain.checkpoint,
            held=frozenset().union(*(rules_of(one, tenants=tenants) for one in bundles)),
        )
        return made.files(), made.extra()
