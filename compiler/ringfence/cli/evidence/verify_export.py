"""How `ringfence evidence verify` checks an exported package, and says what it found."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.evidence.output import print_json, print_not_shown
from ringfence.cli.evidence.trust import TrustOptions, unasked

if TYPE_CHECKING:
    from ringfence.export.verify import ExportResult, ExportVerifier
    from ringfence.timestamp.authority import TrustedAuthority

__all__ = ["ExportTrust", "export_verifier", "trusted_authority", "verify_export"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTrust:
    """Files that an exported package is held against, beside the keys: none where nothing is asked for."""

    tsa: Path | None = None
    policy: Path | None = None
    identity: Path | None = None


def verify_export(
    package: Path,
    trust: TrustOptions,
    *,
    package_key: Path | None,
    more: "ExportTrust",
    form: str,
) -> None:
    """Verify a package with the log's and the package's keys, and print what is shown."""
    asked = export_verifier(package, trust, package_key=package_key, more=more)
    result = asked.verify(package)
    not_shown = [*result.not_shown, *unasked(trust)]
    if form == "json":
        print_json({**_said(result), "not_shown": not_shown})
        return
    _print(result)
    print_not_shown(not_shown)


def export_verifier(
    package: Path,
    trust: TrustOptions,
    *,
    package_key: Path | None,
    more: "ExportTrust | None" = None,
) -> "ExportVerifier":
    """Return the verifier that the options ask for; raise UsageError where the key is missing."""
    from ringfence.enterprise.policy import read_policy
    from ringfence.errors import UsageError
    from ringfence.export.contents import claimed_origin
    from ringfence.export.package_key import PackageKey
    from ringfence.export.verify import ExportVerifier
    from ringfence.keys import load_public

    given = more or ExportTrust()
    if package_key is None:
        hint = "pass the public key of whoever exported the package"
        raise UsageError("an exported package needs --package-key", help=hint)
    return ExportVerifier(
        trust=trust.read(origin=claimed_origin(package, identity=given.identity)),
        package_key=PackageKey(load_public(package_key)),
        authority=trusted_authority(given.tsa) if given.tsa else None,
        policy=read_policy(given.policy) if given.policy else None,
        identity=given.identity,
    )


def trusted_authority(file: Path) -> "TrustedAuthority":
    """Read the roots of a timestamp authority; raise UsageError."""
    from ringfence.errors import UsageError
    from ringfence.evidence.error import EvidenceError
    from ringfence.timestamp.authority import TrustedAuthority

    try:
        return TrustedAuthority.of_pem(file.read_bytes())
    except (OSError, EvidenceError):
        hint = "pass the root certificate of a timestamp authority, in PEM"
        raise UsageError(f"`{file}` holds no certificate", help=hint) from None


def _said(result: "ExportResult") -> dict[str, Any]:
    said = result.said
    names = ("bundles", "exporter", "extra", "kinds", "profile", "selection", "tenants", "views")
    return {
        "verified": True,
        "origin": result.checkpoint.origin,
        "tree_size": result.checkpoint.size,
        "root": base64.b64encode(result.checkpoint.root).decode(),
        "key": result.key.vkey,
        "records": len(result.records),
        "files": result.files,
        "stamp": _stamp(result),
        "cosignatures": [{"witness": c.key.name, "time": c.time} for c in result.cosignatures],
        **{name: said[name] for name in names},
    }


def _stamp(result: "ExportResult") -> dict[str, Any] | None:
    found = result.stamp
    if found is None:
        return None
    time = found.time.isoformat()
    return {"authority": found.authority, "serial": str(found.serial), "time": time}


def _print(result: "ExportResult") -> None:
    from ringfence.report.escape import escape_line

    point, said = result.checkpoint, result.said
    kinds = ", ".join(f"{count} {kind}" for kind, count in said["kinds"].items())
    lines = [
        f"verified {len(result.records)} records ({kinds}) in {result.files} files",
        f"  of tenant {', '.join(said['tenants'])}, profile {said['profile']}",
        f"  under {point.size} records of {point.origin}",
        f"  root   {base64.b64encode(point.root).decode()}",
        f"  key    {result.key.vkey}",
    ]
    lines += [f"  cosigned by {one.key.name} at {one.time}" for one in result.cosignatures]
    if result.stamp:
        lines.append(f"  stamped at {result.stamp.time.isoformat()} by {result.stamp.authority}")
    click.echo("\n".join(map(escape_line, lines)))
