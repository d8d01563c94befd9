"""Files that policies name, such as lock files: read once, with their positions."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ringfence.errors import Diagnostic, Span
from ringfence.language.policy import Policy, Scope
from ringfence.language.project import Project
from ringfence.language.source import Document, Limits, load, read_bytes

__all__ = ["FilesBeside", "files_named"]


@dataclass(frozen=True, slots=True)
class FilesBeside:
    """Reads the files that policies name."""

    project: Project
    _raw: dict[str, bytes | Diagnostic | None] = field(default_factory=dict)
    _known: dict[str, Document | tuple[Diagnostic, ...]] = field(default_factory=dict)

    def read(self, policy: Policy) -> tuple[Mapping[str, Document], tuple[Diagnostic, ...]]:
        """Return the documents that a policy's spec names, and why one can't be had.

        A policy may name files of its own scope and of broader ones.
        """
        if policy.kind.files is None:
            return {}, ()
        found: dict[str, Document] = {}
        diagnostics: list[Diagnostic] = []
        for path, name in policy.kind.files(policy.spec):
            file = _beside(policy, name)
            result = self._at(file, span=policy.value(*path), scope=policy.scope)
            if isinstance(result, Document):
                found[name] = result
            else:
                diagnostics.extend(result)
        return found, tuple(diagnostics)

    def _at(self, file: str, *, span: Span, scope: Scope) -> Document | tuple[Diagnostic, ...]:
        place = self.project.place(file)
        if place is None or place[0] not in (scope, Scope(scope.tenant), Scope()):
            message = f"`{file}` lies in no directory of this scope or of a broader one"
            return (Diagnostic("RF113", span, message, "name a file beside it, or the platform's"),)
        raw = self.raw(file)
        if raw is None:
            message = f"there is no file `{file}`"
            return (Diagnostic("RF113", span, message, "write it with the command that makes it"),)
        if file not in self._known:
            self._known[file] = (raw,) if isinstance(raw, Diagnostic) else load(file, raw)
        return self._known[file]

    def raw(self, file: str) -> bytes | Diagnostic | None:
        """Return a file's bytes, why they can't be had, or None where there is none; read once."""
        if file not in self._raw:
            root, target = self.project.root, self.project.root / file
            found = target.exists()
            self._raw[file] = (
                read_bytes(root, target, file=file, limits=Limits()) if found else None
            )
        return self._raw[file]


def files_named(policy: Policy) -> tuple[str, ...]:
    """List the files that a policy's spec names, there or not, relative to the root."""
    if policy.kind.files is None:
        return ()
    return tuple(_beside(policy, name) for _, name in policy.kind.files(policy.spec))


def _beside(policy: Policy, name: str) -> str:
    file = os.path.normpath(PurePosixPath(policy.document.file).parent / name)
    return PurePosixPath(file).as_posix()
