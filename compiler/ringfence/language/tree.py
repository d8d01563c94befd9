"""The YAML files of a policy repository, read once, by the tenant that they belong to."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from ringfence.errors import Diagnostic, Span
from ringfence.language.project import Project
from ringfence.language.source import Limits, read_bytes

__all__ = ["SourceFile", "Tree", "read_tree"]

_NOT_POLICY: Final = frozenset({"fixtures", "locks"})
_LIMITS: Final = Limits()
# Never wait for a pipe, never follow a link: what is not a plain file is left to `read_bytes`.
_PLAIN: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class SourceFile(NamedTuple):
    """A file, relative to the root, and its bytes or why they can't be had."""

    file: str
    raw: bytes | Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All YAML files below the mapped directories, sorted; `broad` are those of no tenant.

    `tenants` is sorted by name. `diagnostics` are of folders that can't be listed.
    """

    project: Project
    broad: tuple[SourceFile, ...]
    tenants: Mapping[str, tuple[SourceFile, ...]]
    diagnostics: tuple[Diagnostic, ...] = ()


def read_tree(project: Project) -> Tree:
    """Read the YAML files of a repository; files in no mapped directory are listed, not read."""
    tenants: dict[str, list[SourceFile]] = {"": []}
    diagnostics: list[Diagnostic] = []
    tops = sorted({pattern.split("/", 1)[0] for pattern in project.directories})
    for folder, names in _folders(project, tops, diagnostics):
        place = project.place(f"{folder}/_")
        found = tenants.setdefault(place[0].tenant if place else "", [])
        if place is None:
            found += [SourceFile(f"{folder}/{name}", b"") for name in names]
        else:
            found += _read(project, folder, names)
    broad = tenants.pop("")
    return Tree(
        project=project,
        broad=tuple(sorted(broad)),
        tenants={name: tuple(sorted(tenants[name])) for name in sorted(tenants)},
        diagnostics=tuple(diagnostics),
    )


def _folders(
    project: Project, tops: list[str], diagnostics: list[Diagnostic]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder that holds policy files, and their names."""
    rest = list(reversed(tops))
    while rest:
        folder = rest.pop()
        names = []
        try:
            with os.scandir(os.path.join(project.root, folder)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _NOT_POLICY and not entry.name.startswith("."):
                            rest.append(f"{folder}/{entry.name}")
                    elif _is_policy(entry.name) and not (entry.is_symlink() and entry.is_dir()):
                        names.append(entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            message = f"`{folder}` cannot be read: {(error.strerror or str(error)).lower()}"
            hint = "check the path and its permissions"
            diagnostics.append(Diagnostic("RF001", Span(folder, 1, 1, 1, 1), message, hint))
            continue
        if names:
            yield folder, names


def _is_policy(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and not name.endswith(".lock.yaml")


def _read(project: Project, folder: str, names: list[str]) -> Iterator[SourceFile]:
    """Read the files of one folder, those behind a link or otherwise unusual with all care."""
    linked = os.path.islink(os.path.join(project.root, folder.split("/", 1)[0]))
    with _opened(os.path.join(project.root, folder)) as descriptor:
        for name in names:
            file = f"{folder}/{name}"
            raw = None if linked or descriptor is None else _plain_bytes(name, descriptor)
            if raw is None:
                target = project.root / file
                yield SourceFile(file, read_bytes(project.root, target, file=file, limits=_LIMITS))
            else:
                yield SourceFile(file, raw)


@contextmanager
def _opened(path: str) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _plain_bytes(name: str, folder: int) -> bytes | None:
    """Return the bytes of a plain file of allowed size in an open folder; None for anything else."""
    try:
        descriptor = os.open(name, _PLAIN, dir_fd=folder)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LIMITS.size:
            return None
        raw = os.read(descriptor, status.st_size + 1)
        return raw if len(raw) == status.st_size else None
    except OSError:
        return None
    finally:
        os.close(descriptor)
