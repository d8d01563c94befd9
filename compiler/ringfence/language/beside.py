"""Files that policies name, such as lock files: read once, with their positions."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ringfence.errors import Diagnostic, Span
from ringfence.language.policy import Policy, Scope
from ringfence.language.project import Project
from ringfence.language.source import Document, read_document

__all__ = ["FilesBeside"]


@dataclass(frozen=True, slots=True)
class FilesBeside:
    """Reads the files that policies name; `texts` receives the text of each."""

    project: Project
    texts: dict[str, str]
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
            span = policy.value(*path)
            file = os.path.normpath(PurePosixPath(policy.document.file).parent / name)
            result = self._at(PurePosixPath(file).as_posix(), span=span, scope=policy.scope)
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
        if not (self.project.root / file).exists():
            message = f"there is no file `{file}`"
            return (Diagnostic("RF113", span, message, "write it with the command that makes it"),)
        if file not in self._known:
            self._known[file] = read_document(self.project.root, file)
        document = self._known[file]
        if isinstance(document, Document):
            self.texts[file] = document.text
        return document
