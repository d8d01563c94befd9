"""A sealed package, copies of it to tamper with, and Go's verifier."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.samples import KEY, ORIGIN, event, records

from ringfence.evidence.seal import SealResult, seal

GO = shutil.which("go")
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "crypto_vectors.jsonl"

GoVerify = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> SealResult:
    """Seal seven decisions, once a session; read only."""
    out = tmp_path_factory.mktemp("sealed") / "package"
    return seal(records([event(n) for n in range(7)]), out=out, origin=ORIGIN, key=KEY)


@pytest.fixture
def package(sealed: SealResult, tmp_path: Path) -> Path:
    """Return a copy of the package that a test may alter."""
    return shutil.copytree(sealed.path, tmp_path / "package")


@pytest.fixture(scope="session")
def vectors() -> list[dict[str, Any]]:
    """Return the public test vectors, where they are."""
    if not VECTORS.exists():
        pytest.skip("the public test vectors are not beside this checkout")
    return [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def go_verify(tmp_path_factory: pytest.TempPathFactory) -> GoVerify:
    """Build the Go verifier once, and return a function that runs it on a package."""
    if GO is None:
        pytest.skip("Go is not installed")
    folder = tmp_path_factory.mktemp("go")
    program, source = folder / "go_verifier", Path(__file__).parent / "go_verifier"
    subprocess.run([GO, "build", "-o", program, "."], cwd=source, check=True, timeout=300)

    def run(
        package: Path, *, vkey: str, proofs: Mapping[str, Any] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        file = folder / "proofs.json"
        file.write_text(json.dumps(proofs or {}))
        command = [str(program), vkey, str(package), str(file)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run
