"""Which OPA is taken, and which is refused."""

from pathlib import Path

import pytest

from ringfence.errors import OpaError
from ringfence.opa import MINIMUM, PINNED, find_opa, opa_version, tools_directory

from .peers import program


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take away every OPA of this machine."""
    monkeypatch.delenv("RINGFENCE_OPA", raising=False)
    monkeypatch.setenv("RINGFENCE_TOOLS", str(tmp_path / "tools"))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def test_the_named_one_comes_before_ours_and_ours_before_path(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RINGFENCE_OPA, then the tool directory, then PATH."""
    on_path = program(bare / "bin/opa", "Version: 1.30.0")
    assert find_opa() == on_path
    ours = program(bare / "tools/opa", "Version: 1.22.0")
    assert find_opa() == ours
    named = program(bare / "named", "Version: 1.21.3")
    monkeypatch.setenv("RINGFENCE_OPA", str(named))
    assert find_opa() == named


@pytest.mark.parametrize("version", ["0.70.0", "1.9.0", "1.21.2", "v1.21.2"])
def test_a_too_old_one_is_refused(bare: Path, version: str) -> None:
    """An OPA below the minimum is an error that says both versions, not a silent fallback."""
    program(bare / "bin/opa", f"Version: {version}")
    with pytest.raises(
        OpaError, match=r"is OPA \d+\.\d+\.\d+, and at least 1\.21\.3 is due"
    ) as told:
        find_opa()
    assert "ringfence opa install" in told.value.help


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Version: 1.22.0\nGo Version: go1.26", (1, 22, 0)),
        ("Version: 1.22.0-dev", (1, 22, 0)),
        ("Version: v2.0.1", (2, 0, 1)),
        ("Build: x\nVersion: 1.100.0", (1, 100, 0)),
    ],
)
def test_the_version_is_what_the_program_states(
    bare: Path, text: str, version: tuple[int, int, int]
) -> None:
    """Versions compare as numbers, read from the line that states them."""
    assert opa_version(program(bare / "one", text)) == version


def test_a_replaced_program_is_asked_again(bare: Path) -> None:
    """What a program said is not remembered past the file that said it."""
    path = program(bare / "one", "Version: 1.21.3")
    assert opa_version(path) == (1, 21, 3)
    assert opa_version(program(path, "Version: 1.22.10")) == (1, 22, 10)


@pytest.mark.parametrize("text", ["", "Rego Version: v1", "opa 1.22.0"])
def test_another_program_is_refused(bare: Path, text: str) -> None:
    """A program that does not say it is OPA is none."""
    program(bare / "bin/opa", text)
    with pytest.raises(OpaError, match="does not say that it is OPA"):
        find_opa()


def test_a_named_one_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong RINGFENCE_OPA is told, and no other OPA takes its place."""
    monkeypatch.setenv("RINGFENCE_OPA", "/nowhere/opa")
    with pytest.raises(OpaError, match="there is no `/nowhere/opa`"):
        find_opa()


def test_a_file_that_does_not_run_is_an_error(bare: Path) -> None:
    """A file without the right to run is told as such."""
    (bare / "tools").mkdir()
    (bare / "tools/opa").write_text("no program")
    with pytest.raises(OpaError, match="does not run"):
        find_opa()


def test_none_at_all_says_how_to_get_one() -> None:
    """Without any OPA the help names the command that installs it."""
    with pytest.raises(OpaError, match="no `opa` was found") as told:
        find_opa()
    assert "ringfence opa install" in told.value.help


def test_a_checkout_has_its_own_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from a checkout, tools live in its `.tools`, as the Makefile has it."""
    monkeypatch.delenv("RINGFENCE_TOOLS")
    assert tools_directory() == Path(__file__).resolve().parents[2] / ".tools"


def test_the_pinned_version_is_new_enough() -> None:
    """What we install we also accept."""
    assert PINNED >= MINIMUM
