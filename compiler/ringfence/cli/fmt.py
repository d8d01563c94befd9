"""`ringfence fmt`: bring policy files into their canonical form."""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from ringfence.errors import Diagnostic

__all__ = ["command"]

_STDIN: Final = "-"
_WOULD_CHANGE: Final = 2


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(path_type=str))
@click.option("--check", is_flag=True, help="Write nothing; exit 2 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Bring policy files into their canonical form, comments kept.

    PATHS are *.yaml files and directories that hold them (default: this directory), or `-` for
    standard input, whose result goes to standard output.
    """
    from ringfence.errors import CompileError

    diagnostics: list[Diagnostic] = []
    changed = False
    for path in _collect(paths or (".",)):
        name = "<stdin>" if path is None else path.as_posix()
        result = _format(path, name)
        if not isinstance(result, tuple):
            diagnostics.append(result)
            continue
        before, after = result
        changed = changed or before != after.encode()
        if diff:
            _print_diff(name, before=before, after=after)
        elif path is None and not check:
            sys.stdout.buffer.write(after.encode())
            sys.stdout.flush()
        elif before != after.encode() and path is not None:
            _finish(path, after, check=check)
    if diagnostics:
        raise CompileError(diagnostics)
    if check and changed:
        ctx.exit(_WOULD_CHANGE)


def _collect(paths: tuple[str, ...]) -> Iterator[Path | None]:
    """Yield each *.yaml file once, in order of path; None stands for standard input."""
    from ringfence.errors import UsageError

    seen: set[Path] = set()
    for text in paths:
        path = Path(text)
        if text == _STDIN:
            yield None
            continue
        if path.is_dir():
            files = sorted(_walk(path))
        elif path.suffix == ".yaml":
            files = [path]
        else:
            raise UsageError(
                f"`{text}` is neither a directory nor a *.yaml file",
                help="name a directory, a *.yaml file or `-`",
            )
        for file in files:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _walk(directory: Path) -> Iterator[Path]:
    """Yield the *.yaml files below a directory; hidden directories and links are left out."""
    for parent, directories, files in os.walk(directory):
        directories[:] = [name for name in directories if not name.startswith(".")]
        for name in files:
            path = Path(parent) / name
            if name.endswith(".yaml") and path.is_file() and not path.is_symlink():
                yield path


def _format(path: Path | None, name: str) -> "tuple[bytes, str] | Diagnostic":
    from ringfence.language.fmt import format_document
    from ringfence.language.source import Limits, read_bytes

    limits = Limits()
    if path is None:
        raw: bytes | Diagnostic = sys.stdin.buffer.read(limits.size + 1)
    else:
        real = path.resolve()
        raw = read_bytes(real.parent, real, file=name, limits=limits)
    if not isinstance(raw, bytes):
        return raw
    text = format_document(name, raw, limits=limits)
    return (raw, text) if isinstance(text, str) else text[0]


def _finish(path: Path, text: str, *, check: bool) -> None:
    from ringfence.report.escape import escape_line

    if not check:
        _write(path.resolve(), text)
    click.echo(f"{'would reformat' if check else 'reformatted'} {escape_line(path.as_posix())}")


def _write(path: Path, text: str) -> None:
    """Replace a file at once: readers see the old text or the new one, also after a crash."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _print_diff(name: str, *, before: bytes, after: str) -> None:
    from difflib import unified_diff

    from ringfence.report.escape import escape_line

    old = before.decode("utf-8-sig").splitlines(keepends=True)
    new = after.splitlines(keepends=True)
    shown = escape_line(name)
    for line in unified_diff(old, new, f"a/{shown}", f"b/{shown}"):
        click.echo(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", nl=False
        )
