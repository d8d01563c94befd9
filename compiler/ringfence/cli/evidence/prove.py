"""`ringfence evidence prove`: a proof for one record, in a file that outsiders can check."""

import sys
from pathlib import Path

import click

from ringfence.cli.evidence.output import form_option, print_json
from ringfence.cli.evidence.trust import TrustOptions, claimed_origin, trust_options

__all__ = ["prove_record"]


@click.command("prove")
@click.argument("ledger", type=click.Path(file_okay=False, path_type=Path))
@click.option("--decision", metavar="ID", help="The decision whose record is proved.")
@click.option("--index", type=click.IntRange(0), help="The position of the record, from 0.")
@click.option("--tenant", help="With --decision: only a record of this tenant.")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, such as decision.tlog-proof; stdout, if not told.",
)
@trust_options
@form_option
def prove_record(
    *,
    ledger: Path,
    decision: str | None,
    index: int | None,
    tenant: str | None,
    output: Path | None,
    trust: TrustOptions,
    form: str,
) -> None:
    """Prove that a record stands under a LEDGER's checkpoint, once the ledger is verified.

    The file is a C2SP tlog-proof: the record, its index, the path to the root, and the checkpoint.
    `ringfence evidence verify FILE` checks it, and so does anything that knows RFC 6962.

    \b
    Example:
      ringfence evidence prove ledger --decision 5f1d… -o decision.tlog-proof --key log.vkey
    """
    from ringfence.errors import UsageError
    from ringfence.ledger.proving import prove

    if (decision is None) == (index is None):
        raise UsageError("which record is not told, or told twice", help="--decision or --index")
    asked = trust.read(origin=claimed_origin(ledger))
    proof = prove(ledger, decision=decision, index=index, tenant=tenant, trust=asked)
    if output is None:
        sys.stdout.buffer.write(proof.encode())
        return
    try:
        output.write_bytes(proof.encode())
    except OSError as error:
        raise UsageError(f"cannot write `{output}`: {error.strerror}") from None
    if form == "json":
        print_json({"proof": str(output), "index": proof.index})
    else:
        click.echo(f"proved record {proof.index} in {output}")
