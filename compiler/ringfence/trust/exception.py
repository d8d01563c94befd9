"""Sign and verify exceptions: a detached JWS over the canonical document (RFC 7515, appendix F)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

from ringfence.custody.signer import Ed25519Signer
from ringfence.errors import Diagnostic, InternalError, Severity, UsageError
from ringfence.language.kinds.exception import Approval, ExceptionSpec
from ringfence.language.kinds.trust_root import TrustKey
from ringfence.language.policy import Policy, Scope
from ringfence.language.source import Document
from ringfence.trust.jws import (
    Jws,
    MalformedError,
    attach,
    decode_base64url,
    detach,
    read_compact,
    sign_compact,
    verify,
)
from ringfence.trust.root import TrustRootDocument, find_key
from ringfence.trust.token import SKEW

__all__ = [
    "ExceptionDocument",
    "canonical_bytes",
    "sign_exception",
    "verify_exception",
    "written_scope",
]

TYPE: Final = "ringfence+exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionDocument:
    """An `Exception` as its author wrote it; its envelope and model are known to be right."""

    source: Document
    spec: ExceptionSpec

    @classmethod
    def of(cls, policy: Policy) -> "ExceptionDocument":
        """View a policy of kind `Exception`; raises InternalError for another kind."""
        if not isinstance(policy.spec, ExceptionSpec):
            raise InternalError(f"{policy.document.file} is no exception")
        return cls(source=policy.document, spec=policy.spec)

    @property
    def name(self) -> str:
        """Return `metadata.name`."""
        return str(self.source.data["metadata"]["name"])

    @property
    def scope(self) -> str:
        """Return `metadata.scope`, `tenant/NAME`."""
        return str(self.source.data["metadata"]["scope"])

    @property
    def tenant(self) -> str:
        """Return the tenant that the exception is for."""
        return self.scope.removeprefix("tenant/")

    def diagnose(
        self, code: str, field: str, message: str, *, hint: str, severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """Return a diagnostic at a field of the spec, or at the spec where it lacks the field."""
        span = self.source.spans.nearest(("spec", *field.split(".")))
        return Diagnostic(code, span, message, hint, severity)


def written_scope(document: Document) -> Scope:
    """Return the scope that a document names, for one that is read apart from its directory."""
    metadata = document.data.get("metadata")
    scope = metadata.get("scope") if isinstance(metadata, dict) else None
    level, _, name = str(scope).partition("/")
    return Scope(tenant=name) if level == "tenant" else Scope()


def canonical_bytes(document: ExceptionDocument) -> bytes:
    """Return what is signed: RFC 8785 of name, scope and spec as written, without `approval`."""
    spec: dict[str, Any] = dict(document.source.data["spec"])
    spec.pop("approval", None)
    return rfc8785.dumps({"name": document.name, "scope": document.scope, "spec": spec})


def sign_exception(
    document: ExceptionDocument, *, by: str, key: Ed25519Signer, kid: str, signed_at: int
) -> str:
    """Return the token of `spec.approval`; `signed_at` is in epoch seconds.

    Raises UsageError where the requester approves.
    """
    if by.lower() == document.spec.requester.lower():
        raise UsageError(
            f"`{by}` cannot approve their own exception `{document.name}`",
            help="have someone else approve it, with their own key",
        )
    header = {"alg": "EdDSA", "iat": signed_at, "kid": kid, "typ": TYPE}
    return detach(sign_compact(canonical_bytes(document), header=header, key=key))


def verify_exception(
    document: ExceptionDocument,
    *,
    trust: Sequence[TrustRootDocument],
    now: int,
    environment: str | None = None,
) -> tuple[Diagnostic, ...]:
    """Return why the exception doesn't count; nothing where it does. Never raises.

    Its key must have been valid when it signed, and must be trusted still. `now` is in epoch
    seconds. Without `environment` the key must be trusted in all of them. An exception that has
    expired is a warning only.
    """
    approval = document.spec.approval
    if approval is None:
        return (
            document.diagnose(
                "RF510",
                "approval",
                f"exception `{document.name}` is not approved",
                hint="have it approved: `ringfence exception approve FILE`",
            ),
        )
    found = _check_signature(document, approval, trust=trust, now=now, environment=environment)
    return (found,) if found is not None else _check_time(document, trust=trust, now=now)


def _check_signature(
    document: ExceptionDocument,
    approval: Approval,
    *,
    trust: Sequence[TrustRootDocument],
    now: int,
    environment: str | None,
) -> Diagnostic | None:
    hint = "have the exception approved again"
    if approval.by.lower() == document.spec.requester.lower():
        message = f"`{approval.by}` approved their own exception"
        return document.diagnose("RF511", "approval.by", message, hint="have someone else approve")
    try:
        jws = read_compact(attach(approval.token, payload=canonical_bytes(document)))
    except MalformedError as error:
        message = f"the approval is not a detached signature: {error}"
        return document.diagnose("RF512", "approval.token", message, hint=hint)
    if not _is_ours(jws):
        message = "the approval is not an EdDSA signature of an exception"
        return document.diagnose("RF512", "approval.token", message, hint=hint)
    key = find_key(trust, jws.header["kid"])
    if key is None:
        message = f"no trust root has the key `{jws.header['kid']}`"
        return document.diagnose("RF513", "approval.token", message, hint=hint)
    if not verify(jws, public=decode_base64url(key.public)):
        message = "the signature does not fit: the exception was altered, or another key signed it"
        return document.diagnose("RF514", "approval.token", message, hint=hint)
    return _check_key(document, approval, jws=jws, key=key, now=now, environment=environment)


def _check_key(
    document: ExceptionDocument,
    approval: Approval,
    *,
    jws: Jws,
    key: TrustKey,
    now: int,
    environment: str | None,
) -> Diagnostic | None:
    signed_at = jws.header["iat"]
    wrongs = (
        ("exception" not in key.uses, "may not approve exceptions"),
        ({document.tenant, "*"}.isdisjoint(key.tenants), f"does not count for `{document.tenant}`"),
        (
            {environment or "*", "*"}.isdisjoint(key.environments),
            f"does not count in {f'`{environment}`' if environment else 'all environments'}",
        ),
        (not key.not_before <= signed_at < key.not_after, "was not valid when it signed"),
        (signed_at > now + SKEW, "signed in the future"),
    )
    for wrong, what in wrongs:
        if wrong:
            return document.diagnose(
                "RF515",
                "approval.token",
                f"key `{key.kid}` {what}",
                hint="have it approved with a key that the trust root allows for this",
            )
    if key.identity != approval.by:
        return document.diagnose(
            "RF516",
            "approval.by",
            f"key `{key.kid}` belongs to `{key.identity}`, not to `{approval.by}`",
            hint=f"write `by: {key.identity}`, or have it approved again",
        )
    return None


def _check_time(
    document: ExceptionDocument, *, trust: Sequence[TrustRootDocument], now: int
) -> tuple[Diagnostic, ...]:
    spec = document.spec
    found = []
    most = min(root.spec.max_exception_age for root in trust)
    if spec.expires_at - spec.starts_at > most:
        found.append(
            document.diagnose(
                "RF517",
                "expires_at",
                f"the exception lasts longer than the platform's {most // 86_400} days",
                hint="let it expire earlier, and renew it with a new exception where need be",
            )
        )
    if now >= spec.expires_at:
        found.append(
            document.diagnose(
                "RF518",
                "expires_at",
                f"exception `{document.name}` has expired",
                hint="delete it; a renewal is a new exception that names this one in `renews`",
                severity=Severity.WARNING,
            )
        )
    return tuple(found)


def _is_ours(jws: Jws) -> bool:
    header = jws.header
    return (
        header.keys() == {"alg", "iat", "kid", "typ"}
        and (header["alg"], header["typ"]) == ("EdDSA", TYPE)
        and type(header["iat"]) is int
        and isinstance(header["kid"], str)
    )
