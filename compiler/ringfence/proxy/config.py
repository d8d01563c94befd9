"""What a proxy is told by its operator, in a YAML file or on the command line."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from ringfence.errors import CompileError, UsageError
from ringfence.language.kinds.tool_policy import AgentId
from ringfence.language.model_errors import model_diagnostics
from ringfence.language.source import Document, read_document
from ringfence.language.values import Duration, Identity, Line, Model, Name, Seq
from ringfence.proxy.identity import Identity as Who

__all__ = ["OpaAddress", "Settings", "read_settings"]

_MIB = 1 << 20
SessionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]


class Limits(Model):
    """Times of waiting, and sizes of messages in bytes."""

    decision: Duration = 5
    greeting: Duration = 60
    answer: Duration = 60
    list_age: Duration = 60
    hold: Duration = 0
    size: Annotated[int, Field(ge=1024, le=256 * _MIB)] = 4 * _MIB


class ProxyFile(Model):
    """The file; what it leaves out the command line says."""

    apiVersion: Literal["ringfence/v1"] = "ringfence/v1"
    kind: Literal["McpProxy"] = "McpProxy"
    tenant: Name
    environment: Name
    agent: AgentId
    requester: Identity
    server: Name
    session: SessionId | None = None
    workload: Line = ""
    opa: Line = "127.0.0.1:8181"
    approvals: Line | None = None
    held: Line | None = None
    state: Line | None = None
    usage: Line | None = None
    log: Line | None = None
    pass_environment: Seq[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaAddress:
    """Where OPA listens: a Unix socket, or a host and a port."""

    unix: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8181


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that the operator says; paths are absolute or relative to where the proxy runs."""

    who: Who
    opa: OpaAddress
    approvals: Path | None
    held: Path | None
    state: Path | None
    usage: Path | None
    log: Path | None
    pass_environment: tuple[str, ...]
    limits: Limits


def read_settings(file: Path | None, *, given: Mapping[str, Any]) -> Settings:
    """Read the file, if there is one, and put what was given over it; None counts as not given.

    A path in the file is relative to the file. Raise CompileError or UsageError.
    """
    said = {name: value for name, value in given.items() if value not in (None, ())}
    document = _document(file) if file else None
    folder = file.parent if file else Path()
    data = dict(document.data) if document and isinstance(document.data, dict) else {}
    try:
        model = ProxyFile.model_validate({**data, **said})
    except ValidationError as error:
        if document is not None and not said:
            found = model_diagnostics(document, error, model=ProxyFile)
            raise CompileError(found, sources={document.file: document.text}) from None
        raise UsageError(_first(error), help="see `ringfence mcp-proxy --help`") from None

    def path(name: str) -> Path | None:
        text = getattr(model, name)
        return None if text is None else Path(text) if name in said else folder / text

    return Settings(
        who=Who(
            tenant=model.tenant,
            environment=model.environment,
            requester=model.requester,
            agent=model.agent,
            session=model.session or f"s-{secrets.token_hex(16)}",
            server=model.server,
            workload=model.workload,
        ),
        opa=_address(model.opa),
        approvals=path("approvals"),
        held=path("held"),
        state=path("state"),
        usage=path("usage"),
        log=path("log"),
        pass_environment=model.pass_environment,
        limits=model.limits,
    )


def _document(file: Path) -> Document:
    document = read_document(file.parent, file.name)
    if not isinstance(document, Document):
        raise CompileError(document)
    return document


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(map(str, one["loc"]))
    return f"`{name}`: {one['msg'].lower()}"


def _address(text: str) -> OpaAddress:
    if text.startswith("unix:"):
        return OpaAddress(unix=Path(text.removeprefix("unix:").removeprefix("//")))
    found = re.fullmatch(r"(?:http://)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})/?", text)
    if found is None:
        raise UsageError(f"`{text}` is no address of OPA", help="HOST:PORT, or unix:PATH")
    return OpaAddress(host=found[1], port=int(found[2]))
