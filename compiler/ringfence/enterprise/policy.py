"""Read an export policy: strict YAML in, every mistake with its place."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ringfence.enterprise.policy_model import PolicyFile
from ringfence.errors import CompileError, Diagnostic
from ringfence.evidence.error import VerifyError
from ringfence.language.model_errors import model_diagnostics
from ringfence.language.source import Document, load, read_document

__all__ = ["ExportPolicy", "packed_policy", "read_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPolicy:
    """A policy, and the bytes that it was read from."""

    file: PolicyFile
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def read_policy(file: Path) -> ExportPolicy:
    """Read a policy's file; raise CompileError with every mistake found."""
    return _policy(read_document(file.parent, file.name))


def packed_policy(content: bytes) -> ExportPolicy:
    """Read the policy in a package; raise VerifyError (RF979)."""
    try:
        found = _policy(load("policy.yaml", content))
    except CompileError:
        raise VerifyError("RF979", "the package's export policy is malformed") from None
    if found.content != content:
        raise VerifyError("RF979", "the package's export policy is malformed")
    return found


def _policy(document: Document | tuple[Diagnostic, ...]) -> ExportPolicy:
    if not isinstance(document, Document):
        raise CompileError(document)
    try:
        model = PolicyFile.model_validate(document.data)
    except ValidationError as error:
        found = model_diagnostics(document, error, model=PolicyFile)
        raise CompileError(found, sources={document.file: document.text}) from None
    return ExportPolicy(file=model, content=document.text.encode())
