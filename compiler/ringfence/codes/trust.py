"""Codes RF5xx: exceptions, approvals and trust."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF501": CodeInfo(
        "key id used twice",
        "A token names its key by `kid` alone, so no two keys of all trust roots may share one.",
    ),
    "RF502": CodeInfo(
        "not an Ed25519 public key",
        "The `public` of a key is the `x` of its JWK: 32 bytes in base64url that are a point of "
        "the curve, and not one of small order, for which anyone can make signatures.",
    ),
    "RF503": CodeInfo("key ends before it begins", "Make `not_after` later than `not_before`."),
    "RF504": CodeInfo(
        "approver is not a person",
        "Approvals and exceptions are refused to those who asked for them, which can only be told "
        "of a person. Give each approver a key of their own, with an identity `user:…`.",
    ),
    "RF510": CodeInfo(
        "exception not approved",
        "An exception counts only with an approver's signature. Have it approved with "
        "`ringfence exception approve`.",
    ),
    "RF511": CodeInfo(
        "self-approved exception", "Whoever requests an exception does not approve it."
    ),
    "RF512": CodeInfo(
        "not a signature of an exception",
        "`approval.token` is a detached JWS (RFC 7515, appendix F) with EdDSA, as "
        "`ringfence exception approve` writes it. Have the exception approved again.",
    ),
    "RF513": CodeInfo(
        "unknown key", "The signature names a key that no trust root has, or has any longer."
    ),
    "RF514": CodeInfo(
        "signature does not fit",
        "The exception was altered after it was approved, or another key signed it. An exception "
        "is never extended: request a new one that names the old one in `renews`.",
    ),
    "RF515": CodeInfo(
        "key not valid for this",
        "The trust root says what each key may sign, for which tenants and environments, and from "
        "when until when.",
    ),
    "RF516": CodeInfo(
        "key of another identity",
        "`approval.by` is the identity that the trust root gives the key.",
    ),
    "RF517": CodeInfo(
        "exception lasts too long",
        "The platform's trust root sets `max_exception_age`. Let the exception expire earlier, and "
        "renew it with a new one where need be.",
    ),
    "RF518": CodeInfo(
        "expired exception", "The exception lifts nothing any more and can be deleted."
    ),
    "RF520": CodeInfo(
        "unknown decision point", "An exception lists the decision points at which it holds."
    ),
    "RF521": CodeInfo("unknown fact", "An exception matches facts that its decision points have."),
    "RF522": CodeInfo(
        "not a value of the fact",
        "An exception matches exact values of facts with one value, of the fact's type.",
    ),
    "RF523": CodeInfo(
        "exception renews itself", "A renewal is a new exception that names the old one."
    ),
    "RF524": CodeInfo("unknown rule", "An exception lifts rules that exist."),
    "RF525": CodeInfo(
        "rule is not waivable",
        "Invariants and rules without `waivable: true` are lifted by no exception.",
    ),
    "RF530": CodeInfo("unknown exception", "A revocation names an exception of this repository."),
    "RF531": CodeInfo(
        "revocation reaches too far",
        "A tenant may revoke its own exceptions; tokens, keys and other tenants' exceptions are "
        "revoked by the platform.",
    ),
}
