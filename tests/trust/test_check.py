"""Facts about tokens: OPA and Python accept and refuse the same ones, for the same reasons."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.trust.check import Accepted, Expected, Refused, check_token
from ringfence.trust.token import sign_token

NOW = 1_795_000_000
DAY = 86_400
DIGEST = "sha256:" + "ab" * 32
REQUESTER = "user:maria@acme.example"
LEE = "user:lee@platform.example"

APPROVAL: dict[str, Any] = {
    "iss": LEE,
    "sub": LEE,
    "aud": "ringfence",
    "jti": "apr-1",
    "iat": NOW - 100,
    "exp": NOW + DAY,
    "use": "approval",
    "point": "runner.start",
    "tenant": "acme",
    "env": "prod",
    "rules": ["runner.size.xlarge", "runner.quota.monthly-hours"],
    "requester": REQUESTER,
    "facts": DIGEST,
}
FOR_APPROVAL = Expected(
    use="approval",
    point="runner.start",
    tenant="acme",
    env="prod",
    rule="runner.size.xlarge",
    digest=DIGEST,
    requester=REQUESTER,
    revoked={"apr-99": {"reason": "lost laptop"}},
)
ATTESTATION: dict[str, Any] = {
    **{name: APPROVAL[name] for name in ("aud", "iat", "point", "tenant", "env")},
    "iss": "service:scanner",
    "sub": "service:scanner",
    "jti": "att-1",
    "exp": NOW + 3600,
    "use": "attestation",
    "attested": {"scan.status": "passed", "scan.count": 3, "scan.done": True},
    "subject": {"scan.digest": "sha256:00"},
}
FOR_ATTESTATION = Expected(
    use="attestation",
    point="runner.start",
    tenant="acme",
    env="prod",
    facts={"scan": {"digest": "sha256:00", "status": "passed"}},
    revoked={},
)
HEADER = {"alg": "EdDSA", "kid": "lee", "typ": "ringfence+jwt"}

ANSWER = """
import data.ringfence.lib.token
_now := input.now * 1000000000
answer := verdicts if verdicts := _verdicts with time.now_ns as _now
_verdicts := [verdict |
    some c in input.cases
    verdict := token.verdict(c.token, c.expected, input.trust)
]
"""

Keys = Mapping[str, Ed25519PrivateKey]
Ask = Callable[..., Any]
Case = tuple[object, Expected]


def b64(raw: bytes | str) -> str:
    """Encode in base64url without padding."""
    data = raw.encode() if isinstance(raw, str) else raw
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_token(key: Ed25519PrivateKey, payload: str, header: str | None = None) -> str:
    """Sign any text as a token, whatever it is."""
    head = header if header is not None else json.dumps(HEADER, separators=(",", ":"))
    signed = f"{b64(head)}.{b64(payload)}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def literal(claims: Mapping[str, Any], name: str, text: str) -> str:
    """Return the claims as JSON in which one value is written as `text`."""
    kept = {**claims, name: "\0"}
    return json.dumps(kept, separators=(",", ":")).replace('"\\u0000"', text)


def _approval(keys: Keys, **changes: Any) -> str:
    claims = {k: v for k, v in {**APPROVAL, **changes}.items() if v is not ...}
    return sign_token(claims, key=keys["lee"], kid="lee")


def _attestation(keys: Keys, **changes: Any) -> str:
    claims = {k: v for k, v in {**ATTESTATION, **changes}.items() if v is not ...}
    return sign_token(claims, key=keys["scanner"], kid="scanner")


def _by(keys: Keys, name: str, identity: str, **changes: Any) -> str:
    claims = {**APPROVAL, "iss": identity, "sub": identity, **changes}
    return sign_token(claims, key=keys[name], kid=name)


def _none(_: Keys) -> str:
    header = json.dumps({**HEADER, "alg": "none"}, separators=(",", ":"))
    return f"{b64(header)}.{b64(json.dumps(APPROVAL))}.{'A' * 86}"


def _hs512(keys: Keys) -> str:
    """Sign with the public key as secret, a 64-byte MAC so that it has a signature's length."""
    header = json.dumps({**HEADER, "alg": "HS512"}, separators=(",", ":"))
    signed = f"{b64(header)}.{b64(json.dumps(APPROVAL))}"
    secret = keys["lee"].public_key().public_bytes_raw()
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha512))}"


def _es256(_: Keys) -> str:
    header = json.dumps({**HEADER, "alg": "ES256"}, separators=(",", ":"))
    signed = f"{b64(header)}.{b64(json.dumps(APPROVAL))}"
    key = ec.derive_private_key(12345, ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _altered(keys: Keys) -> str:
    head, _, signature = _approval(keys).split(".")
    payload = json.dumps({**APPROVAL, "exp": NOW + 2 * DAY}, separators=(",", ":"), sort_keys=True)
    return f"{head}.{b64(payload)}.{signature}"


def _signed_by_stranger(keys: Keys) -> str:
    return sign_token(APPROVAL, key=keys["stranger"], kid="lee")


def _with_header(keys: Keys, header: str) -> str:
    return raw_token(keys["lee"], json.dumps(APPROVAL), header)


def _with(keys: Keys, name: str, text: str) -> str:
    return raw_token(keys["lee"], literal(APPROVAL, name, text))


def _last_character(keys: Keys) -> str:
    token = _approval(keys)
    return token[:-1] + chr(ord(token[-1]) + 1)


# Each refused token differs in one thing from one that is accepted.
REFUSED: dict[str, tuple[str, Callable[[Keys], object]]] = {
    "no part": ("malformed", lambda k: "hello"),
    "two parts": ("malformed", lambda k: ".".join(_approval(k).split(".")[:2])),
    "four parts": ("malformed", lambda k: _approval(k) + ".e30"),
    "not base64url": ("malformed", lambda k: _approval(k).replace(".", ".+", 1)),
    "padding": ("malformed", lambda k: _approval(k) + "=="),
    "white space": ("malformed", lambda k: _approval(k) + "\n"),
    "another last character": ("malformed", _last_character),
    "longer than 8 KiB": ("malformed", lambda k: raw_token(k["lee"], literal(APPROVAL, "facts", json.dumps("a" * 7000)))),
    "payload no JSON": ("malformed", lambda k: raw_token(k["lee"], "{")),
    "payload a list": ("malformed", lambda k: raw_token(k["lee"], "[]")),
    "payload a token": ("malformed", lambda k: raw_token(k["lee"], json.dumps(_approval(k)))),
    "a claim too many": ("malformed", lambda k: _approval(k, nbf=NOW)),
    "no iat": ("malformed", lambda k: _approval(k, iat=...)),
    "iat text": ("malformed", lambda k: _with(k, "iat", '"1"')),
    "iat with exponent": ("malformed", lambda k: _with(k, "iat", "1e400")),
    "iat a fraction": ("malformed", lambda k: _with(k, "iat", "1.5")),
    "iat negative": ("malformed", lambda k: _with(k, "iat", "-1")),
    "no jti": ("malformed", lambda k: _approval(k, jti=...)),
    "jti with a line feed": ("malformed", lambda k: _approval(k, jti="a\nb")),
    "jti a number": ("malformed", lambda k: _approval(k, jti=5)),
    "tenant a number": ("malformed", lambda k: _approval(k, tenant=5)),
    "sub null": ("malformed", lambda k: _approval(k, sub=None)),
    "header no JSON": ("malformed", lambda k: _with_header(k, "{")),
    "header a list": ("malformed", lambda k: _with_header(k, "[]")),
    "no kid": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","typ":"ringfence+jwt"}')),
    "kid null": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","kid":null,"typ":"ringfence+jwt"}')),
    "typ JWT": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","kid":"lee","typ":"JWT"}')),
    "no typ": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","kid":"lee"}')),
    "crit": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","crit":["b64"],"kid":"lee","typ":"ringfence+jwt"}')),
    "key in the header": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","jwk":{},"kid":"lee","typ":"ringfence+jwt"}')),
    "cty JWT": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","cty":"JWT","kid":"lee","typ":"ringfence+jwt"}')),
    "cty a number": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","cty":5,"kid":"lee","typ":"ringfence+jwt"}')),
    "kid twice": ("malformed", lambda k: _with_header(k, '{"alg":"EdDSA","kid":"robin","kid":"lee","typ":"ringfence+jwt"}')),
    "alg twice": ("malformed", lambda k: _with_header(k, '{"alg":"none","alg":"EdDSA","kid":"lee","typ":"ringfence+jwt"}')),
    "spaced header": ("malformed", lambda k: _with_header(k, '{"alg": "EdDSA","kid":"lee","typ":"ringfence+jwt"}')),
    "alg none": ("wrong_algorithm", _none),
    "alg HS512 with the public key": ("wrong_algorithm", _hs512),
    "alg ES256": ("wrong_algorithm", _es256),
    "alg in lower case": ("wrong_algorithm", lambda k: _with_header(k, '{"alg":"eddsa","kid":"lee","typ":"ringfence+jwt"}')),
    "alg empty": ("wrong_algorithm", lambda k: _with_header(k, '{"alg":"","kid":"lee","typ":"ringfence+jwt"}')),
    "unknown key": ("unknown_key", lambda k: sign_token(APPROVAL, key=k["stranger"], kid="stranger")),
    "known signature under an unknown key id": ("unknown_key", lambda k: sign_token(APPROVAL, key=k["lee"], kid="lea")),
    "another key": ("wrong_signature", _signed_by_stranger),
    "altered": ("wrong_signature", _altered),
    "no signature": ("wrong_signature", lambda k: _approval(k).rsplit(".", 1)[0] + "." + "A" * 86),
    "key of another use": ("key_not_valid", lambda k: _by(k, "scanner", "service:scanner")),
    "key of another environment": ("key_not_valid", lambda k: _by(k, "dev", "user:dev@acme.example")),
    "another's name": ("other_identity", lambda k: _by(k, "robin", LEE)),
    "another issuer": ("other_identity", lambda k: _approval(k, iss="user:x@y.example")),
    "wrong use": ("wrong_use", lambda k: _approval(k, use="attestation")),
    "wrong audience": ("wrong_audience", lambda k: _approval(k, aud="other")),
    "no audience": ("wrong_audience", lambda k: _approval(k, aud=...)),
    "audience a list": ("wrong_audience", lambda k: _approval(k, aud=["ringfence"])),
    "no expiry": ("no_expiry", lambda k: _approval(k, exp=...)),
    "exp null": ("no_expiry", lambda k: _approval(k, exp=None)),
    "exp text": ("no_expiry", lambda k: _with(k, "exp", f'"{NOW + DAY}"')),
    "exp a list": ("no_expiry", lambda k: _with(k, "exp", "[]")),
    "exp true": ("no_expiry", lambda k: _with(k, "exp", "true")),
    "exp negative": ("no_expiry", lambda k: _with(k, "exp", "-1")),
    "exp a fraction": ("no_expiry", lambda k: _with(k, "exp", f"{NOW + DAY}.0")),
    "exp with exponent": ("no_expiry", lambda k: _with(k, "exp", "1e400")),
    "exp of 5,000 digits": ("no_expiry", lambda k: _with(k, "exp", "9" * 4000)),
    "exp before iat": ("no_expiry", lambda k: _approval(k, iat=NOW + 30, exp=NOW + 20)),
    "expired": ("expired", lambda k: _approval(k, exp=NOW)),
    "issued in the future": ("issued_in_future", lambda k: _approval(k, iat=NOW + 61)),
    "lives too long": ("lifetime_too_long", lambda k: _approval(k, iat=NOW, exp=NOW + 30 * DAY + 1)),
    "other tenant": ("other_tenant", lambda k: _approval(k, tenant="globex")),
    "other environment": ("other_environment", lambda k: _approval(k, env="dev")),
    "other point": ("other_point", lambda k: _approval(k, point="runner.deploy")),
    "other rule": ("other_rule", lambda k: _approval(k, rules=["runner.class.dedicated"])),
    "no rules": ("other_rule", lambda k: _approval(k, rules=...)),
    "rules a text": ("other_rule", lambda k: _approval(k, rules="runner.size.xlarge")),
    "rules an object": ("other_rule", lambda k: _approval(k, rules={"a": "runner.size.xlarge"})),
    "rules with a huge number": ("other_rule", lambda k: _with(k, "rules", "[1e400]")),
    "self-approved": ("self_approved", lambda k: _by(k, "maria", REQUESTER)),
    "self-approved under another requester": ("self_approved", lambda k: _by(k, "maria", REQUESTER, requester="user:kim@acme.example")),
    "self-approved in its own words": ("self_approved", lambda k: _approval(k, requester="User:LEE@platform.example")),
    "revoked": ("revoked", lambda k: _approval(k, jti="apr-99")),
    "unbound": ("unbound", lambda k: _approval(k, facts=...)),
    "bound to nothing": ("unbound", lambda k: _approval(k, facts="")),
    "bound to an object": ("unbound", lambda k: _approval(k, facts={})),
    "no requester": ("unbound", lambda k: _approval(k, requester=...)),
    "requester with a space": ("unbound", lambda k: _approval(k, requester="user:a b")),
    "other request": ("other_request", lambda k: _approval(k, facts="sha256:" + "cd" * 32)),
    "other requester": ("other_request", lambda k: _approval(k, requester="user:kim@acme.example")),
}  # fmt: skip

REFUSED_ATTESTATIONS: dict[str, tuple[str, Callable[[Keys], object]]] = {
    "attested a list": ("malformed", lambda k: _attestation(k, attested=[])),
    "attested null": ("malformed", lambda k: _attestation(k, attested={"scan.status": None})),
    "attested a record": ("malformed", lambda k: _attestation(k, attested={"scan.status": {}})),
    "attested with exponent": ("malformed", lambda k: raw_token(k["scanner"], literal(ATTESTATION, "attested", '{"a":1e400}'), '{"alg":"EdDSA","kid":"scanner","typ":"ringfence+jwt"}')),
    "an approval": ("key_not_valid", _approval),
    "approver's key": ("key_not_valid", lambda k: sign_token(ATTESTATION, key=k["lee"], kid="lee")),
    "wrong use": ("wrong_use", lambda k: _attestation(k, use="approval")),
    "longer than the key may": ("lifetime_too_long", lambda k: _attestation(k, iat=NOW, exp=NOW + 6 * 3600 + 1)),
    "other tenant": ("other_tenant", lambda k: _attestation(k, tenant="globex")),
    "no subject": ("unbound", lambda k: _attestation(k, subject=...)),
    "empty subject": ("unbound", lambda k: _attestation(k, subject={})),
    "subject a number": ("unbound", lambda k: _attestation(k, subject={"scan.digest": 5})),
    "nothing attested": ("unbound", lambda k: _attestation(k, attested={})),
    "other subject": ("other_request", lambda k: _attestation(k, subject={"scan.digest": "sha256:01"})),
    "subject that the request lacks": ("other_request", lambda k: _attestation(k, subject={"image.digest": "sha256:00"})),
}  # fmt: skip

ACCEPTED: dict[str, Callable[[Keys], Case]] = {
    "approval": lambda k: (_approval(k), FOR_APPROVAL),
    "approval of another of its rules": lambda k: (
        _approval(k),
        replace(FOR_APPROVAL, rule="runner.quota.monthly-hours"),
    ),
    "approval at the last second": lambda k: (_approval(k, exp=NOW + 1), FOR_APPROVAL),
    "approval within the skew": lambda k: (_approval(k, iat=NOW + 60), FOR_APPROVAL),
    "approval of the longest life": lambda k: (
        _approval(k, iat=NOW, exp=NOW + 30 * DAY),
        FOR_APPROVAL,
    ),
    "approval by a key for the tenant": lambda k: (
        _by(k, "robin", "user:robin@acme.example"),
        FOR_APPROVAL,
    ),
    "approval with its header in another order": lambda k: (
        _with_header(k, '{"typ":"ringfence+jwt","kid":"lee","alg":"EdDSA"}'),
        FOR_APPROVAL,
    ),
    "approval in the key's environment": lambda k: (
        _by(k, "dev", "user:dev@acme.example", env="dev"),
        replace(FOR_APPROVAL, env="dev"),
    ),
    "attestation": lambda k: (_attestation(k), FOR_ATTESTATION),
    "attestation of a set": lambda k: (_attestation(k, attested={"a": ["b"]}), FOR_ATTESTATION),
    "attestation of the longest life": lambda k: (
        _attestation(k, iat=NOW, exp=NOW + 6 * 3600),
        FOR_ATTESTATION,
    ),
}

GARBAGE: dict[str, object] = {
    "null": None,
    "a number": 5,
    "true": True,
    "a list": ["a"],
    "an object": {"a": 1},
    "nothing": "",
    "dots": "..",
    "a megabyte": "a" * 1_000_000,
    "a megabyte of parts": "a." * 500_000,
    "a letter outside ASCII": "é.é.é",
}  # fmt: skip


def _ask(ask: Ask, cases: list[Case], trust: Mapping[str, Any], *, now: int = NOW) -> list[Any]:
    question = {
        "cases": [{"token": token, "expected": asdict(expected)} for token, expected in cases],
        "trust": trust,
        "now": now,
    }
    answer: list[Any] = ask(ANSWER, question)
    assert len(answer) == len(cases)
    return answer


def _as_opa(verdict: Accepted | Refused) -> dict[str, Any]:
    return {"ok": isinstance(verdict, Accepted), **asdict(verdict)}


@pytest.fixture(scope="module")
def verdicts(ask: Ask, keys: Keys, trust: dict[str, Any]) -> Mapping[str, Any]:
    """Return OPA's and Python's verdict on every case, by its name, from one process."""
    cases: dict[str, Case] = {f"accepted {name}": make(keys) for name, make in ACCEPTED.items()}
    cases |= {name: (make(keys), FOR_APPROVAL) for name, (_, make) in REFUSED.items()}
    cases |= {
        f"attestation {name}": (make(keys), FOR_ATTESTATION)
        for name, (_, make) in REFUSED_ATTESTATIONS.items()
    }
    cases |= {f"garbage {name}": (token, FOR_APPROVAL) for name, token in GARBAGE.items()}
    answers = _ask(ask, list(cases.values()), trust)
    return {
        name: (answer, _as_opa(check_token(token, expected, trust=trust, now=NOW)))
        for (name, (token, expected)), answer in zip(cases.items(), answers, strict=True)
    }


@pytest.mark.parametrize("name", ACCEPTED)
def test_right_tokens_are_accepted(verdicts: Mapping[str, Any], name: str) -> None:
    """A token that fits the request counts, on OPA and in Python, and says by whom and how long."""
    on_opa, in_python = verdicts[f"accepted {name}"]
    assert on_opa["ok"] is True
    assert on_opa == in_python
    assert (on_opa["by"], on_opa["until"]) == (on_opa["claims"]["sub"], on_opa["claims"]["exp"])


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_approvals_are_refused(verdicts: Mapping[str, Any], name: str) -> None:
    """An approval that is wrong in one thing is refused with that reason, on OPA and in Python."""
    assert verdicts["accepted approval"][0]["ok"] is True
    on_opa, in_python = verdicts[name]
    assert (on_opa["ok"], on_opa["why"]) == (False, REFUSED[name][0])
    assert on_opa == in_python


@pytest.mark.parametrize("name", REFUSED_ATTESTATIONS)
def test_wrong_attestations_are_refused(verdicts: Mapping[str, Any], name: str) -> None:
    """An attestation that is wrong in one thing is refused with that reason."""
    assert verdicts["accepted attestation"][0]["ok"] is True
    on_opa, in_python = verdicts[f"attestation {name}"]
    assert (on_opa["ok"], on_opa["why"]) == (False, REFUSED_ATTESTATIONS[name][0])
    assert on_opa == in_python


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_malformed(verdicts: Mapping[str, Any], name: str) -> None:
    """Whatever stands where a token should is refused, and has no id."""
    on_opa, in_python = verdicts[f"garbage {name}"]
    assert on_opa == in_python == {"ok": False, "id": "", "why": "malformed"}


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (1_767_225_599, "key_not_valid"),
        (1_767_225_600, "issued_in_future"),
        (1_798_761_599, "expired"),
        (1_798_761_600, "key_not_valid"),
    ],
)
def test_keys_have_a_window(
    ask: Ask, keys: Keys, trust: dict[str, Any], now: int, why: str
) -> None:
    """A key counts from its first second until the second before its last."""
    token = _approval(keys)
    assert _ask(ask, [(token, FOR_APPROVAL)], trust, now=now)[0]["why"] == why
    assert check_token(token, FOR_APPROVAL, trust=trust, now=now) == Refused(id="apr-1", why=why)


def test_keys_have_tenants(ask: Ask, keys: Keys, trust: dict[str, Any]) -> None:
    """A key for one tenant does not count for another."""
    token = _by(keys, "robin", "user:robin@acme.example", tenant="globex")
    expected = replace(FOR_APPROVAL, tenant="globex")
    assert _ask(ask, [(token, expected)], trust)[0]["why"] == "key_not_valid"
    assert check_token(token, expected, trust=trust, now=NOW) == Refused(
        id="apr-1", why="key_not_valid"
    )


@pytest.mark.parametrize(
    ("revoked", "why"),
    [({"key:lee": {}}, "revoked"), ({"apr-1": {}}, "revoked"), (None, "revocations_unknown")],
)
def test_revocations_decide(
    ask: Ask, keys: Keys, trust: dict[str, Any], revoked: dict[str, Any] | None, why: str
) -> None:
    """A revoked token, a revoked key, and revocations that nobody knows refuse the token."""
    expected = replace(FOR_APPROVAL, revoked=revoked)
    token = _approval(keys)
    assert _ask(ask, [(token, expected), (token, FOR_APPROVAL)], trust)[0]["why"] == why
    assert check_token(token, expected, trust=trust, now=NOW) == Refused(id="apr-1", why=why)


def test_no_trust_accepts_nothing(ask: Ask, keys: Keys) -> None:
    """Without keys, every key is unknown."""
    assert _ask(ask, [(_approval(keys), FOR_APPROVAL)], {})[0]["why"] == "unknown_key"


@pytest.mark.parametrize("by", [1, 2, 16])
def test_any_altered_character_is_refused(
    ask: Ask, keys: Keys, trust: dict[str, Any], by: int
) -> None:
    """No token counts in which one character, wherever it stands, was changed."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    token = _approval(keys)
    cases: list[Case] = []
    for at, character in enumerate(token):
        other = alphabet[(alphabet.index(character) + by) % len(alphabet)]
        cases.append((token[:at] + other + token[at + 1 :], FOR_APPROVAL))
    answers = _ask(ask, cases, trust)
    mine = [
        _as_opa(check_token(altered, FOR_APPROVAL, trust=trust, now=NOW)) for altered, _ in cases
    ]
    assert [answer["ok"] for answer in answers] == [False] * len(token)
    # Python refuses invalid UTF-8 as malformed; OPA replaces it, and the signature does not fit.
    assert [a for a, b in zip(answers, mine, strict=True) if b["why"] != "malformed"] == [
        b for b in mine if b["why"] != "malformed"
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(APPROVAL)), json_values), max_size=12))
def test_any_claims_get_one_verdict(
    ask: Ask, keys: Keys, trust: dict[str, Any], changes: list[dict[str, Any]]
) -> None:
    """A trusted key's signature under any claims gets a verdict, the same on OPA and in Python."""
    cases: list[Case] = []
    for change in changes:
        payload = json.dumps({**APPROVAL, **change})
        cases.append((raw_token(keys["lee"], payload), FOR_APPROVAL))
    assert _ask(ask, cases, trust) == [
        _as_opa(check_token(token, FOR_APPROVAL, trust=trust, now=NOW)) for token, _ in cases
    ]
