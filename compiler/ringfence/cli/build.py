"""`ringfence build`: compile to signed bundles and a locked OPA configuration."""

import time
from pathlib import Path

import click

from ringfence.cli.passphrase import passphrase_options
from ringfence.cli.signing_key import KEY


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    required=True,
    help="Directory to write to; it is created.",
)
@click.option("--release", required=True, help="Release to build.")
@click.option("--env", "environment", required=True, help="Environment to build it for.")
@click.option(
    "--tenant", "tenants", multiple=True, help="Build this tenant's slice; may be repeated."
)
@click.option(
    "--slices",
    is_flag=True,
    help="Build a slice for every tenant, beside the bundle of all, also where the release does not say `slice_by`.",
)
@click.option(
    "--signing-key",
    type=KEY,
    help="ES256 key of this environment: PEM, or its URI (pkcs11:, hv:, awskms:, gcpkms:, azurekms:).",
)
@click.option("--keyid", default="", help="Key id; the key's thumbprint unless given.")
@click.option(
    "--live-key",
    type=KEY,
    help="ES256 key of the live bundle; the signing key unless given.",
)
@passphrase_options
@click.option("--unsafe-unsigned", is_flag=True, help="Write bundles that no locked OPA will load.")
@click.option(
    "--serial",
    type=click.IntRange(min=1),
    help="Serial of the live bundle; the time in seconds unless given.",
)
@click.option(
    "--live-hours",
    type=click.IntRange(1, 24 * 31),
    default=24,
    show_default=True,
    help="How long the live bundle holds.",
)
@click.option(
    "--service-url",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="Where sidecars fetch bundles.",
)
@click.option(
    "--logs-url", default="", help="Where sidecars upload decision logs; the console unless given."
)
@click.option("--unpack", is_flag=True, help="Write each bundle's files too, for reviewers.")
@click.option("--record", is_flag=True, help="Record this release's levels in its lock file.")
@click.option(
    "--result",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what was built as a file that can be sealed, and that a request is made of.",
)
@click.option("--no-cache", is_flag=True, help="Compile every tenant anew, and keep nothing.")
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
def command(path: Path, no_cache: bool, **options: object) -> None:
    """Compile the repository at PATH: signed bundles, the live bundle, and the locked OPA configuration.

    The same input gives the same bundle content. Both digests are printed: `content` names rules and
    parameters and is the same from one environment to the next, `release` names levels and keys.

    Tenants that have not changed are taken from the user's cache (RINGFENCE_CACHE=DIR moves it,
    RINGFENCE_CACHE=off switches it off); the bundle is the same with and without it.

    \b
    Example:
      ringfence keygen --type es256 --out keys --name prod
      ringfence build . -o out --release runtime --env prod --signing-key keys/prod.key.pem
      ringfence opa run --config out/opa.yaml
    """
    from ringfence.cli.build_options import BuildOptions
    from ringfence.cli.build_output import write_build
    from ringfence.cli.cached import user_cache
    from ringfence.cli.repository import find_root
    from ringfence.pipeline import collecting_later

    chosen = BuildOptions(root=find_root(path), now=int(time.time()), **options)  # type: ignore[arg-type] # click has checked the types
    with collecting_later(), user_cache(chosen.root, command="build", off=no_cache) as cache:
        summary = write_build(chosen, cache=cache)
    click.echo(summary)
