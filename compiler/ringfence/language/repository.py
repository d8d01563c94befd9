"""All documents of a policy repository, by scope."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath

from ringfence.errors import CompileError, Diagnostic, Severity, Span
from ringfence.language.beside import FilesBeside
from ringfence.language.policy import Policy, Scope, parse_policy
from ringfence.language.project import PROJECT_FILE, Project, read_project
from ringfence.language.source import Document, load, read_document
from ringfence.language.tree import SourceFile

__all__ = ["Repository", "open_project", "read_files", "read_texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """All documents, by file."""

    policies: tuple[Policy, ...]

    @property
    def texts(self) -> Mapping[str, str]:
        """Map files to their texts."""
        return {policy.document.file: policy.document.text for policy in self.policies}

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


def read_files(
    project: Project, files: Iterable[SourceFile], *, beside: FilesBeside
) -> tuple[tuple[Policy, ...], tuple[Diagnostic, ...]]:
    """Understand these files of the repository, in their order; mistakes become diagnostics.

    `beside` reads the files that policies name, each once.
    """
    policies: list[Policy] = []
    diagnostics: list[Diagnostic] = []
    for source in files:
        result = _understand(project, source)
        if isinstance(result, Policy):
            named, problems = beside.read(result)
            policies.append(replace(result, files=named) if named else result)
            diagnostics.extend(problems)
        else:
            diagnostics.extend(result)
    diagnostics.extend(_duplicates(policies))
    return tuple(policies), tuple(diagnostics)


def read_texts(project: Project, diagnostics: Iterable[Diagnostic]) -> dict[str, str]:
    """Return the texts of the files that diagnostics are about, as far as they can be read."""
    texts = {}
    for file in sorted({one.span.file for one in diagnostics}):
        document = read_document(project.root, file)
        if isinstance(document, Document):
            texts[file] = document.text
    return texts


def _understand(project: Project, source: SourceFile) -> Policy | tuple[Diagnostic, ...]:
    file, raw = source
    place = project.place(file)
    if place is None:
        hint = f"move it, or map its directory in `{PROJECT_FILE}`"
        return (Diagnostic("RF108", Span(file), f"`{file}` lies in no mapped directory", hint),)
    document = (raw,) if isinstance(raw, Diagnostic) else load(file, raw)
    if not isinstance(document, Document):
        return document
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
