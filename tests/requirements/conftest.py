"""One OPA with the repository beside this file, for all tests of requirements."""

from collections.abc import Iterator

import pytest
from tests.requirements.ask import NOW, Ask
from tests.requirements.documents import REPOSITORY
from tests.requirements.trail import Trail, fill_trail, make_trail

from ringfence.evaluate import bundle_files
from ringfence.opa.policies import PolicyServer
from ringfence.pipeline import compile_repository


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """Ask the real OPA, which serves the release `runtime` as it is in `prod`."""
    compiled = compile_repository(REPOSITORY, now=NOW)
    files = bundle_files(compiled, release="runtime", environment="prod")
    points = {name: program.point for name, program in compiled.platform.points.items()}
    with PolicyServer(files) as server:
        yield Ask(server, points)


@pytest.fixture(scope="session")
def trail(tmp_path_factory: pytest.TempPathFactory, ask: Ask) -> Trail:
    """Make a ledger of OPA's decisions in which one has all that there can be; read only."""
    made = make_trail(tmp_path_factory.mktemp("trail"), ask)
    fill_trail(made)
    return made
