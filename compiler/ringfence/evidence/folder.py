"""Write a folder whole or not at all, and durably."""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from ringfence.evidence.error import EvidenceError

__all__ = ["new_folder", "write_new", "write_synced"]


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a draft beside the target, which takes its name once the block ends without an error.

    Raise EvidenceError where the target is anything but absent or an empty folder.
    """
    if target.is_symlink() or (target.exists() and not _is_empty_folder(target)):
        raise _occupied(target)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        yield draft
        for folder, _, _ in os.walk(draft):
            _sync(Path(folder))
        draft.rename(target)  # POSIX replaces an empty folder only
        _sync(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise _occupied(target) from None
        raise EvidenceError("RF914", f"cannot write `{target}`: {error.strerror}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file and wait until it is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_new(target: Path, content: bytes) -> None:
    """Write a file that did not exist, whole or not at all, and durably; raise EvidenceError.

    A hard link puts the finished file in place: unlike a rename it replaces nothing.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        write_synced(draft, content)
        os.link(draft, target)
        draft.unlink()
        _sync(target.parent)
    except FileExistsError:
        said = f"`{target}` exists"
        raise EvidenceError("RF914", said, help="name a new file; nothing is replaced") from None
    except OSError as error:
        raise EvidenceError("RF914", f"cannot write `{target}`: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _occupied(target: Path) -> EvidenceError:
    return EvidenceError(
        "RF914", f"`{target}` is no empty folder", help="name a new one; nothing is replaced"
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
