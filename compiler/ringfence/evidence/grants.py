"""Make records of grants: only of a token that the trust root verifies, and never with the token."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.errors import CompileError, Severity
from ringfence.evidence.delivered import form_record
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind
from ringfence.keys import thumbprint
from ringfence.trust.check import Expected, Refused, check_token
from ringfence.trust.exception import ExceptionDocument, canonical_bytes, verify_exception
from ringfence.trust.jws import MalformedError, attach, decode_base64url, read_compact, read_object
from ringfence.trust.root import TrustRootDocument, compile_trust, find_key

__all__ = ["approval_record", "exception_record"]


def approval_record(
    token: str, *, trust: Sequence[TrustRootDocument], revoked: Mapping[str, Any], now: int
) -> Record:
    """Return the record of an approval that the trust root verifies, for each rule that it names.

    One that has expired is judged as of when it was issued, so that it can still be recorded. A token
    that was revoked was given all the same; one of a revoked key (`key:` and its id in `revoked`) was
    not. `now` is in epoch seconds. Raise EvidenceError (RF939), which never shows the token.
    """
    claims = _claims(token)
    issued, ends = claims.get("iat"), claims.get("exp")
    expired = type(issued) is int and type(ends) is int and issued <= ends <= now
    keys = {name: one for name, one in revoked.items() if name.startswith("key:")}
    rules = claims.get("rules")
    for rule in rules if isinstance(rules, list) and rules else [""]:
        verdict = check_token(
            token,
            _own(claims, rule=rule if isinstance(rule, str) else "", revoked=keys),
            trust=compile_trust(one.spec for one in trust),
            now=issued if expired and type(issued) is int else now,
        )
        if isinstance(verdict, Refused):
            raise _refused(f"the token does not count: `{verdict.why}`")
    kid = read_compact(token).header["kid"]
    return form_record(
        RecordKind.APPROVAL,
        {
            "id": claims["jti"],
            "tenant": claims["tenant"],
            "environment": claims["env"],
            "point": claims["point"],
            "rules": sorted(set(claims["rules"])),
            "requester": claims["requester"],
            "by": claims["sub"],
            "from": claims["iat"],
            "until": claims["exp"],
            "facts": claims["facts"],
            **_signed(token, kid=kid, trust=trust),
        },
    )


def exception_record(
    document: ExceptionDocument,
    *,
    trust: Sequence[TrustRootDocument],
    now: int,
    environment: str | None = None,
) -> Record:
    """Return the record of an exception whose signature the trust root verifies, also once it expired.

    Facts are named and their values left out: `document_sha256` says which document has them. `now`
    is in epoch seconds; without `environment` the key must count in all of them. Raise CompileError
    for one that does not count, and EvidenceError (RF909) for one that is too long for a record.
    """
    found = verify_exception(document, trust=trust, now=now, environment=environment)
    wrong = tuple(one for one in found if one.severity is Severity.ERROR)
    spec, approval = document.spec, document.spec.approval
    if wrong or approval is None:
        raise CompileError(wrong)
    payload = canonical_bytes(document)
    header = read_compact(attach(approval.token, payload=payload)).header
    return form_record(
        RecordKind.EXCEPTION,
        {
            "id": document.name,
            "tenant": document.tenant,
            "points": sorted(set(spec.at)),
            "rules": sorted(set(spec.lifts)),
            "requester": spec.requester,
            "by": approval.by,
            "from": spec.starts_at,
            "until": spec.expires_at,
            "signed_at": header["iat"],
            "match": sorted(_fact(path) for path in spec.match),
            "ceiling": sorted(_fact(path) for path in spec.ceiling),
            "reason": spec.business_justification,
            "risk_analysis": spec.risk_analysis,
            "cost_plan": spec.cost_plan.model_dump(),
            "renews": spec.renews,
            "document_sha256": hashlib.sha256(payload).hexdigest(),
            **_signed(approval.token, kid=str(header["kid"]), trust=trust),
        },
    )


def _claims(token: str) -> Mapping[str, Any]:
    try:
        return read_object(read_compact(token).payload)
    except MalformedError:
        raise _refused("the token does not count: `malformed`") from None


def _own(claims: Mapping[str, Any], *, rule: str, revoked: Mapping[str, Any]) -> Expected:
    """Expect what the token says of itself: there is no request that it could differ from."""
    said = {name: claims.get(name) for name in ("point", "tenant", "env", "facts", "requester")}
    text = {name: value if isinstance(value, str) else "" for name, value in said.items()}
    return Expected(
        use="approval",
        point=text["point"],
        tenant=text["tenant"],
        env=text["env"],
        rule=rule,
        digest=text["facts"],
        requester=text["requester"],
        revoked=revoked,
    )


def _signed(token: str, *, kid: str, trust: Sequence[TrustRootDocument]) -> dict[str, Any]:
    key = find_key(trust, kid)
    if key is None:
        raise _refused("the token does not count: `unknown_key`")
    public = Ed25519PublicKey.from_public_bytes(decode_base64url(key.public))
    digest = hashlib.sha256(token.encode()).hexdigest()
    return {"kid": kid, "key": thumbprint(public), "token_sha256": digest}


def _fact(path: str) -> str:
    return path.removeprefix("facts.")


def _refused(problem: str) -> EvidenceError:
    return EvidenceError(
        "RF939",
        problem,
        help="docs/tokens.md says what each word means; only what counts is recorded",
    )
