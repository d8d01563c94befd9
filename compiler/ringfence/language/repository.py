"""All documents of a policy repository, by scope."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from ringfence.errors import CompileError, Diagnostic, Severity, Span
from ringfence.language.beside import FilesBeside
from ringfence.language.policy import Policy, Scope, parse_policy
from ringfence.language.project import PROJECT_FILE, Project, read_project
from ringfence.language.source import Document, read_document

__all__ = ["Repository", "list_files", "open_project", "read_files"]

_NOT_POLICY = frozenset({"fixtures", "locks"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The documents that could be understood, and the diagnostics of those that could not."""

    project: Project
    policies: tuple[Policy, ...]
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    texts: Mapping[str, str] = field(default_factory=dict)

    def of_kind(self, kind: str, *, tenant: str | None = None) -> tuple[Policy, ...]:
        """List documents of a kind, in file order; with `tenant`, only that tenant's."""
        return tuple(
            policy
            for policy in self.policies
            if policy.kind.name == kind and (tenant is None or policy.scope.tenant == tenant)
        )


def open_project(root: FilePath) -> Project:
    """Read the project file; raise CompileError when it is missing or wrong."""
    project = read_project(root)
    if not isinstance(project, Project):
        raise CompileError(project)
    return project


def list_files(project: Project) -> tuple[str, ...]:
    """List the YAML files below the mapped directories, sorted, relative to the root."""
    tops = sorted({pattern.split("/", 1)[0] for pattern in project.directories})
    return tuple(sorted(file for top in tops for file in _below(project.root, project.root / top)))


def _below(root: FilePath, folder: FilePath) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in _NOT_POLICY and not f.startswith(".")]
        for name in files:
            if name.endswith((".yaml", ".yml")) and not name.endswith(".lock.yaml"):
                yield (FilePath(parent) / name).relative_to(root).as_posix()


def read_files(project: Project, files: Iterable[str]) -> Repository:
    """Read and understand these files of the repository; mistakes become diagnostics."""
    policies: list[Policy] = []
    diagnostics: list[Diagnostic] = []
    texts = {PROJECT_FILE: project.document.text}
    beside = FilesBeside(project, texts)
    for file in files:
        result = _read(project, file, texts)
        if isinstance(result, Policy):
            named, problems = beside.read(result)
            policies.append(replace(result, files=named))
            diagnostics.extend(problems)
        else:
            diagnostics.extend(result)
    diagnostics.extend(_duplicates(policies))
    return Repository(
        project=project, policies=tuple(policies), diagnostics=tuple(diagnostics), texts=texts
    )


def _read(project: Project, file: str, texts: dict[str, str]) -> Policy | tuple[Diagnostic, ...]:
    place = project.place(file)
    if place is None:
        hint = f"move it, or map its directory in `{PROJECT_FILE}`"
        return (Diagnostic("RF108", Span(file), f"`{file}` lies in no mapped directory", hint),)
    document = read_document(project.root, file)
    if not isinstance(document, Document):
        return document
    texts[file] = document.text
    scope, directory = place
    policy = parse_policy(document, scope=scope)
    if not isinstance(policy, Policy):
        return policy
    spans = document.spans
    if directory.kinds and policy.kind.name not in directory.kinds:
        message = f"`{policy.kind.name}` may not stand in this directory"
        hint = f"`{PROJECT_FILE}` allows: {', '.join(directory.kinds)}"
        return (Diagnostic("RF107", spans.value(("kind",)), message, hint),)
    if policy.metadata.owner not in project.teams:
        message = f"owner `{policy.metadata.owner}` is no team of `{PROJECT_FILE}`"
        hint = f"teams: {', '.join(sorted(project.teams))}"
        return (Diagnostic("RF109", spans.value(("metadata", "owner")), message, hint),)
    return policy


def _duplicates(policies: Iterable[Policy]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, Scope, str], Policy] = {}
    for policy in policies:
        key = (policy.kind.name, policy.scope, policy.metadata.name)
        first = seen.setdefault(key, policy)
        if first is not policy:
            yield Diagnostic(
                "RF112",
                policy.document.spans.value(("metadata", "name")),
                f"`{policy.metadata.name}` is the name of `{first.document.file}` too",
                "give one of them another name",
                Severity.ERROR,
            )
