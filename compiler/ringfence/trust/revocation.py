"""Revocations: what the live bundle says no longer counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.errors import Diagnostic
from ringfence.language.kinds.revocation import RevocationSpec
from ringfence.language.source import Document
from ringfence.language.suggest import did_you_mean
from ringfence.trust.exception import ExceptionDocument

__all__ = ["RevocationDocument", "check_revocations", "compile_revocations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationDocument:
    """A `Revocation` as its author wrote it."""

    source: Document
    spec: RevocationSpec

    @property
    def scope(self) -> str:
        """Return `metadata.scope`."""
        return str(self.source.data["metadata"]["scope"])


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
            help = f"did you mean `{near}`?" if near else "name an exception of this repository"
            found.append(Diagnostic("RF530", span, f"there is no exception `{name}`", help))
        elif revocation.scope not in ("platform", scopes.get(name or "")):
            message = f"`{revocation.scope}` may revoke its own exceptions only"
            help = "ask the platform team to revoke it, with `scope: platform`"
            found.append(Diagnostic("RF531", span, message, help))
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
