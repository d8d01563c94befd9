"""`ringfence exception`: request, approve and revoke exceptions."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.ir.schema import DecisionPoint

__all__ = ["command"]

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The policy repository (default: this directory).",
)


@click.group("exception")
def command() -> None:
    """Request, approve and revoke exceptions."""


@command.command("request")
@click.argument("name")
@click.option("--tenant", required=True, help="Tenant that it is for.")
@click.option("--owner", required=True, help="Team in ringfence.yaml that owns it.")
@click.option("--lifts", required=True, multiple=True, help="Rule to lift; repeatable.")
@click.option("--at", "points", required=True, multiple=True, help="Decision point; repeatable.")
@click.option(
    "--match", required=True, multiple=True, help="FACT=VALUE that must hold; repeatable."
)
@click.option("--ceiling", multiple=True, help="FACT=MOST that is lifted; repeatable.")
@click.option("--starts-at", help="UTC time (default: now).")
@click.option("--expires-at", required=True, help='UTC time, such as "2026-12-05T00:00:00Z".')
@click.option("--requester", required=True, help="Who asks, such as user:maria@acme.example.")
@click.option("--justification", required=True, help="Why the business needs it.")
@click.option("--risk", required=True, help="What could go wrong.")
@click.option(
    "--cost", required=True, multiple=True, help="extra=…, cost_center=…, agreed_with=user:…"
)
@click.option("--renews", help="Name of the exception that this one follows.")
@click.option("--description", help="One line about it.")
@_ROOT
def request(name: str, tenant: str, owner: str, root: Path, **given: Any) -> None:
    """Write exceptions/TENANT/NAME.yaml, for review and approval."""
    import re

    from ringfence.cli.points import known_points
    from ringfence.errors import CompileError, UsageError
    from ringfence.trust.file import create_file
    from ringfence.trust.waiver import check_match
    from ringfence.trust.written import read_exception, write_document

    for value in (name, tenant):
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", value):
            raise UsageError(f"`{value}` is no name", help="use letters, digits and `-`")
    metadata = {"name": name, "scope": f"tenant/{tenant}", "owner": owner}
    if given["description"]:
        metadata["description"] = given["description"]
    known = known_points(root, command="exception")
    text = write_document("Exception", metadata=metadata, spec=_spec(given, known))
    path = Path("exceptions", tenant, f"{name}.yaml")
    document = read_exception(path.as_posix(), text.encode())
    diagnostics = check_match(document, points=known)
    if diagnostics:
        raise CompileError(diagnostics)
    create_file(root / path, text)
    click.echo(path.as_posix())


def _spec(given: dict[str, Any], known: "Mapping[str, DecisionPoint]") -> dict[str, Any]:
    import time

    from ringfence.trust.written import timestamp

    match: dict[str, list[Any]] = {}
    points = [known[name] for name in given["points"] if name in known]
    for path, value in _pairs(given["match"], option="--match"):
        match.setdefault(_fact_path(path), []).append(_typed(path, value, points))
    ceiling = {
        _fact_path(path): int(most) if most.isdecimal() else most
        for path, most in _pairs(given["ceiling"], option="--ceiling")
    }
    spec = {
        "lifts": list(given["lifts"]),
        "at": list(given["points"]),
        "match": match,
        **({"ceiling": ceiling} if ceiling else {}),
        "starts_at": given["starts_at"] or timestamp(int(time.time())),
        "expires_at": given["expires_at"],
        "requester": given["requester"],
        "business_justification": given["justification"],
        "risk_analysis": given["risk"],
        "cost_plan": dict(_pairs(given["cost"], option="--cost")),
    }
    return spec | ({"renews": given["renews"]} if given["renews"] else {})


def _pairs(texts: tuple[str, ...], *, option: str) -> list[tuple[str, str]]:
    from ringfence.errors import UsageError

    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or not value:
            raise UsageError(f"`{option} {text}` is no pair", help=f"write {option} NAME=VALUE")
        pairs.append((name, value))
    return pairs


def _fact_path(path: str) -> str:
    return path if path.startswith("facts.") else f"facts.{path}"


def _typed(path: str, value: str, points: "Iterable[DecisionPoint]") -> str | bool | int:
    """Read a value by the type of its fact at the first point that has it."""
    from ringfence.ir.schema import Scalar

    for point in points:
        fact = point.by_name().get(path.removeprefix("facts."))
        if fact is None:
            continue
        if fact.type.scalar is Scalar.BOOLEAN and value in ("true", "false"):
            return value == "true"
        if fact.type.scalar.is_number and value.isdecimal():
            return int(value)
        return value
    return value


@command.command("approve")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key",
    required=True,
    type=KEY,
    help="The Ed25519 private key: PEM, or its URI (pkcs11:, hv:).",
)
@click.option("--by", required=True, help="Who approves, such as user:lee@platform.example.")
@click.option("--kid", required=True, help="Id of the key in the trust root.")
@passphrase_options
def approve(
    file: Path,
    key: str | Path,
    by: str,
    kid: str,
    passphrase_file: Path | None,
    passphrase_env: str,
) -> None:
    """Sign the exception in FILE and write the approval into it."""
    import time

    from ringfence.cli.signing_key import ed25519_key
    from ringfence.errors import UsageError
    from ringfence.trust.exception import sign_exception
    from ringfence.trust.file import replace_file
    from ringfence.trust.written import read_exception, with_approval

    try:
        raw = file.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"`{file}` cannot be read: {reason}", help="check the path") from None
    document = read_exception(file.as_posix(), raw)
    now = int(time.time())
    if now >= document.spec.expires_at:
        raise UsageError(
            f"exception `{document.name}` has expired", help="request a new one that renews it"
        )
    private = ed25519_key(key, file=passphrase_file, variable=passphrase_env)
    token = sign_exception(document, by=by, key=private, kid=kid, signed_at=now)
    text = with_approval(document, by=by, token=token)
    read_exception(file.as_posix(), text.encode())
    replace_file(file, text)
    click.echo(f"approved {document.name} by {by}")


@command.command("revoke")
@click.argument("name")
@click.option("--reason", required=True, help="Why it no longer counts.")
@click.option("--by", required=True, help="Who revokes it, such as user:lee@platform.example.")
@_ROOT
def revoke(name: str, reason: str, by: str, root: Path) -> None:
    """Write exceptions/revoked/NAME.yaml; the live bundle built next drops the exception."""
    import time

    from ringfence.errors import UsageError
    from ringfence.language.suggest import did_you_mean
    from ringfence.trust.file import create_file
    from ringfence.trust.revocation import REVOKED, parse_revocation
    from ringfence.trust.written import read_exception, timestamp, write_document

    files = {
        path.stem: path
        for path in sorted(root.glob("exceptions/*/*.yaml"))
        if path.parent.name != "revoked"
    }
    if name not in files:
        near = did_you_mean(name, files)
        advice = f"did you mean `{near}`?" if near else "name a file below exceptions/"
        raise UsageError(f"there is no exception `{name}`", help=advice)
    source = files[name].relative_to(root).as_posix()
    metadata = read_exception(source, files[name].read_bytes()).source.data["metadata"]
    text = write_document(
        "Revocation",
        metadata={"name": metadata["name"], "scope": "platform", "owner": metadata["owner"]},
        spec={
            "revokes": {"exception": metadata["name"]},
            "by": by,
            "at": timestamp(int(time.time())),
            "reason": reason,
        },
    )
    path = f"{REVOKED}/{name}.yaml"
    parse_revocation(path, text.encode())
    create_file(root / path, text)
    click.echo(path)
