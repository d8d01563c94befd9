"""The example's slice of acme, and a ledger of decisions by it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.enterprise.samples import enterprise, make_ledger, records

from ringfence.bundle.archive import unpack
from ringfence.cli.build import command as build
from ringfence.keys import generate, write_private

EXAMPLE = Path(__file__).parents[2] / "examples" / "data-platform"


@pytest.fixture(scope="session")
def slice_(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Build the example's slice of one tenant."""
    folder = tmp_path_factory.mktemp("slice")
    write_private(folder / "key.pem", generate("es256"))
    arguments = [str(EXAMPLE), "-o", str(folder / "out"), "--release", "runtime", "--env", "prod",
                 "--signing-key", str(folder / "key.pem"), "--tenant", "acme"]  # fmt: skip
    done = CliRunner().invoke(build, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return (folder / "out" / "runtime-acme.tar.gz").read_bytes()


@pytest.fixture(scope="session")
def revision(slice_: bytes) -> str:
    """Return its revision."""
    found: str = json.loads(unpack(slice_)[".manifest"])["revision"]
    return found


@pytest.fixture(scope="session")
def ledger(revision: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a ledger of decisions by it once; read only."""
    return make_ledger(tmp_path_factory.mktemp("enterprise") / "ledger", records(revision))


@pytest.fixture(scope="session")
def files(ledger: Path, slice_: bytes) -> dict[str, bytes]:
    """Export an enterprise package once; read only."""
    return enterprise(ledger, bundles=(slice_,))
