"""Write small documents and tokens so that a reader sees all of one, or nothing."""

import os
import tempfile
from pathlib import Path

from ringfence.errors import UsageError

__all__ = ["create_file", "replace_file"]


def create_file(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a new file, with its directory. Raises UsageError where the path is taken."""
    temporary = _write(path, text, mode=mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise UsageError(f"`{path}` exists already", help="choose another name") from None
    finally:
        temporary.unlink()


def replace_file(path: Path, text: str) -> None:
    """Put a new text in the place of a file's; its mode stays."""
    mode = path.stat().st_mode & 0o777
    os.replace(_write(path, text, mode=mode), path)


def _write(path: Path, text: str, *, mode: int) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"`{path}` cannot be written: {reason}", help="check the path") from None
    with open(descriptor, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    return Path(name)
