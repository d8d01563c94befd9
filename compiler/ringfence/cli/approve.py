"""`ringfence approve`: sign an approval of one request."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.points import root_option
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.ir.schema import DecisionPoint

__all__ = ["command"]

_LONGEST = 30 * 86_400


@click.command("approve")
@click.option("--point", required=True, help="Decision point, such as runner.start.")
@click.option("--tenant", required=True, help="Tenant of the request.")
@click.option("--env", "environment", required=True, help="Environment of the request.")
@click.option("--rule", "rules", required=True, multiple=True, help="Rule to lift; repeatable.")
@click.option(
    "--facts",
    required=True,
    type=click.Path(path_type=str, allow_dash=True),
    help="JSON file with the facts of the request, or - for standard input.",
)
@click.option("--by", required=True, help="Who approves, such as user:lee@platform.example.")
@click.option("--requester", required=True, help="Who asks; the fact request.by must say the same.")
@click.option("--ttl", required=True, help="How long the approval holds, such as 8h.")
@click.option(
    "--key",
    required=True,
    type=KEY,
    help="The Ed25519 private key: PEM, or its URI (pkcs11:, hv:).",
)
@passphrase_options
@click.option("--kid", required=True, help="Id of the key in the trust root.")
@root_option
@click.option("--out", type=click.Path(path_type=Path), help="New file for the token.")
def command(out: Path | None, **given: Any) -> None:
    """Sign an approval of one request, and print the token.

    It lifts the named rules for a request whose bound facts are exactly these, at this decision
    point, tenant and environment, until it expires. The caller sends it in `approvals`.

    A file that `ringfence mcp-proxy --held` wrote shows the arguments of a tool call; they must be
    those of the digest.
    """
    from ringfence.trust.file import create_file

    token = _issue(**given)
    if out is not None:
        create_file(out, f"{token}\n", mode=0o600)
    else:
        click.echo(token)


def _issue(
    *,
    point: str,
    tenant: str,
    environment: str,
    rules: tuple[str, ...],
    facts: str,
    by: str,
    requester: str,
    ttl: str,
    key: str | Path,
    passphrase_file: Path | None,
    passphrase_env: str,
    kid: str,
    root: Path | None,
) -> str:
    import time

    from ringfence.cli.points import find_point, known_points
    from ringfence.cli.signing_key import ed25519_key
    from ringfence.cli.token_input import read_facts, read_lifetime
    from ringfence.errors import UsageError
    from ringfence.trust.canonical import UnencodableFactError
    from ringfence.trust.token import issue_approval

    known = find_point(point, known_points(root, command="approve"))
    values = read_facts(facts)
    _check(values, point=known, requester=requester, by=by, kid=kid)
    _check_arguments(values)
    try:
        return issue_approval(
            values,
            point=known,
            tenant=tenant,
            env=environment,
            rules=rules,
            by=by,
            requester=requester,
            issued_at=int(time.time()),
            lifetime=read_lifetime(ttl, longest=_LONGEST),
            key=ed25519_key(key, file=passphrase_file, variable=passphrase_env),
            kid=kid,
        )
    except UnencodableFactError as error:
        raise UsageError(str(error), help="send the facts as the decision point has them") from None


def _check(
    facts: dict[str, Any], *, point: "DecisionPoint", requester: str, by: str, kid: str
) -> None:
    """Refuse what no decision would accept, before anyone signs it."""
    from ringfence.cli.token_input import check_identity, check_kid, fact_at
    from ringfence.errors import UsageError

    check_identity("--by", by)
    check_identity("--requester", requester)
    check_kid(kid)
    missing = [
        fact.name
        for fact in point.facts
        if fact.binds and fact.required and fact_at(facts, fact.path) is None
    ]
    if missing:
        raise UsageError(
            f"facts that the approval binds are missing: {', '.join(missing)}",
            help="send the `facts` of the request, as JSON, nested",
        )
    if fact_at(facts, ("request", "by")) not in (None, requester):
        raise UsageError(
            f"the fact `request.by` is not `{requester}`",
            help="name in --requester who asks in the request",
        )


def _check_arguments(facts: dict[str, Any]) -> None:
    """Refuse arguments, shown to the approver beside their digest, that have another digest."""
    from ringfence.cli.token_input import fact_at
    from ringfence.errors import UsageError
    from ringfence.proxy.arguments import digest_arguments

    shown = fact_at(facts, ("arguments", "values"))
    if shown is None:
        return
    covered = fact_at(facts, ("arguments", "covered"))
    try:
        if not isinstance(shown, dict) or not isinstance(covered, str):
            raise ValueError("no arguments")
        digest = digest_arguments(shown, covered=covered).digest
    except ValueError:
        digest = ""
    if digest != fact_at(facts, ("arguments", "digest")):
        raise UsageError(
            "`arguments.values` is not what `arguments.digest` is of",
            help="approve only a file that the proxy wrote to its folder of held calls",
        )
