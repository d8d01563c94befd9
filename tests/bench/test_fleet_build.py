"""What `check` and `build` of 10,000 tenants cost: from nothing, unchanged, and with one tenant changed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.bench.fleet_repository import change_tenant, write_repository

pytestmark = pytest.mark.bench

_TENANTS = 10_000
_RULES = 10
_BUILD = ("--release", "runtime", "--env", "prod", "--signing-key", "keys/prod.key.pem")


def _run(folder: Path, label: str, *arguments: str) -> None:
    """Run a command in a process of its own and print its wall time and peak memory."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ringfence.cli.main", *arguments],
        cwd=folder,
        env=os.environ | {"RINGFENCE_CACHE": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    print(f"\n{label}: {seconds:.2f} s, {used.ru_maxrss / 1024:.0f} MB", end="")
    assert process.returncode == 0


def test_cost_of_a_fleet(tmp_path: Path) -> None:
    """Measure both commands; what the cache gives is what a compile from nothing gives, to the byte."""
    root = str(write_repository(tmp_path / "fleet", tenants=_TENANTS, rules=_RULES))
    build = ("build", root, *_BUILD, "--serial", "1")
    _run(tmp_path, "keygen", "keygen", "--type", "es256", "--out", "keys", "--name", "prod")
    commands = {"check": ("check", root), "build": (*build, "-o", "cached")}
    for changed, (name, command) in enumerate(commands.items()):
        (tmp_path / "cache" / "tenants.sqlite").unlink(missing_ok=True)
        _run(tmp_path, f"{name}, cold", *command)
        _run(tmp_path, f"{name}, unchanged", *command)
        change_tenant(tmp_path / "fleet", changed)
        _run(tmp_path, f"{name}, one tenant changed", *command)
    _run(tmp_path, "build, no cache", *build, "-o", "plain", "--no-cache")
    size = (tmp_path / "cache" / "tenants.sqlite").stat().st_size
    print(f"\nthe cache's file: {size / 1e6:.0f} MB")
    plain, cached = (tmp_path / name / "runtime.tar.gz" for name in ("plain", "cached"))
    assert plain.read_bytes() == cached.read_bytes()
