"""A release that says `slice_by: tenant` is built as one bundle a tenant, beside the gateway's."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.pipeline.test_bad_input import SCAFFOLD

from ringfence.cli.main import root


@pytest.mark.parametrize("sliced", [True, False])
def test_slices_are_built_where_the_release_says_so(tmp_path: Path, sliced: bool) -> None:
    """`build` without `--slices` writes the tenant's bundle if and only if the release asks for it."""
    policies = Path(shutil.copytree(SCAFFOLD, tmp_path / "policies"))
    release = policies / "releases" / "runtime.yaml"
    said = "  slice_by: tenant\n  environments:" if sliced else "  environments:"
    release.write_text(release.read_text().replace("  environments:", said, 1))
    output = tmp_path / "out"
    build = ["build", str(policies), "-o", str(output), "--release", "runtime", "--env", "prod"]
    done = CliRunner().invoke(root, [*build, "--unsafe-unsigned"])
    assert done.exit_code == 0, done.output
    assert (output / "runtime.tar.gz").is_file()
    assert (output / "runtime-example.tar.gz").is_file() is sliced
