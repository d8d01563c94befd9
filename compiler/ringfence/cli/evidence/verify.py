"""`ringfence evidence verify`: a package, or a proof of one record, from its stored bytes."""

import base64
from pathlib import Path

import click

from ringfence.cli.evidence.output import form_option, print_json, print_not_shown
from ringfence.cli.evidence.trust import FILE, TrustOptions, origin_of, trust_options, unasked
from ringfence.cli.evidence.verify_export import ExportTrust, verify_export

__all__ = ["verify_evidence"]


@click.command("verify")
@click.argument("evidence", metavar="PACKAGE", type=click.Path(path_type=Path))
@click.option(
    "--package-key",
    type=FILE,
    help="The public key, in PEM, of whoever exported the package; for an exported one only.",
)
@click.option(
    "--tsa",
    type=FILE,
    help="The root certificate, in PEM, of a timestamp authority that must have stamped it.",
)
@click.option(
    "--policy", type=FILE, help="The export policy under which it must have been exported."
)
@click.option("--identity", type=FILE, help="The private key of age, for an encrypted package.")
@trust_options
@form_option
def verify_evidence(
    *,
    evidence: Path,
    package_key: Path | None,
    tsa: Path | None,
    policy: Path | None,
    identity: Path | None,
    trust: TrustOptions,
    form: str,
) -> None:
    """Verify a package, or a `.tlog-proof`, from its stored bytes, with the keys that you trust.

    A package is a sealed or an exported folder, or an exported `.tar`. Exit code 4 where it is not
    verified. Never take a key from the package itself.

    \b
    Examples:
      ringfence evidence verify package --key log.pub.pem --origin example.com/runners
      ringfence evidence verify acme.tar --key log.vkey --package-key package.pub.pem
    """
    from ringfence.errors import UsageError
    from ringfence.export.contents import is_export

    if package_key is not None or is_export(evidence):
        more = ExportTrust(tsa=tsa, policy=policy, identity=identity)
        verify_export(evidence, trust, package_key=package_key, more=more, form=form)
    elif (tsa, policy, identity) != (None, None, None):
        hint = "leave out `--tsa`, `--policy` and `--identity`"
        raise UsageError("only an exported package is held against these", help=hint)
    elif evidence.is_file():
        _proof(evidence, trust, form=form)
    else:
        _sealed(evidence, trust, form=form)


def _sealed(folder: Path, trust: TrustOptions, *, form: str) -> None:
    from ringfence.errors import UsageError
    from ringfence.evidence.verify import Verifier

    if trust.pinned or trust.witnesses:
        hint = "leave the option out, or run `ringfence evidence fsck` on the ledger"
        raise UsageError("a sealed package has no witnesses and no ledger behind it", help=hint)
    # A key in PEM without an origin takes any name that it has signed for.
    trusted = trust.read(origin="any").key
    expected = trusted.name if trust.names_origin else None
    result = Verifier(trusted_key=trusted.key, origin=expected).verify(folder)
    root = base64.b64encode(result.root).decode()
    if form == "json":
        said = {
            "verified": True, "origin": result.origin, "records": result.size, "root": root,
            "key": result.key, "kinds": dict(result.kinds), "files": result.files,
            "not_shown": list(result.not_shown),
        }  # fmt: skip
        print_json(said)
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in result.kinds.items())
    click.echo(f"verified {result.size} records ({kinds}) in {result.files} files")
    click.echo(f"  origin {result.origin}\n  root   {root}\n  key    {result.key}")
    print_not_shown(list(result.not_shown))


def _proof(file: Path, trust: TrustOptions, *, form: str) -> None:
    from ringfence.evidence.error import VerifyError
    from ringfence.ledger.proof_file import MAX_PROOF, ProofFile
    from ringfence.ledger.tiles import read_plain

    try:
        proof = ProofFile.parse(read_plain(file, most=MAX_PROOF))
    except OSError:
        raise VerifyError("RF970", "the proof cannot be read") from None
    result = proof.verify(trust=trust.read(origin=origin_of(proof.note)))
    root = base64.b64encode(result.checkpoint.root).decode()
    not_shown = [*result.not_shown, *unasked(trust)]
    if form == "json":
        said = {
            "verified": True, "origin": result.checkpoint.origin, "index": result.position,
            "records": result.checkpoint.size, "root": root, "key": result.key.vkey,
            "kind": result.record.kind.value, "body": result.record.body, "not_shown": not_shown,
            "cosignatures": [{"witness": c.key.name, "time": c.time} for c in result.cosignatures],
        }  # fmt: skip
        print_json(said)
        return
    size = result.checkpoint.size
    click.echo(f"verified record {result.position} ({result.record.kind.value}) of {size}")
    click.echo(f"  origin {result.checkpoint.origin}\n  root   {root}\n  key    {result.key.vkey}")
    print_not_shown(not_shown)
