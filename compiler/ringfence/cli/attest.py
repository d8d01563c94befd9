"""`ringfence attest`: sign facts that one may vouch for."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.points import root_option
from ringfence.cli.signing_key import KEY

if TYPE_CHECKING:
    from ringfence.change.model import ReplayResult, TestResult
    from ringfence.ir.schema import DecisionPoint

__all__ = ["command"]

_LONGEST = 366 * 86_400
_ACTIVATE = "policy.activate"


@click.command("attest")
@click.option("--point", help="Decision point; policy.activate with --from-test or --from-replay.")
@click.option("--tenant", help="Tenant of the request; platform for releases.")
@click.option("--env", "environment", required=True, help="Environment of the request.")
@click.option(
    "--facts",
    required=True,
    type=click.Path(path_type=str, allow_dash=True),
    help="JSON file with the facts of the request, or - for standard input.",
)
@click.option(
    "--attest",
    "names",
    multiple=True,
    help="Fact that is vouched for, such as scan.status; repeatable.",
)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    help="Fact that says of what, such as artifact.digest; repeatable.",
)
@click.option(
    "--from-test",
    "tests",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What `ringfence test --result` wrote: vouch for policy_tests.*.",
)
@click.option(
    "--from-replay",
    "replay",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What `ringfence replay --result` wrote: vouch for policy_replay.*.",
)
@click.option("--by", required=True, help="Who attests, such as service:scanner@platform.example.")
@click.option("--ttl", required=True, help="How long the attestation holds, such as 8h.")
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
    """Sign facts of a request, and print the token.

    The named facts, with the values of the file, count for every request that has the same subject, at
    this decision point, tenant and environment, until the token expires. The caller sends it in
    `attestations`, and the facts themselves in `facts`.

    With --from-test and --from-replay the values are those of the results. Nothing is signed where the
    file says otherwise, or names another content.

    \b
    Examples:
      ringfence attest --env prod --facts facts.json --from-test test.json --from-replay replay.json \\
        --by service:ci@platform.example --ttl 8h --key keys/ci.key.pem --kid ci
      ringfence attest --point runner.deploy --tenant acme --env prod --facts deploy.json \\
        --attest scan.status --attest scan.digest --subject artifact.digest \\
        --by service:scanner@platform.example --ttl 8h --key keys/scanner.key.pem --kid scanner
    """
    from ringfence.trust.file import create_file

    token = _issue(**given)
    if out is not None:
        create_file(out, f"{token}\n", mode=0o600)
    else:
        click.echo(token)


def _issue(
    *,
    point: str | None,
    tenant: str | None,
    environment: str,
    facts: str,
    names: tuple[str, ...],
    subjects: tuple[str, ...],
    tests: Path | None,
    replay: Path | None,
    by: str,
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
    from ringfence.cli.token_input import (
        check_identity,
        check_kid,
        read_facts,
        read_lifetime,
    )
    from ringfence.errors import UsageError
    from ringfence.trust.token import issue_attestation

    results = _results(tests, replay)
    point, tenant = (point or _ACTIVATE, tenant or "platform") if results else (point, tenant)
    if not (point and tenant and (results or (names and subjects))):
        raise UsageError(
            "what is attested?",
            help="give --from-test or --from-replay, or --point, --tenant, --attest and --subject",
        )
    known = find_point(point, known_points(root, command="attest"))
    values = read_facts(facts)
    shown, about = _shown(results, values, point=point, tenant=tenant, environment=environment)
    check_identity("--by", by)
    check_kid(kid)
    return issue_attestation(
        {name: _vouched(values, name, known) for name in names} | shown,
        subject={name: _named(values, name, known) for name in subjects} | about,
        point=known.name,
        tenant=tenant,
        env=environment,
        by=by,
        issued_at=int(time.time()),
        lifetime=read_lifetime(ttl, longest=_LONGEST),
        key=ed25519_key(key, file=passphrase_file, variable=passphrase_env),
        kid=kid,
    )


def _results(tests: Path | None, replay: Path | None) -> "list[TestResult | ReplayResult]":
    from ringfence.change.model import ReplayResult, TestResult
    from ringfence.change.read import read_result

    found: list[TestResult | ReplayResult] = []
    if tests is not None:
        found.append(read_result(tests, TestResult))
    if replay is not None:
        found.append(read_result(replay, ReplayResult))
    return found


def _shown(
    results: "list[TestResult | ReplayResult]",
    facts: dict[str, Any],
    *,
    point: str,
    tenant: str,
    environment: str,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the results show, and of which content; nothing without a result."""
    from ringfence.change.facts import check_request
    from ringfence.errors import UsageError

    shown: dict[str, Any] = {}
    about: dict[str, str] = {}
    for one in results:
        if (point, tenant) != (_ACTIVATE, "platform"):
            raise UsageError(
                f"a {one.what} shows nothing at `{point}` for `{tenant}`",
                help=f"leave out --point and --tenant: it is `{_ACTIVATE}` for `platform`",
            )
        if one.environment != environment:
            raise UsageError(
                f"the {one.what} is of `{one.environment}`", help=f"give --env {one.environment}"
            )
        shown |= check_request(one, facts)
        about = {"activation.content": one.content}
    return shown, about


def _vouched(facts: dict[str, Any], name: str, point: "DecisionPoint") -> Any:
    """Return the value of a fact that counts only if it is attested."""
    from ringfence.errors import UsageError
    from ringfence.ir.schema import FactSource

    attested = [fact.name for fact in point.facts if fact.source is FactSource.ATTESTED]
    if name not in attested:
        hint = f"facts that are attested: {', '.join(attested) or 'none'}"
        raise UsageError(f"`{name}` is no attested fact of `{point.name}`", help=hint)
    return _present(facts, name)


def _named(facts: dict[str, Any], name: str, point: "DecisionPoint") -> str:
    """Return the text of a fact that says of what is attested."""
    from ringfence.errors import UsageError
    from ringfence.language.suggest import did_you_mean

    if name not in point.by_name():
        near = did_you_mean(name, point.by_name())
        hint = f"did you mean `{near}`?" if near else "name a fact of the decision point"
        raise UsageError(f"`{point.name}` has no fact `{name}`", help=hint)
    value = _present(facts, name)
    if not isinstance(value, str):
        raise UsageError(f"the subject `{name}` is no text", help="name a fact that is a text")
    return value


def _present(facts: Any, name: str) -> Any:
    from ringfence.cli.token_input import fact_at
    from ringfence.errors import UsageError

    value = fact_at(facts, name.split("."))
    if value is None:
        raise UsageError(f"the facts have no `{name}`", help="send it, nested, in --facts")
    return value
