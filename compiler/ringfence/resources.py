"""Find the Rego that ships with the package, installed or in a checkout."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

__all__ = ["rego_root", "rego_text"]


@cache
def rego_root() -> Traversable:
    """Return the directory of hand-written Rego and templates."""
    installed = files("ringfence") / "_rego"
    if installed.is_dir():
        return installed
    return Path(__file__).resolve().parents[2] / "rego"


@cache
def rego_text(path: str) -> str:
    """Return the text of a file below the Rego root; raise FileNotFoundError where there is none."""
    return rego_root().joinpath(*path.split("/")).read_text(encoding="utf-8")
