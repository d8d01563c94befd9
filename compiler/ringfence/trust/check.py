"""Check a token as `rego/lib/token` does: the same checks, in the same order, the same reasons."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from ringfence.trust.jws import (
    Jws,
    MalformedError,
    decode_base64url,
    read_compact,
    read_object,
    verify,
)
from ringfence.trust.token import AUDIENCE, MAX_LENGTH, SKEW, TYPE

__all__ = ["Accepted", "Expected", "Refused", "check_token"]

_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_IDENTITY: Final = re.compile(r"(?:user|group|service):[!-~]{1,200}")
_TEXTS: Final = ("iss", "sub", "use", "point", "tenant", "env")
_NAMES: Final = frozenset(
    {*_TEXTS, "aud", "jti", "iat", "exp", "rules", "requester", "facts", "attested", "subject"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must be for; `revoked` has revoked token ids, and `key:` before key ids.

    `rule`, `digest` and `requester` are for approvals, `facts` for attestations. Without
    `revoked` no token counts.
    """

    use: Literal["approval", "attestation"]
    point: str
    tenant: str
    env: str
    rule: str = ""
    digest: str = ""
    requester: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    revoked: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A token that counts, until `until` (epoch seconds)."""

    id: str
    kid: str
    by: str
    until: int
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A token that doesn't count; `id` is empty where it is malformed."""

    id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    jws: Jws
    claims: Mapping[str, Any]
    key: Mapping[str, Any]
    expected: Expected
    now: int


def check_token(
    token: object, expected: Expected, *, trust: Mapping[str, Any], now: int
) -> Accepted | Refused:
    """Return whether a token counts at `now` (epoch seconds), and if not, the first reason.

    `trust` is what `compile_trust` returns. Never raises, whatever the token is.
    """
    parts = _read(token)
    if parts is None:
        return Refused(id="", why="malformed")
    jws, claims = parts
    key = trust.get(jws.header["kid"], {})
    case = _Case(jws=jws, claims=claims, key=key, expected=expected, now=now)
    for why, holds in _CHECKS:
        if not holds(case):
            return Refused(id=claims["jti"], why=why)
    return Accepted(
        id=claims["jti"],
        kid=jws.header["kid"],
        by=claims["sub"],
        until=claims["exp"],
        claims=claims,
    )


def _read(token: object) -> tuple[Jws, Mapping[str, Any]] | None:
    if not isinstance(token, str) or len(token) > MAX_LENGTH:
        return None
    try:
        jws = read_compact(token)
        claims = read_object(jws.payload)
    except MalformedError:
        return None
    header = jws.header
    if header.keys() != {"alg", "kid", "typ"} or header["typ"] != TYPE:
        return None
    return (jws, claims) if _ID.fullmatch(header["kid"]) and _is_shaped(claims) else None


def _is_shaped(claims: Mapping[str, Any]) -> bool:
    attested = claims.get("attested", {})
    return (
        claims.keys() <= _NAMES
        and all(isinstance(claims.get(name), str) for name in _TEXTS)
        and isinstance(claims.get("jti"), str)
        and _ID.fullmatch(claims["jti"]) is not None
        and _is_time(claims.get("iat"))
        and isinstance(attested, dict)
        and all(map(_is_value, attested.values()))
    )


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12


def _is_value(value: object) -> bool:
    return all(map(_is_scalar, value)) if isinstance(value, list) else _is_scalar(value)


def _is_scalar(value: object) -> bool:
    match value:
        case bool() | str():
            return True
        case int():
            return abs(value) < 10**15
        case Decimal():
            return re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,6}", str(value)) is not None
        case _:
            return False


def _is_signed(case: _Case) -> bool:
    public = json.loads(case.key["jwks"])["keys"][0]["x"]
    return verify(case.jws, public=decode_base64url(public))


def _is_key_valid(case: _Case) -> bool:
    key, expected = case.key, case.expected
    return (
        expected.use in key["uses"]
        and not {expected.tenant, "*"}.isdisjoint(key["tenants"])
        and not {expected.env, "*"}.isdisjoint(key["environments"])
        and key["not_before"] <= case.now < key["not_after"]
    )


def _expires(case: _Case) -> bool:
    expiry = case.claims.get("exp")
    return _is_time(expiry) and expiry > case.claims["iat"]


def _names_rule(case: _Case) -> bool:
    rules = case.claims.get("rules")
    return case.claims["use"] == "attestation" or (
        isinstance(rules, list) and case.expected.rule in rules
    )


def _is_by_another(case: _Case) -> bool:
    claims = case.claims
    requester = claims.get("requester", "")
    return claims["use"] == "attestation" or (
        isinstance(requester, str)
        and claims["sub"].lower() not in (requester.lower(), case.expected.requester.lower())
    )


def _is_in_force(case: _Case) -> bool:
    names = (case.claims["jti"], f"key:{case.jws.header['kid']}")
    return all((case.expected.revoked or {}).get(name) is None for name in names)


def _is_bound(case: _Case) -> bool:
    claims = case.claims
    if claims["use"] == "approval":
        digest, requester = claims.get("facts"), claims.get("requester")
        return (
            isinstance(digest, str)
            and _DIGEST.fullmatch(digest) is not None
            and isinstance(requester, str)
            and _IDENTITY.fullmatch(requester) is not None
        )
    subject = claims.get("subject")
    return (
        bool(claims.get("attested"))
        and isinstance(subject, dict)
        and bool(subject)
        and all(isinstance(value, str) for value in subject.values())
    )


def _is_for_this(case: _Case) -> bool:
    claims, expected = case.claims, case.expected
    if claims["use"] == "approval":
        return bool(
            claims["facts"] == expected.digest and claims["requester"] == expected.requester
        )
    return all(_get(expected.facts, name) == value for name, value in claims["subject"].items())


def _get(facts: Any, name: str) -> Any:
    for step in name.split("."):
        facts = facts.get(step) if isinstance(facts, Mapping) else None
    return facts


_CHECKS: Final[tuple[tuple[str, Callable[[_Case], bool]], ...]] = (
    ("wrong_algorithm", lambda case: case.jws.header["alg"] == "EdDSA"),
    ("unknown_key", lambda case: bool(case.key)),
    ("wrong_signature", _is_signed),
    ("key_not_valid", _is_key_valid),
    (
        "other_identity",
        lambda case: case.claims["iss"] == case.claims["sub"] == case.key["identity"],
    ),
    ("wrong_use", lambda case: case.claims["use"] == case.expected.use),
    ("wrong_audience", lambda case: case.claims.get("aud") == AUDIENCE),
    ("no_expiry", _expires),
    ("expired", lambda case: case.now < case.claims["exp"]),
    ("issued_in_future", lambda case: case.claims["iat"] <= case.now + SKEW),
    (
        "lifetime_too_long",
        lambda case: (
            case.claims["exp"] - case.claims["iat"]
            <= case.key["max_lifetime"].get(case.claims["use"], 0)
        ),
    ),
    ("other_tenant", lambda case: case.claims["tenant"] == case.expected.tenant),
    ("other_environment", lambda case: case.claims["env"] == case.expected.env),
    ("other_point", lambda case: case.claims["point"] == case.expected.point),
    ("other_rule", _names_rule),
    ("self_approved", _is_by_another),
    ("revocations_unknown", lambda case: case.expected.revoked is not None),
    ("revoked", _is_in_force),
    ("unbound", _is_bound),
    ("other_request", _is_for_this),
)
