"""Keys: whatever an entry depends on changes its key."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import ringfence
from ringfence.cache.keys import code_key, joined_key, raw_key, sources_key
from ringfence.errors import Diagnostic, Span
from ringfence.language.beside import FilesBeside
from ringfence.language.repository import open_project
from ringfence.language.tree import SourceFile
from ringfence.resources import rego_root

_REPOSITORY = Path(__file__).resolve().parents[2] / "examples" / "data-platform"


def test_parts_of_a_key_cannot_run_into_one_another() -> None:
    """The same bytes cut elsewhere, under another label or in another order are another key."""
    keys = [
        joined_key("share", b"ab", b"c"),
        joined_key("share", b"a", b"bc"),
        joined_key("share", b"abc"),
        joined_key("share", b"c", b"ab"),
        joined_key("share", b"ab", b"c", b""),
        joined_key("unit", b"ab", b"c"),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == joined_key("share", b"ab", b"c")


def test_the_key_of_documents_covers_names_bytes_and_what_cannot_be_read() -> None:
    """Renaming, changing, adding and losing a file, and another base, give other keys."""
    one, two = SourceFile("tenants/a/x.yaml", b"x: 1\n"), SourceFile("tenants/a/y.yaml", b"")
    lost = Diagnostic("RF001", Span("tenants/a/x.yaml"), "no such file")
    keys = [
        sources_key("tenant", b"base", [one]),
        sources_key("tenant", b"other", [one]),
        sources_key("tenant", b"base", [one, two]),
        sources_key("tenant", b"base", [one._replace(file="tenants/a/z.yaml")]),
        sources_key("tenant", b"base", [one._replace(raw=b"x: 2\n")]),
        sources_key("tenant", b"base", [one._replace(raw=lost)]),
        sources_key("tenant", b"base", [one._replace(raw=repr(lost).encode())]),
    ]
    assert len(set(keys)) == len(keys)


def test_the_key_of_a_named_file_tells_absence_and_content(tmp_path: Path) -> None:
    """A file that is missing, there, changed, or behind a link out of the repository differs."""
    shutil.copytree(_REPOSITORY, tmp_path / "policies")
    project = open_project(tmp_path / "policies")
    name = "platform/crm.lock.yaml"
    file = tmp_path / "policies" / name
    keys = [raw_key(FilesBeside(project).raw(name))]
    for content in (b"a: 1\n", b"a: 2\n"):
        file.write_bytes(content)
        keys.append(raw_key(FilesBeside(project).raw(name)))
    (tmp_path / "outside").write_bytes(b"a: 2\n")
    file.unlink()
    file.symlink_to(tmp_path / "outside")
    keys.append(raw_key(FilesBeside(project).raw(name)))
    assert len(set(keys)) == 4


def test_a_named_file_is_read_once(tmp_path: Path) -> None:
    """What a document is made of and what its key covers are the same bytes, whatever happens between."""
    shutil.copytree(_REPOSITORY, tmp_path / "policies")
    beside = FilesBeside(open_project(tmp_path / "policies"))
    file = tmp_path / "policies" / "platform" / "crm.lock.yaml"
    file.write_bytes(b"a: 1\n")
    assert beside.raw("platform/crm.lock.yaml") == b"a: 1\n"
    file.write_bytes(b"a: 2\n")
    assert beside.raw("platform/crm.lock.yaml") == b"a: 1\n"


def test_another_line_of_code_is_another_key(tmp_path: Path) -> None:
    """The key covers ringfence's own Python and Rego, wherever they are installed."""
    package = Path(ringfence.__file__).parent
    shutil.copytree(package, tmp_path / "ringfence", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(str(rego_root())), tmp_path / "ringfence" / "_rego")
    keys = {_key_of(tmp_path), _key_of(tmp_path)}
    assert len(keys) == 1
    for file in ("ringfence/emit/tenant.py", "ringfence/_rego/templates/list.rego.j2"):
        with (tmp_path / file).open("a") as code:
            code.write("\n")
        keys.add(_key_of(tmp_path))
    assert len(keys) == 3


def _key_of(folder: Path) -> str:
    code = "from ringfence.cache.keys import code_key; print(code_key().hex())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_same_code_has_the_same_key() -> None:
    """Another process computes the key that this one has."""
    assert _key_of(Path(ringfence.__file__).parents[1]).strip() == code_key().hex()
