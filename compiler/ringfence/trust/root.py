"""Trust roots: check their keys, find one by its id, and write them as data for decisions."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.errors import Diagnostic, InternalError
from ringfence.language.kinds.trust_root import TrustKey, TrustRoot
from ringfence.language.policy import Policy
from ringfence.language.source import Document
from ringfence.trust.curve import is_usable_point
from ringfence.trust.jws import decode_base64url

__all__ = ["TrustRootDocument", "check_trust", "compile_trust", "find_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRootDocument:
    """A `TrustRoot` as its author wrote it."""

    source: Document
    spec: TrustRoot

    @classmethod
    def of(cls, policy: Policy) -> "TrustRootDocument":
        """View a policy of kind `TrustRoot`; raises InternalError for another kind."""
        if not isinstance(policy.spec, TrustRoot):
            raise InternalError(f"{policy.document.file} is no trust root")
        return cls(source=policy.document, spec=policy.spec)


def check_trust(documents: Sequence[TrustRootDocument]) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the keys of all trust roots together."""
    found: list[Diagnostic] = []
    seen: set[str] = set()
    for document in documents:
        for at, key in enumerate(document.spec.keys):
            found += _check_key(key, document=document, at=at, seen=seen)
            seen.add(key.kid)
    return tuple(found)


def _check_key(
    key: TrustKey, *, document: TrustRootDocument, at: int, seen: set[str]
) -> list[Diagnostic]:
    spans = document.source.spans

    def diagnose(code: str, field: str, message: str, hint: str) -> Diagnostic:
        return Diagnostic(code, spans.nearest(("spec", "keys", at, field)), message, hint)

    found = []
    if key.kid in seen:
        found.append(
            diagnose("RF501", "kid", f"key id `{key.kid}` is used twice", "choose another key id")
        )
    if not is_usable_point(decode_base64url(key.public)):
        found.append(
            diagnose(
                "RF502",
                "public",
                f"`{key.public}` is not an Ed25519 public key",
                "paste the `x` of the JWK that `ringfence keygen` printed",
            )
        )
    if key.not_before >= key.not_after:
        found.append(
            diagnose(
                "RF503",
                "not_after",
                f"key `{key.kid}` ends before it begins",
                "make `not_after` later than `not_before`",
            )
        )
    if not key.identity.startswith("user:") and {"approval", "exception"} & set(key.uses):
        found.append(
            diagnose(
                "RF504",
                "identity",
                f"`{key.identity}` is not a person, so self-approval could not be told",
                "give each approver a key with an identity `user:…`",
            )
        )
    return found


def compile_trust(
    documents: Iterable[TrustRoot], *, tenant: str | None = None, environment: str | None = None
) -> dict[str, Any]:
    """Return the keys by id as `ringfence.lib.token` takes them, in ascending order.

    Times are epoch seconds, lifetimes seconds by use. With `tenant` or `environment` only keys that
    count there are kept: each key costs every decision that verifies a token some 46 allocations.
    The documents have passed `check_trust`.
    """
    keys = {
        key.kid: _compile_key(key, root)
        for root in documents
        for key in root.keys
        if _covers(key.tenants, tenant) and _covers(key.environments, environment)
    }
    return dict(sorted(keys.items()))


def _covers(names: Sequence[str], name: str | None) -> bool:
    return name is None or name in names or "*" in names


def _compile_key(key: TrustKey, root: TrustRoot) -> dict[str, Any]:
    ceilings = {
        "approval": root.max_lifetime.approval,
        "attestation": root.max_lifetime.attestation,
    }
    own = key.max_lifetime
    return {
        "jwks": _jwks(key),
        "identity": key.identity,
        **({"groups": sorted(set(key.groups))} if key.groups else {}),
        "uses": sorted(set(key.uses)),
        "tenants": sorted(set(key.tenants)),
        "environments": sorted(set(key.environments)),
        "not_before": key.not_before,
        "not_after": key.not_after,
        "max_lifetime": {
            use: most if own is None else min(most, own) for use, most in ceilings.items()
        },
    }


def _jwks(key: TrustKey) -> str:
    """Write a JWK set (RFC 7517, section 5) of one Ed25519 key (RFC 8037, section 2)."""
    jwk = {"alg": "EdDSA", "crv": "Ed25519", "kid": key.kid, "kty": "OKP", "x": key.public}
    return json.dumps({"keys": [jwk]}, separators=(",", ":"), sort_keys=True)


def find_key(documents: Iterable[TrustRootDocument], kid: str) -> TrustKey | None:
    """Return the key of that id, or None."""
    keys = (key for document in documents for key in document.spec.keys)
    return next((key for key in keys if key.kid == kid), None)
