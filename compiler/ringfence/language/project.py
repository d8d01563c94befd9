"""`ringfence.yaml`: the root of a policy repository, owned by the platform."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Annotated, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, Field, ValidationError

from ringfence import __version__
from ringfence.errors import Diagnostic, Span
from ringfence.language.model_errors import model_diagnostics
from ringfence.language.policy import Scope
from ringfence.language.source import Document, read_document
from ringfence.language.values import Line, Model, Name, Seq

__all__ = ["PROJECT_FILE", "Directory", "Project", "Team", "read_project"]

PROJECT_FILE = "ringfence.yaml"


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise ValueError('must be a version constraint, such as ">=0.1,<1"') from None
    return text


class Team(Model):
    """Who owns documents: how to reach them, and whom to escalate to."""

    contact: Line
    escalation: Line


class Directory(Model):
    """What a directory may hold: `scope` may use the names in braces of its pattern."""

    scope: Annotated[str, Field(pattern=r"^(?:platform|tenant/\{tenant\}|contract/\{contract\})$")]
    kinds: Seq[Line] = ()


class _ProjectFile(Model):
    apiVersion: Literal["ringfence/v1"]
    kind: Literal["Project"]
    ringfence: Annotated[str, AfterValidator(_specifier)]
    teams: Annotated[dict[Name, Team], Field(min_length=1)]
    directories: Annotated[
        dict[
            Annotated[
                str, Field(pattern=r"^[a-z0-9-]+(?:/(?:[a-z0-9-]+|\{tenant\}|\{contract\}))*$")
            ],
            Directory,
        ],
        Field(min_length=1),
    ]


@dataclass(frozen=True)
class Project:
    """A policy repository's root file: teams, and which directory is which scope."""

    root: FilePath
    document: Document
    teams: dict[str, Team]
    directories: dict[str, Directory]

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Directory]]:
        # The most specific pattern comes first.
        ordered = sorted(self.directories, key=lambda pattern: (-pattern.count("/"), pattern))
        return [(_compiled(pattern), self.directories[pattern]) for pattern in ordered]

    def place(self, file: str) -> tuple[Scope, Directory] | None:
        """Return the scope and rules of the directory that a file lies in, if any."""
        folder = str(PurePosixPath(file).parent)
        for pattern, directory in self._patterns:
            found = pattern.match(folder)
            if found:
                named = found.groupdict()
                scope = Scope(
                    tenant=named.get("tenant", "") if directory.scope != "platform" else "",
                    contract=named.get("contract", "") if "contract" in directory.scope else "",
                )
                return scope, directory
        return None


def _compiled(pattern: str) -> re.Pattern[str]:
    literal = re.escape(pattern).replace(r"\{tenant\}", "(?P<tenant>[a-z0-9-]+)")
    return re.compile(literal.replace(r"\{contract\}", "(?P<contract>[a-z0-9-]+)") + "(?:/|$)")


def read_project(root: FilePath) -> Project | tuple[Diagnostic, ...]:
    """Read the project file of the repository at `root`."""
    if not (root / PROJECT_FILE).exists():
        hint = "run `ringfence init DIR` for a new repository, or name the directory that has one"
        return (Diagnostic("RF110", Span(PROJECT_FILE), f"no `{PROJECT_FILE}` in `{root}`", hint),)
    document = read_document(root, PROJECT_FILE)
    if not isinstance(document, Document):
        return document
    try:
        model = _ProjectFile.model_validate(document.data)
    except ValidationError as error:
        return model_diagnostics(document, error, model=_ProjectFile)
    if __version__ not in SpecifierSet(model.ringfence):
        message = f"this is ringfence {__version__}, and the repository wants `{model.ringfence}`"
        hint = "install a version that fits, or change the constraint after a review"
        return (Diagnostic("RF111", document.spans.value(("ringfence",)), message, hint),)
    return Project(root=root, document=document, teams=model.teams, directories=model.directories)
