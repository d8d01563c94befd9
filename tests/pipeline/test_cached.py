"""The cache changes how long a check and a build take, and nothing else."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.pipeline.test_bad_input import MISTAKES, NOW, SCAFFOLD

from ringfence.cache import TenantCache, open_cache
from ringfence.cli.build_options import BuildOptions
from ringfence.cli.build_output import write_build
from ringfence.errors import CompileError, Diagnostic, Severity
from ringfence.lower.program import lower_tenant
from ringfence.pipeline import check_repository

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "data-platform"
AGENTS = ROOT / "tests" / "requirements" / "repository"
TENANTS = ["acme", "globex", "initech"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Copy the example."""
    return _copy(EXAMPLE, tmp_path / "policies")


def _copy(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.py", "*.md"))
    return target


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which tenants are lowered."""
    names: list[str] = []

    def noting(name: str, *rest: Any, **named: Any) -> Any:
        names.append(name)
        return lower_tenant(name, *rest, **named)

    monkeypatch.setattr("ringfence.shares.lower_tenant", noting)
    return names


def _cache(root: Path, command: str = "check") -> TenantCache:
    return open_cache({"RINGFENCE_CACHE": str(root.parent / "cache")}, root=root, command=command)


def _check(root: Path, *, now: int = NOW) -> tuple[Diagnostic, ...]:
    with _cache(root) as cache:
        found = check_repository(root, now=now, cache=cache).diagnostics
    assert cache.notes == []
    return found


def _build(root: Path, output: Path, *, cached: bool = True, **changes: Any) -> dict[str, bytes]:
    options = BuildOptions(
        root=root, now=NOW, output=output, release="runtime", environment="prod", tenants=(),
        slices=True, signing_key=None, keyid="", live_key=None, passphrase_file=None,
        unsafe_unsigned=True, serial=1, live_hours=24, service_url="", logs_url="", unpack=True,
        record=False, form="pretty",
    )  # fmt: skip
    with _cache(root, "build") if cached else TenantCache() as cache:
        write_build(replace(options, **changes), cache=cache)
    assert cache.notes == []
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file()
    }


def _told(root: Path, check: Callable[[Path], tuple[Diagnostic, ...]]) -> str:
    """Return all that is told, with the ends of spans, help and order."""
    try:
        return repr(check(root))
    except CompileError as error:
        return f"refused: {error.diagnostics!r}"


@pytest.mark.parametrize("change", [m[1] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_mistakes_are_told_from_the_cache_word_for_word(
    tmp_path: Path, change: Callable[[Path], None], lowered: list[str]
) -> None:
    """Code, span, message, help and severity are the same without a cache, filling it, and from it."""
    root = _copy(SCAFFOLD, tmp_path / "policies")
    change(root)
    plain = _told(root, lambda root: check_repository(root, now=NOW).diagnostics)
    filling = _told(root, _check)
    lowered.clear()
    assert plain == filling == _told(root, _check)
    assert plain != "()"
    assert lowered == []


@pytest.mark.parametrize("source", [EXAMPLE, AGENTS], ids=["example", "agents"])
def test_an_unchanged_build_is_the_same_to_the_byte(
    tmp_path: Path, source: Path, lowered: list[str]
) -> None:
    """Bundles, slices and the live bundle are the same without a cache, filling it, and from it."""
    root = _copy(source, tmp_path / "policies")
    plain = _build(root, tmp_path / "plain", cached=False)
    filling = _build(root, tmp_path / "filling")
    assert lowered
    lowered.clear()
    cached = _build(root, tmp_path / "cached")
    assert lowered == []
    assert plain == filling
    assert plain == cached


def test_a_build_after_a_check_lowers_again_and_is_the_same(tmp_path: Path, root: Path) -> None:
    """A check keeps no emitted share, and what a build then makes is what it always makes."""
    _check(root)
    assert _build(root, tmp_path / "one") == _build(root, tmp_path / "two", cached=False)


def test_a_tenants_change_touches_that_tenant_alone(
    tmp_path: Path, root: Path, lowered: list[str]
) -> None:
    """After one tenant's change one is lowered, and the bundle is that of a compile from nothing."""
    before = _build(root, tmp_path / "before")
    _replace(root / "tenants/globex/runners.yaml", "concurrency: 20", "concurrency: 19")
    lowered.clear()
    after = _build(root, tmp_path / "after")
    assert lowered == ["globex"]
    assert after == _build(root, tmp_path / "plain", cached=False)
    changed = {path for path in after if after[path] != before[path]}
    assert "runtime-globex.tar.gz" in changed
    assert not any(path.startswith("runtime-acme") for path in changed)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def _written(root: Path, output: Path, **changes: Any) -> set[str]:
    """Build without unpacking; return the bundles that were written, of those with a release."""
    before = {path.name: path.stat().st_ino for path in output.glob("runtime*.tar.gz")}
    _build(root, output, unpack=False, **changes)
    after = {path.name: path.stat().st_ino for path in output.glob("runtime*.tar.gz")}
    return {name for name in after if after[name] != before.get(name)}


def test_a_bundle_that_is_there_already_is_not_written_again(tmp_path: Path, root: Path) -> None:
    """Only bundles that changed, were altered or went missing are written, and all are as from nothing."""
    every = {"runtime.tar.gz", *(f"runtime-{name}.tar.gz" for name in (*TENANTS, "platform"))}
    output = tmp_path / "out"
    assert _written(root, output) == every
    assert _written(root, output) == set()
    _replace(root / "tenants/globex/runners.yaml", "concurrency: 20", "concurrency: 19")
    assert _written(root, output) == {"runtime.tar.gz", "runtime-globex.tar.gz"}
    altered = bytearray((output / "runtime-acme.tar.gz").read_bytes())
    altered[-1] ^= 1
    (output / "runtime-acme.tar.gz").write_bytes(altered)
    (output / "runtime-initech.tar.gz").unlink()
    assert _written(root, output) == {"runtime-acme.tar.gz", "runtime-initech.tar.gz"}
    assert _build(root, tmp_path / "plain", cached=False, unpack=False) == _build(
        root, output, unpack=False
    )


def test_a_bundle_for_another_place_is_written_again(tmp_path: Path, root: Path) -> None:
    """Another environment and another signing key are another bundle, though no tenant changed."""
    output = tmp_path / "out"
    every = _written(root, output)
    assert _written(root, output, environment="staging") == every
    assert _written(root, output, environment="staging") == set()
    keys = [_signing_key(tmp_path / f"{number}.pem") for number in (1, 2)]
    assert [_written(root, output, signing_key=key) for key in (*keys, keys[1])] == [
        every,
        every,
        set(),
    ]


def _signing_key(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path


def _comment(file: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        with (root / file).open("a") as text:
            text.write("# a remark\n")

    return change


def _tenant_facts(root: Path) -> None:
    text = (root / "platform/change-facts.yaml").read_text()
    moved = text.replace("scope: platform", "scope: tenant/initech").replace("change.", "other.")
    moved = moved.replace("owner: platform-security", "owner: team-initech")
    (root / "tenants/initech/facts.yaml").write_text(moved)


def _renamed(root: Path) -> None:
    (root / "tenants/acme/runners.yaml").rename(root / "tenants/acme/runner.yaml")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_comment("platform/cost.yaml"), TENANTS),
        (_comment("platform/change-facts.yaml"), TENANTS),
        (_comment("ringfence.yaml"), TENANTS),
        (_tenant_facts, TENANTS),
        (_comment("releases/runtime.yaml"), []),
        (_comment("platform/trust.yaml"), []),
        (_comment("exceptions/acme/EXC-2041.yaml"), ["acme"]),
        (_comment("tenants/acme/fixtures/start-medium.yaml"), []),
        (_renamed, ["acme"]),
    ],
    ids=[
        "platform",
        "facts",
        "project",
        "a tenant's facts",
        "release",
        "trust",
        "exception",
        "fixture",
        "renamed",
    ],
)
def test_a_change_touches_what_depends_on_it(
    root: Path, change: Callable[[Path], None], expected: list[str], lowered: list[str]
) -> None:
    """What the platform's program is made of touches all tenants, what is only looked at, none."""
    _check(root)
    change(root)
    lowered.clear()
    found = _check(root)
    assert sorted(lowered) == expected
    assert found == check_repository(root, now=NOW).diagnostics


def test_a_changed_lock_file_touches_the_tenants_that_name_it(
    tmp_path: Path, lowered: list[str]
) -> None:
    """A file that documents name is part of what they come to, and so is its absence."""
    root = _copy(AGENTS, tmp_path / "policies")
    _check(root)
    for change in (_comment("platform/locks/desk.lock.yaml"), _without_lock):
        lowered.clear()
        change(root)
        found = _check(root)
        assert lowered == ["acme"]
        assert found == check_repository(root, now=NOW).diagnostics


def _without_lock(root: Path) -> None:
    (root / "platform/locks/desk.lock.yaml").unlink()


def test_an_exception_expires_under_a_cache_that_has_not_changed(
    root: Path, lowered: list[str]
) -> None:
    """The clock is not kept: what it makes of an exception is the same with and without a cache."""
    told = set()
    _check(root)
    lowered.clear()
    for now in (NOW, NOW + 30 * 86_400, NOW - 365 * 86_400):
        found = _check(root, now=now)
        assert lowered == []
        assert found == check_repository(root, now=now).diagnostics
        lowered.clear()
        told.add(repr(found))
    assert len(told) > 1


def test_a_rule_id_that_two_tenants_use_is_found_between_a_kept_and_a_new_one(
    root: Path, lowered: list[str]
) -> None:
    """Passes over the whole repository see unchanged tenants' rules at their places."""
    _check(root)
    _replace(
        root / "tenants/globex/contracts/orders/sla.yaml",
        "id: orders.no-serverless",
        "id: acme.backfills-are-capped",
    )
    lowered.clear()
    found = _check(root)
    assert lowered == ["globex"]
    assert found == check_repository(root, now=NOW).diagnostics
    (taken,) = (one for one in found if one.code == "RF301")
    assert "at tenants/acme/etl.yaml:" in taken.message


_OWN = """apiVersion: ringfence/v1
kind: PolicySet
metadata: {name: own, scope: tenant/globex, owner: globex}
spec:
  at: runner.start
  rules:
    - id: globex.short
      category: preventive
      rationale: Runs of globex are short.
      require: |
        facts.run.timeout <= duration("3600s")
      otherwise: block
      message: "too long"
      fix: "Split the run."
      waivable: false
"""


def test_instructions_of_a_kept_tenant_are_checked_against_changed_rules(
    tmp_path: Path, lowered: list[str]
) -> None:
    """An instruction whose rule goes is refused at its place, though its document has not changed."""
    root = _copy(AGENTS, tmp_path / "policies")
    own = root / "tenants/globex/own.yaml"
    own.write_text(_OWN)
    _replace(root / "tenants/acme/tools.yaml", "[tool.approval]", "[tool.approval, globex.short]")
    assert not [one for one in _check(root) if one.severity is Severity.ERROR]
    _replace(own, "globex.short", "globex.brief")
    lowered.clear()
    found = _check(root)
    assert lowered == ["globex"]
    assert found == check_repository(root, now=NOW).diagnostics
    (missing,) = (one for one in found if one.code == "RF322")
    line = (root / "tenants/acme/tools.yaml").read_text().splitlines()[missing.span.line - 1]
    assert line[missing.span.column - 1 : missing.span.end_column - 1] == "globex.short"


def _run(root: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "ringfence.cli.main", *arguments],
        cwd=root,
        env=os.environ | {"RINGFENCE_CACHE": str(root.parent / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _done(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, errors = process.communicate()
    return process.returncode, out, errors


def test_a_check_with_a_damaged_cache_says_so_and_answers_the_same(root: Path) -> None:
    """The note is on stderr and in one run alone; output and exit code don't change."""
    expected = _done(_run(root, "check"))
    assert expected[::2] == (0, "")
    file = root.parent / "cache" / "tenants.sqlite"
    file.write_bytes(file.read_bytes()[:5000] + b"\0" * 20_000)
    code, out, note = _done(_run(root, "check"))
    assert (code, out) == expected[:2]
    assert note.startswith("note: the cache is damaged and made anew: ")
    assert note.count("\n") == 1
    assert _done(_run(root, "check")) == expected


def test_a_check_without_a_usable_folder_says_so_and_answers_the_same(root: Path) -> None:
    """A file where the folder should be costs a note and time."""
    expected = _done(_run(root, "check", "--no-cache"))
    assert expected[::2] == (0, "")
    (root.parent / "cache").write_text("")
    code, out, note = _done(_run(root, "check"))
    assert (code, out) == expected[:2]
    assert note.startswith("note: the cache is left out: ")


def test_a_run_that_asks_for_no_cache_leaves_none(root: Path) -> None:
    """With `--no-cache`, nothing is read or written."""
    assert _done(_run(root, "check", "--no-cache"))[0] == 0
    assert not (root.parent / "cache").exists()


def test_runs_at_once_do_not_disturb_one_another(root: Path, lowered: list[str]) -> None:
    """Checks and builds that fill one cache at the same time all succeed, and the next finds it whole."""
    build = ["build", "--release", "runtime", "--env", "prod", "--unsafe-unsigned", "--serial", "1"]
    runs = [
        _run(root, "check") if number % 2 else _run(root, *build, "-o", f"../out{number}")
        for number in range(4)
    ]
    assert [_done(run)[::2] for run in runs] == [(0, "")] * 4
    bundles = {(root.parent / f"out{number}/runtime.tar.gz").read_bytes() for number in (0, 2)}
    assert len(bundles) == 1
    with contextlib.closing(sqlite3.connect(root.parent / "cache" / "tenants.sqlite")) as kept:
        runs = kept.execute("SELECT run, length(keys) / 32 FROM runs").fetchall()
        entries = kept.execute("SELECT count(*) FROM entries").fetchone()
    _check(root)
    assert lowered == [], (runs, entries)
