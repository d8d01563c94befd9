"""Check the enterprise part of a package: all of it follows from its policy, bundles and records."""

from collections.abc import Sequence
from typing import Any

from ringfence.enterprise.enforcing import require_form, require_granted
from ringfence.enterprise.files import FOLDER, POLICY, Enterprise
from ringfence.enterprise.policy import ExportPolicy, packed_policy
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.export.contents import SignedContents
from ringfence.export.policy import rules_of
from ringfence.ledger.search import Placed

__all__ = ["require_enterprise"]


def require_enterprise(
    files: SignedContents,
    *,
    key: str,
    records: Sequence[Placed],
    checkpoint: Checkpoint,
    trusted: ExportPolicy | None,
) -> None:
    """Raise VerifyError (RF979) unless the part is what the profile makes of the package.

    `key` is the thumbprint of the package's key. With a `trusted` policy, the package's must be that one,
    byte by byte, and allow what was exported: RF960, RF973 to RF975 otherwise.
    """
    said = files.said
    held = {name for name in files.names if name.startswith(FOLDER)}
    if said["profile"] != "enterprise":
        if held or said["extra"] or trusted is not None:
            raise VerifyError("RF979", "the package is not of the enterprise profile")
        return
    if POLICY not in held:
        raise VerifyError("RF979", "the package has no export policy")
    policy = packed_policy(files.read(POLICY))
    extra = said["extra"]
    region, encryption = extra.get("region"), extra.get("encryption")
    if not isinstance(region, str) or encryption not in ("age", "none"):
        raise VerifyError("RF979", "the statement does not say where to, or how, it was exported")
    found = Enterprise(
        policy=policy,
        region=region,
        encrypted=encryption == "age",
        records=records,
        checkpoint=checkpoint,
        held=_held(files),
    )
    derived = found.files()
    if extra != found.extra() or held != derived.keys():
        raise VerifyError("RF979", "the statement is not what policy and records give")
    for name in sorted(derived):
        if files.read(name) != derived[name]:
            raise VerifyError("RF979", f"`{name}` is not what policy and records give")
    if trusted is not None:
        _require_trusted(policy, trusted, key=key, said=said)


def _held(files: SignedContents) -> frozenset[str]:
    tenants = frozenset(files.said["tenants"])
    found = (rules_of(files.read(name), tenants=tenants) for name in files.said["policy"])
    return frozenset().union(*found)


def _require_trusted(
    policy: ExportPolicy, trusted: ExportPolicy, *, key: str, said: dict[str, Any]
) -> None:
    if policy.content != trusted.content:
        raise VerifyError("RF979", "the package's export policy is not the one that is trusted")
    extra = said["extra"]
    try:
        grant = require_granted(trusted, key=key, tenants=said["tenants"])
        require_form(trusted, formats=frozenset(said["views"]), region=extra["region"])
    except EvidenceError as error:
        raise VerifyError(error.code, error.message) from None
    if trusted.file.encryption.required and extra["encryption"] != "age":
        raise VerifyError("RF975", "the package was not encrypted, as its policy demands")
    if said["exporter"] != {"by": "policy", "name": grant.name}:
        raise VerifyError("RF960", "the package's key is another exporter's")
