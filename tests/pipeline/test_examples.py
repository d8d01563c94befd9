"""The examples are valid, pass their tests, and compile to what is committed."""

import subprocess
import sys
from pathlib import Path

import pytest
from examples.regenerate import EXAMPLES, unpacked

from ringfence.report.reference import render_reference

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_committed_compile_is_the_compile(name: str) -> None:
    """`bundles/NAME` holds the very bytes that `examples/NAME` compiles to."""
    expected = unpacked(ROOT / "examples" / name, environment="prod")
    committed = ROOT / "bundles" / name
    actual = {
        path.relative_to(committed).as_posix(): path.read_bytes()
        for path in committed.rglob("*")
        if path.is_file()
    }
    assert actual == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid_and_passes_its_tests(name: str) -> None:
    """`ringfence check`, `fmt --check` and `test` find nothing in an example."""
    for command in (["check"], ["fmt", "--check"], ["test"], ["test", "--coverage"]):
        done = subprocess.run(
            [sys.executable, "-m", "ringfence.cli.main", *command, str(ROOT / "examples" / name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_reference_is_what_the_models_say() -> None:
    """The generated part of the language page is current."""
    assert (ROOT / "docs/language.md").read_text().endswith(render_reference())


def test_compiling_is_deterministic_across_processes() -> None:
    """Two processes with different hash seeds print the same digests of the example's bundle."""
    code = (
        "from examples.regenerate import unpacked, ROOT; from ringfence.bundle.digest import digest;"
        "print(digest(unpacked(ROOT / 'examples/data-platform', environment='prod')))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{ROOT / 'compiler'}", "PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert next(iter(outputs)).startswith("sha256:")
