"""The wheel: what is in it, and that it runs alone."""

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `bin` of an environment that holds the wheel and sees only our dependencies."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # A path in a .pth file adds the libraries, and not the editable installs among them.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


def test_the_wheel_holds_the_package_and_its_rego(wheel: Path) -> None:
    """All hand-written Rego and templates are in `_rego`, and no test is."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    rego = {path.relative_to(ROOT / "rego").as_posix() for path in _files(ROOT / "rego")}
    due = {f"ringfence/_rego/{name}" for name in rego if not name.endswith("_test.rego")}
    assert {name for name in names if name.startswith("ringfence/_rego/")} == due
    assert "ringfence/py.typed" in names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"ringfence"}


def test_the_wheel_runs_alone(clean: Path) -> None:
    """Installed elsewhere, the command starts and reads its own Rego."""
    script = "from ringfence.resources import rego_root, rego_text; print(rego_root()); "
    script += "assert 'package' in rego_text('batch/batch.rego')"
    place = _run(clean / "python", "-c", script)
    assert Path(place.strip()).is_relative_to(clean.parent)
    assert _run(clean / "ringfence", "--version").startswith("ringfence, version ")


def test_the_wheel_scaffolds_and_checks_a_repository(clean: Path, tmp_path: Path) -> None:
    """Installed elsewhere, `init` writes a repository that `check` takes."""
    _run(clean / "ringfence", "init", str(tmp_path / "policies"))
    _run(clean / "ringfence", "check", str(tmp_path / "policies"))


def test_every_import_is_a_declared_dependency() -> None:
    """What the package imports, it asks to be installed: custody's libraries by extras of their own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {
        name: all_of for name, all_of in project["optional-dependencies"].items() if name != "dev"
    }
    assert set(extras) == {"awskms", "azurekms", "gcpkms", "hsm", "vault"}
    asked = [*project["dependencies"], *(one for all_of in extras.values() for one in all_of)]
    declared = {_normal(re.split(r"[<>=!~;\[ ]", one)[0]) for one in asked}
    known = packages_distributions()
    for module in _imported() - set(sys.stdlib_module_names) - {"ringfence"}:
        assert {_normal(name) for name in known[module]} & declared, module


def test_rego_holds_no_python() -> None:
    """A Python file below `rego/` would break editable installs."""
    assert [path for path in _files(ROOT / "rego") if path.suffix == ".py"] == []


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _run(program: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _imported() -> set[str]:
    modules: set[str] = set()
    for path in (ROOT / "compiler/ringfence").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    return modules


def _normal(name: str) -> str:
    """Normalise a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
