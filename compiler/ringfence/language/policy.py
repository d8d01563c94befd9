"""A document understood: its envelope, and its spec as the model of its kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, ValidationError

from ringfence.errors import Diagnostic, Span
from ringfence.language.kinds import Kind, all_kinds
from ringfence.language.model_errors import model_diagnostics
from ringfence.language.source import Document, Path
from ringfence.language.suggest import did_you_mean
from ringfence.language.values import Model, Name, Text

__all__ = ["API_VERSION", "Metadata", "Policy", "Scope", "parse_policy"]

API_VERSION = "ringfence/v1"
RESERVED = "platform"


class Metadata(Model):
    """Who a document is, whose it is, and what it is for."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
    scope: Annotated[str, Field(pattern=r"^(?:platform|(?:tenant|contract)/[a-z0-9-]{1,63})$")]
    owner: Name
    description: Text | None = None


class _Envelope(Model):
    apiVersion: str
    kind: str
    metadata: Metadata
    spec: dict[str, object]


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Whom a document governs: the platform, a tenant, or one workload (contract) of a tenant."""

    tenant: str = ""
    contract: str = ""

    @property
    def level(self) -> str:
        """Name the level: `platform`, `tenant` or `contract`."""
        return "contract" if self.contract else "tenant" if self.tenant else "platform"

    def __str__(self) -> str:
        if self.contract:
            return f"contract/{self.contract}"
        return f"tenant/{self.tenant}" if self.tenant else "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One document of a known kind, valid by itself.

    `files` are the documents that the spec names, by the name that stands there.
    """

    kind: Kind
    metadata: Metadata
    scope: Scope
    spec: Model
    document: Document
    files: Mapping[str, Document] = field(default_factory=dict)

    def key(self, *path: str | int) -> Span:
        """Return where a key of the spec is written, or the nearest place above it."""
        full: Path = ("spec", *path)
        spans = self.document.spans
        return spans.key(full) if full in spans else spans.nearest(full)

    def value(self, *path: str | int) -> Span:
        """Return where a value of the spec is written, or the nearest place above it."""
        return self.document.spans.nearest(("spec", *path))

    def has(self, *path: str | int) -> bool:
        """Tell whether the spec writes this path."""
        return ("spec", *path) in self.document.spans


def parse_policy(document: Document, *, scope: Scope) -> Policy | tuple[Diagnostic, ...]:
    """Understand a document that lies in a directory of `scope`, or say all that is wrong with it."""
    early = _known(document)
    if early:
        return early
    try:
        envelope = _Envelope.model_validate(document.data)
    except ValidationError as error:
        return model_diagnostics(document, error, model=_Envelope)
    kind = all_kinds()[envelope.kind]
    spans = document.spans
    if envelope.metadata.scope != str(scope):
        message = f"scope `{envelope.metadata.scope}` in a directory of `{scope}`"
        hint = f"write `scope: {scope}`, or move the file"
        return (Diagnostic("RF106", spans.value(("metadata", "scope")), message, hint),)
    if scope.tenant == RESERVED:
        message = (
            f"`{RESERVED}` is no tenant: decisions of the platform's own points are under that name"
        )
        hint = "give the tenant, and its directory, another name"
        return (Diagnostic("RF114", spans.value(("metadata", "scope")), message, hint),)
    if scope.level not in kind.scopes:
        message = f"`{kind.name}` may not stand at {scope.level} scope"
        hint = f"it belongs to: {', '.join(sorted(kind.scopes))}"
        return (Diagnostic("RF107", spans.value(("kind",)), message, hint),)
    try:
        spec = kind.spec.model_validate(envelope.spec)
    except ValidationError as error:
        return model_diagnostics(document, error, model=kind.spec, at=("spec",))
    return Policy(kind=kind, metadata=envelope.metadata, scope=scope, spec=spec, document=document)


def _known(document: Document) -> tuple[Diagnostic, ...]:
    version, name = document.data.get("apiVersion"), document.data.get("kind")
    spans = document.spans
    if version is not None and version != API_VERSION:
        message = f"apiVersion `{version}` is unknown"
        return (
            Diagnostic("RF104", spans.value(("apiVersion",)), message, f"write `{API_VERSION}`"),
        )
    if name is not None and name not in all_kinds():
        near = did_you_mean(str(name), all_kinds())
        hint = f"did you mean `{near}`?" if near else f"kinds: {', '.join(all_kinds())}"
        return (Diagnostic("RF105", spans.value(("kind",)), f"kind `{name}` is unknown", hint),)
    return ()
