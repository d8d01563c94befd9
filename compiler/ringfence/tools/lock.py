"""Lock files: for each tool of a server, the definitions that count, written by a command.

A definition stands in the file as indented JSON, so that a reviewer reads what an agent would read and
sees a change line by line. Beside it stands its digest, which is checked against it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ringfence.errors import Diagnostic
from ringfence.language.model_errors import model_diagnostics
from ringfence.language.source import Document, Path
from ringfence.language.values import Model, Name, Seq
from ringfence.report.escape import INVISIBLE
from ringfence.tools.definition import TOOL_NAME, ToolDefinition, parse_json, read_definition

__all__ = ["ToolLock", "add_versions", "lock_text", "new_lock", "read_lock"]

_HEADER = (
    "# Written by `ringfence tools pin`. Review what it accepts; don't edit it.\n"
    "apiVersion: ringfence/v1\nkind: ToolLock\n"
)


class _Accepted(Model):
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    definition: str


class _Tool(Model):
    accepted: Annotated[Seq[_Accepted], Field(min_length=1, max_length=8)]


class _LockFile(Model):
    apiVersion: Literal["ringfence/v1"]
    kind: Literal["ToolLock"]
    server: Name
    tools: dict[Annotated[str, Field(pattern=f"^{TOOL_NAME}$")], _Tool]


@dataclass(frozen=True, slots=True)
class ToolLock:
    """The accepted definitions of a server's tools by name, newest last."""

    server: str
    tools: Mapping[str, tuple[ToolDefinition, ...]]

    def digests(self) -> dict[str, list[str]]:
        """Map each tool to its accepted digests, sorted."""
        return {
            name: sorted({version.digest for version in versions})
            for name, versions in sorted(self.tools.items())
        }


def read_lock(document: Document) -> ToolLock | tuple[Diagnostic, ...]:
    """Understand a lock file, or say where it is not what the command wrote."""
    try:
        model = _LockFile.model_validate(document.data)
    except ValidationError as error:
        return model_diagnostics(document, error, model=_LockFile)
    diagnostics: list[Diagnostic] = []
    tools: dict[str, tuple[ToolDefinition, ...]] = {}
    for name, tool in model.tools.items():
        versions = []
        for index, accepted in enumerate(tool.accepted):
            found = _definition(document, name, accepted, at=("tools", name, "accepted", index))
            if isinstance(found, Diagnostic):
                diagnostics.append(found)
            else:
                versions.append(found)
        tools[name] = tuple(versions)
    return tuple(diagnostics) if diagnostics else ToolLock(model.server, tools)


def _definition(
    document: Document, name: str, accepted: _Accepted, *, at: Path
) -> ToolDefinition | Diagnostic:
    advice = "write it anew with `ringfence tools pin`"
    span = document.spans.nearest((*at, "definition"))
    try:
        value = parse_json(accepted.definition)
        definition = read_definition(value)
    except (ValueError, RecursionError):
        return Diagnostic("RF116", span, f"the definition of `{name}` is not a tool's", advice)
    if definition.name != name or definition.members != value:
        message = f"the definition of `{name}` has another name, or members that are not pinned"
        return Diagnostic("RF116", span, message, advice)
    if definition.digest != accepted.digest:
        message = f"the digest of `{name}` is not that of its definition"
        return Diagnostic("RF116", document.spans.nearest((*at, "digest")), message, advice)
    return definition


def new_lock(server: str, listed: Iterable[ToolDefinition]) -> ToolLock:
    """Accept exactly the definitions that a server lists now."""
    return ToolLock(server, {one.name: (one,) for one in listed})


def add_versions(lock: ToolLock, listed: Iterable[ToolDefinition]) -> ToolLock:
    """Accept what a server lists now beside what was accepted before, as during an upgrade."""
    tools = dict(lock.tools)
    for one in listed:
        before = tuple(v for v in tools.get(one.name, ()) if v.digest != one.digest)
        tools[one.name] = (*before, one)
    return ToolLock(lock.server, tools)


def lock_text(lock: ToolLock) -> str:
    """Write a lock file: the same lock gives the same bytes."""
    lines = [_HEADER, f"server: {lock.server}\n", "tools:\n" if lock.tools else "tools: {}\n"]
    for name, versions in sorted(lock.tools.items()):
        lines.append(f"  {json.dumps(name)}:\n    accepted:\n")
        for version in versions:
            lines.append(f"      - digest: {version.digest}\n        definition: |\n")
            lines += [f"          {line}\n" for line in _readable(version).split("\n")]
    return "".join(lines)


def _readable(definition: ToolDefinition) -> str:
    """Write a definition as indented JSON in which nothing is invisible."""
    text = json.dumps(dict(definition.members), indent=2, sort_keys=True, ensure_ascii=False)
    return re.sub(f"[{INVISIBLE}\ufffe\uffff]", lambda found: json.dumps(found.group())[1:-1], text)
