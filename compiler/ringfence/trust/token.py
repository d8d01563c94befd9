"""Write approvals and attestations: the token profile of docs/tokens.md."""

import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import orjson

from ringfence.custody.signer import Ed25519Signer
from ringfence.errors import UsageError
from ringfence.ir.schema import DecisionPoint
from ringfence.trust.canonical import bound_digest
from ringfence.trust.jws import sign_compact

__all__ = [
    "AUDIENCE",
    "MAX_LENGTH",
    "SKEW",
    "TYPE",
    "issue_approval",
    "issue_attestation",
    "sign_token",
]

AUDIENCE: Final = "ringfence"
TYPE: Final = "ringfence+jwt"
MAX_LENGTH: Final = 8192
SKEW: Final = 60


def issue_approval(
    facts: Mapping[str, Any],
    *,
    point: DecisionPoint,
    tenant: str,
    env: str,
    rules: Sequence[str],
    by: str,
    requester: str,
    issued_at: int,
    lifetime: int,
    key: Ed25519Signer,
    kid: str,
    jti: str | None = None,
) -> str:
    """Return a token that lifts these rules for a request with exactly these bound facts.

    Times are seconds. Raises UsageError where the token could never count, and UnencodableFactError.
    """
    if by.lower() == requester.lower():
        raise UsageError(
            f"`{by}` cannot approve a request of their own",
            help="have someone else approve it, with their own key",
        )
    claims = {
        **_common(by, use="approval", issued_at=issued_at, lifetime=lifetime, jti=jti),
        "point": point.name,
        "tenant": tenant,
        "env": env,
        "rules": sorted(set(rules)),
        "requester": requester,
        "facts": bound_digest(facts, point),
    }
    return sign_token(claims, key=key, kid=kid)


def issue_attestation(
    attested: Mapping[str, Any],
    *,
    subject: Mapping[str, str],
    point: str,
    tenant: str,
    env: str,
    by: str,
    issued_at: int,
    lifetime: int,
    key: Ed25519Signer,
    kid: str,
    jti: str | None = None,
) -> str:
    """Return a token that asserts facts, by dotted name, of whatever `subject` names.

    `subject` maps dotted names of string facts to values; the token counts only for a request
    that has them all. Times are seconds. Raises UsageError.
    """
    if not attested or not subject:
        raise UsageError(
            "an attestation needs facts and a subject",
            help="name what is attested, and the facts that say of what",
        )
    claims = {
        **_common(by, use="attestation", issued_at=issued_at, lifetime=lifetime, jti=jti),
        "point": point,
        "tenant": tenant,
        "env": env,
        "attested": dict(attested),
        "subject": dict(subject),
    }
    return sign_token(claims, key=key, kid=kid)


def sign_token(claims: Mapping[str, Any], *, key: Ed25519Signer, kid: str) -> str:
    """Return the claims as a compact JWS. Raises UsageError where it is over 8 KiB."""
    try:
        payload = orjson.dumps(dict(claims), default=_literal, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise UsageError(f"the claims are not JSON: {error}", help="check the facts") from None
    header = {"alg": "EdDSA", "kid": kid, "typ": TYPE}
    token = sign_compact(payload, header=header, key=key)
    if len(token) > MAX_LENGTH:
        raise UsageError(
            f"the token has {len(token)} characters, more than {MAX_LENGTH}",
            help="name fewer rules or facts",
        )
    return token


def _common(by: str, *, use: str, issued_at: int, lifetime: int, jti: str | None) -> dict[str, Any]:
    if lifetime <= 0:
        raise UsageError("a token's lifetime must be more than 0 s", help="give it a longer one")
    return {
        "iss": by,
        "sub": by,
        "aud": AUDIENCE,
        "jti": jti if jti is not None else f"{use[:3]}-{secrets.token_hex(16)}",
        "iat": issued_at,
        "exp": issued_at + lifetime,
        "use": use,
    }


def _literal(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"`{value}` is not a JSON value")
