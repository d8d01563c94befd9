"""`ringfence evidence record approval` and `exception`: what signed tokens grant."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from ringfence.cli.evidence.record.output import finish, output_option

if TYPE_CHECKING:
    from ringfence.check.compiled import Overview
    from ringfence.trust.root import TrustRootDocument

__all__ = ["record_approvals", "record_exceptions"]

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The policy repository with the trust root (default: this directory).",
)
_MOST = 1 << 20


@click.command("approval")
@click.argument("tokens", nargs=-1, required=True, type=click.File("rb"))
@_ROOT
@output_option
def record_approvals(*, tokens: tuple[BinaryIO, ...], root: Path, output: Path | None) -> None:
    """Write a record of each approval in the files TOKENS, one token a line; `-` is standard input.

    A token is recorded only if the trust root verifies it, for every rule that it names. The record
    says what it grants and the token's SHA-256, never the token. What does not count is told by file
    and line with one of the words of docs/tokens.md, the rest is written, and the exit code is 2.

    \b
    Example:
      ringfence approve … > approval.jws
      ringfence evidence record approval approval.jws --root policies -o records.jsonl
    """
    from ringfence.check.trust import revocation_documents
    from ringfence.evidence.error import EvidenceError
    from ringfence.evidence.grants import approval_record
    from ringfence.trust.revocation import compile_revocations

    overview, trust = _trusted(root)
    revoked = compile_revocations(revocation_documents(overview))
    records, findings = [], []
    for file in tokens:
        for number, line in enumerate(file.read(_MOST).splitlines(), start=1):
            token = line.decode(errors="replace").strip()
            try:
                if token:
                    now = int(time.time())
                    records.append(approval_record(token, trust=trust, revoked=revoked, now=now))
            except EvidenceError as error:
                findings.append((f"{file.name}:{number}", error))
    finish(records, output=output, findings=findings)


@click.command("exception")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--env", "environment", help="Whose keys count; those of all, if not told.")
@_ROOT
@output_option
def record_exceptions(
    *, files: tuple[Path, ...], environment: str | None, root: Path, output: Path | None
) -> None:
    """Write a record of each exception in FILES, or of all in the repository.

    An exception is recorded only if the trust root verifies its signature, also after it has expired.
    The record names the facts that it matches and holds none of their values; it has the SHA-256 of
    what was signed. One that does not count stops the command, with exit code 3.

    \b
    Example:
      ringfence evidence record exception --root policies -o records.jsonl
    """
    from ringfence.check.trust import exception_documents
    from ringfence.evidence.grants import exception_record
    from ringfence.trust.written import read_exception

    overview, trust = _trusted(root)
    documents = [read_exception(file.as_posix(), file.read_bytes()) for file in files]
    now = int(time.time())
    finish(
        [
            exception_record(one, trust=trust, now=now, environment=environment)
            for one in documents or exception_documents(overview)
        ],
        output=output,
    )


def _trusted(root: Path) -> "tuple[Overview, tuple[TrustRootDocument, ...]]":
    """Return what a repository holds, and its trust roots; raise CompileError where these are wrong."""
    from ringfence.check.trust import trust_documents
    from ringfence.cli.repository import find_root
    from ringfence.errors import CompileError, UsageError
    from ringfence.pipeline import check_repository
    from ringfence.trust.root import check_trust

    checked = check_repository(find_root(root), now=int(time.time()))
    trust = trust_documents(checked.overview)
    if not trust and not checked.is_valid:
        checked.refuse_mistakes()
    if not trust:
        hint = "write a `TrustRoot`: it says whose signatures count"
        raise UsageError("the repository has no trust root", help=hint)
    wrong = check_trust(trust)
    if wrong:
        raise CompileError(wrong, sources=checked.texts)
    return checked.overview, trust
