"""The YAML files of a policy repository, read once, by the tenant that they belong to."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
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

    @property
    def files(self) -> tuple[str, ...]:
        """List the paths of all files, sorted."""
        sources = chain(self.broad, *self.tenants.values())
        return tuple(sorted(source.file for source in sources))


def read_tree(project: Project) -> Tree:
    """Read the YAML files of a repository; files in no mapped directory are listed, not read."""
    tenants: dict[str, list[SourceFile]] = {"": []}
    diagnostics: list[Diagnostic] = []
    rest = sorted({pattern.split("/", 1)[0] for pattern in project.directories}, reverse=True)
    while rest:
        folder = rest.pop()
        place = project.place(f"{folder}/_")
        found = tenants.setdefault(place[0].tenant, []) if place else tenants[""]
        try:
            rest += _read_folder(project, folder, found, mapped=place is not None)
        except FileNotFoundError:
            continue
        except OSError as error:
            message = f"`{folder}` cannot be read: {(error.strerror or str(error)).lower()}"
            hint = "check the path and its permissions"
            diagnostics.append(Diagnostic("RF001", Span(folder, 1, 1, 1, 1), message, hint))
    broad = tenants.pop("")
    return Tree(
        project=project,
        broad=tuple(sorted(broad)),
        tenants={name: tuple(sorted(files)) for name, files in sorted(tenants.items()) if files},
        diagnostics=tuple(diagnostics),
    )


def _read_folder(
    project: Project, folder: str, found: list[SourceFile], *, mapped: bool
) -> list[str]:
    """Read the files of one folder; return the folders in it.

    Files behind a link, and whatever else is unusual, are left to `read_bytes`.
    """
    below: list[str] = []
    linked = os.path.islink(os.path.join(project.root, folder.partition("/")[0]))
    path = os.path.join(project.root, folder)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                name, file = entry.name, f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if name not in _NOT_POLICY and not name.startswith("."):
                        below.append(file)
                elif _is_policy(name) and not (entry.is_symlink() and entry.is_dir()):
                    raw = b"" if not mapped else None if linked else _plain_bytes(name, descriptor)
                    found.append(
                        SourceFile(file, _carefully(project, file) if raw is None else raw)
                    )
    finally:
        os.close(descriptor)
    return below


def _is_policy(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and not name.endswith(".lock.yaml")


def _carefully(project: Project, file: str) -> bytes | Diagnostic:
    return read_bytes(project.root, project.root / file, file=file, limits=_LIMITS)


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
