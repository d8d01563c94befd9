"""A policy repository with tests, and changes to it."""

import shutil
from pathlib import Path
from textwrap import dedent, indent

from ringfence.check.compiled import Compiled
from ringfence.language.policy import Policy
from ringfence.pipeline import compile_repository

__all__ = ["NOW", "REPOSITORY", "TEST", "compiled", "copy_to", "policy_test", "write_test"]

REPOSITORY = Path(__file__).with_name("repository")
TEST = "tenants/acme/new_test.yaml"
NOW = 1_795_300_000  # 2026-11-21, after the exception of the repository was signed
_HEAD = """\
apiVersion: ringfence/v1
kind: PolicyTest
metadata: {name: new, scope: tenant/acme, owner: team-acme-data}
spec:
"""


def copy_to(folder: Path) -> Path:
    """Copy the repository without its tests, and return where it is."""
    root = folder / "repository"
    shutil.copytree(REPOSITORY, root, ignore=shutil.ignore_patterns("*_test.yaml"))
    return root


def write_test(root: Path, body: str, *, at: str = "runner.deploy") -> None:
    """Write a test with these cases or tables, as they stand below `spec`."""
    spec = f'at: {at}\nnow: "2026-11-20T09:00:00Z"\nbase: fixtures/container-medium.yaml\n'
    (root / TEST).write_text(_HEAD + indent(spec + dedent(body), "  "))


def compiled(root: Path) -> Compiled:
    """Compile a repository."""
    return compile_repository(root, now=NOW)


def policy_test(found: Compiled) -> Policy:
    """Return the test that `write_test` wrote."""
    return next(one for one in found.of_kind("PolicyTest") if one.metadata.name == "new")
