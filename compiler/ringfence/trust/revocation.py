"""Revocations: what the live bundle says no longer counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ringfence.errors import CompileError, Diagnostic, InternalError
from ringfence.language.kinds.revocation import RevocationSpec
from ringfence.language.policy import Policy, parse_policy
from ringfence.language.source import Document, load
from ringfence.language.suggest import did_you_mean
from ringfence.trust.exception import ExceptionDocument, written_scope

__all__ = [
    "REVOKED",
    "RevocationDocument",
    "check_revocations",
    "compile_revocations",
    "parse_revocation",
]

REVOKED: Final = "exceptions/revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationDocument:
    """A `Revocation` as its author wrote it."""

    source: Document
    spec: RevocationSpec

    @classmethod
    def of(cls, policy: Policy) -> "RevocationDocument":
        """View a policy of kind `Revocation`; raises InternalError for another kind."""
        if not isinstance(policy.spec, RevocationSpec):
            raise InternalError(f"{policy.document.file} is no revocation")
        return cls(source=policy.document, spec=policy.spec)

    @property
    def scope(self) -> str:
        """Return `metadata.scope`."""
        return str(self.source.data["metadata"]["scope"])


def parse_revocation(file: str, raw: bytes) -> RevocationDocument:
    """Understand the bytes of a revocation. Raises CompileError."""
    document = load(file, raw)
    result = _parse(document) if isinstance(document, Document) else document
    if not isinstance(result, RevocationDocument):
        raise CompileError(result)
    return result


def _parse(document: Document) -> RevocationDocument | tuple[Diagnostic, ...]:
    policy = parse_policy(document, scope=written_scope(document))
    if not isinstance(policy, Policy):
        return policy
    if not isinstance(policy.spec, RevocationSpec):
        message = f"`{policy.kind.name}` may not stand among the revocations"
        hint = "move it to where its kind belongs"
        return (Diagnostic("RF107", document.spans.value(("kind",)), message, hint),)
    return RevocationDocument.of(policy)


def check_revocations(
    revocations: Iterable[RevocationDocument], *, exceptions: Sequence[ExceptionDocument]
) -> tuple[Diagnostic, ...]:
    """Return the revocations that name no exception, and those of a tenant that reach too far."""
    scopes = {document.name: document.scope for document in exceptions}
    found: list[Diagnostic] = []
    for revocation in revocations:
        name = revocation.spec.revokes.exception
        span = revocation.source.spans.nearest(("spec", "revokes"))
        if name is not None and name not in scopes:
            near = did_you_mean(name, scopes)
            hint = f"did you mean `{near}`?" if near else "name an exception of this repository"
            found.append(Diagnostic("RF530", span, f"there is no exception `{name}`", hint))
        elif revocation.scope not in ("platform", scopes.get(name or "")):
            message = f"`{revocation.scope}` may revoke its own exceptions only"
            hint = "ask the platform team to revoke it, with `scope: platform`"
            found.append(Diagnostic("RF531", span, message, hint))
    return tuple(found)


def compile_revocations(documents: Iterable[RevocationDocument]) -> dict[str, dict[str, Any]]:
    """Map what is revoked to who revoked it, when (epoch seconds) and why, for the live bundle.

    Exceptions stand under their name, tokens under their id, keys under `key:` and their id.
    """
    entries = {}
    for document in documents:
        spec = document.spec
        name = spec.revokes.exception or spec.revokes.token or f"key:{spec.revokes.key}"
        entries[name] = {"by": spec.by, "at": spec.at, "reason": spec.reason}
    return dict(sorted(entries.items()))
