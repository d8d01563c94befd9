"""The example is valid, passes its tests, and its committed compile is what it compiles to."""

import subprocess
import sys
from pathlib import Path

from examples.regenerate import unpacked

from ringfence.report.reference import render_reference

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_compile_is_the_compile() -> None:
    """`bundles/data-platform` holds the very bytes that `examples/data-platform` compiles to."""
    expected = unpacked(ROOT / "examples" / "data-platform", environment="prod")
    committed = ROOT / "bundles" / "data-platform"
    actual = {
        path.relative_to(committed).as_posix(): path.read_bytes()
        for path in committed.rglob("*")
        if path.is_file()
    }
    assert actual == expected


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
