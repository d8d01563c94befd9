"""The files of a repository: all of them once, by tenant, and nothing from outside."""

import os
import shutil
from pathlib import Path

import pytest

from ringfence.errors import Diagnostic
from ringfence.language.repository import open_project
from ringfence.language.tree import Tree, read_tree

_REPOSITORY = Path(__file__).resolve().parents[2] / "examples" / "data-platform"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Copy the example."""
    shutil.copytree(_REPOSITORY, tmp_path / "policies")
    return tmp_path / "policies"


def _tree(root: Path) -> Tree:
    return read_tree(open_project(root))


def _raw(tree: Tree) -> dict[str, bytes | Diagnostic]:
    return dict((*tree.broad, *(file for files in tree.tenants.values() for file in files)))


def test_every_policy_file_is_read_once_by_its_tenant(root: Path) -> None:
    """Platform, tenants, contracts and exceptions are found; fixtures, locks and hidden folders are not."""
    (root / "tenants/acme/.hidden").mkdir()
    (root / "tenants/acme/.hidden/x.yaml").write_text("x: 1\n")
    (root / "platform/locks").mkdir(exist_ok=True)
    (root / "platform/locks/x.yaml").write_text("x: 1\n")
    (root / "platform/x.lock.yaml").write_text("x: 1\n")
    (root / "platform/notes.txt").write_text("x: 1\n")
    tree = _tree(root)
    expected = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*.yaml")
        if not {"fixtures", "locks", ".hidden"} & set(path.parts)
        and path.name not in ("ringfence.yaml", "x.lock.yaml")
    }
    assert _raw(tree) == expected
    assert list(tree.tenants) == ["acme", "globex", "initech"]
    names = [source.file for source in tree.tenants["acme"]]
    assert names == sorted(names)
    assert "exceptions/acme/EXC-2041.yaml" in names
    assert tree.diagnostics == ()


def test_a_link_is_followed_inside_the_repository_alone(root: Path) -> None:
    """A link to a file inside is read, one that leads out or nowhere is RF001, a linked folder is passed over."""
    (root.parent / "outside.yaml").write_text("secret: 1\n")
    acme = root / "tenants/acme"
    (acme / "inside.yaml").symlink_to(acme / "tenant.yaml")
    (acme / "outside.yaml").symlink_to(root.parent / "outside.yaml")
    (acme / "nowhere.yaml").symlink_to(root / "nothing.yaml")
    (acme / "folder").symlink_to(root / "platform")
    raw = _raw(_tree(root))
    assert raw["tenants/acme/inside.yaml"] == (acme / "tenant.yaml").read_bytes()
    for name in ("outside", "nowhere"):
        found = raw[f"tenants/acme/{name}.yaml"]
        assert isinstance(found, Diagnostic)
        assert found.code == "RF001"
    assert not any(file.startswith("tenants/acme/folder") for file in raw)


def test_a_linked_directory_is_read_with_the_same_care(root: Path) -> None:
    """Where a mapped directory itself is a link out of the repository, none of its files is read."""
    (root / "tenants").rename(root.parent / "tenants")
    (root / "tenants").symlink_to(root.parent / "tenants")
    found = [raw for files in _tree(root).tenants.values() for _, raw in files]
    codes = {raw.code for raw in found if isinstance(raw, Diagnostic)}
    assert codes == {"RF001"}
    inside = [raw for raw in found if isinstance(raw, bytes)]
    assert len(inside) == len(list((root / "exceptions").rglob("*.yaml")))


def test_what_is_no_plain_file_is_refused_at_once(root: Path) -> None:
    """A named pipe does not hold the reader up, and a file beyond the limit is told by its size."""
    os.mkfifo(root / "tenants/acme/pipe.yaml")
    with (root / "tenants/acme/huge.yaml").open("wb") as file:
        file.truncate(1 << 30)
    raw = _raw(_tree(root))
    for name, code in (("pipe", "RF001"), ("huge", "RF002")):
        found = raw[f"tenants/acme/{name}.yaml"]
        assert isinstance(found, Diagnostic)
        assert found.code == code


def test_a_directory_that_cannot_be_listed_is_a_mistake(root: Path) -> None:
    """Policies that can't be seen are not passed over in silence."""
    shutil.rmtree(root / "exceptions")
    (root / "exceptions").write_text("")
    (found,) = _tree(root).diagnostics
    assert (found.code, found.span.file) == ("RF001", "exceptions")
    assert "not a directory" in found.message


def test_a_mapped_directory_may_be_absent(root: Path) -> None:
    """A repository without exceptions needs no directory for them."""
    shutil.rmtree(root / "exceptions")
    assert _tree(root).diagnostics == ()
