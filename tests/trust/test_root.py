"""Facts about trust roots."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.language.policy import Policy, Scope, parse_policy
from ringfence.language.source import Document, load
from ringfence.trust.curve import is_usable_point
from ringfence.trust.jws import encode_base64url
from ringfence.trust.root import TrustRootDocument, check_trust, compile_trust

Keys = Mapping[str, Ed25519PrivateKey]
VECTORS = Path(__file__).parents[3] / "shared/data/crypto_vectors.jsonl"

KEY = """\
    - kid: {kid}
      public: {public}
      identity: user:lee@platform.example
      uses: [approval, exception]
      tenants: ["*"]
      environments: [prod]
      not_before: "2026-01-01T00:00:00Z"
      not_after: "2027-01-01T00:00:00Z"
"""
HEAD = """\
apiVersion: ringfence/v1
kind: TrustRoot
metadata: {name: approvers, scope: platform, owner: platform-governance}
spec:
  max_exception_age: 30d
"""


def _x(key: Ed25519PrivateKey) -> str:
    return encode_base64url(key.public_key().public_bytes_raw())


def _text(keys: Keys, *names: str) -> str:
    entries = "".join(KEY.format(kid=name, public=_x(keys[name])) for name in names)
    return f"{HEAD}  keys:\n{entries}"


def _parse(text: str) -> Policy | tuple[Any, ...]:
    document = load("platform/trust.yaml", text.encode())
    assert isinstance(document, Document)
    return parse_policy(document, scope=Scope())


def _root(text: str) -> TrustRootDocument:
    policy = _parse(text)
    assert isinstance(policy, Policy)
    return TrustRootDocument.of(policy)


def test_keys_become_data(keys: Keys) -> None:
    """Each key stands under its id, as a JWK set of its own, with times and lifetimes in seconds."""
    root = _root(_text(keys, "robin", "lee") + "      max_lifetime: 8h\n")
    assert check_trust([root]) == ()
    trust = compile_trust([root.spec])
    assert list(trust) == ["lee", "robin"]
    jwk = {"alg": "EdDSA", "crv": "Ed25519", "kid": "lee", "kty": "OKP", "x": _x(keys["lee"])}
    assert json.loads(trust["lee"].pop("jwks")) == {"keys": [jwk]}
    assert trust["lee"] == {
        "identity": "user:lee@platform.example",
        "uses": ["approval", "exception"],
        "tenants": ["*"],
        "environments": ["prod"],
        "not_before": 1_767_225_600,
        "not_after": 1_798_761_600,
        "max_lifetime": {"approval": 8 * 3600, "attestation": 8 * 3600},
    }
    assert trust["robin"]["max_lifetime"] == {"approval": 30 * 86_400, "attestation": 86_400}


@pytest.mark.parametrize(
    ("tenant", "environment", "kept"),
    [
        (None, None, ["lee", "robin"]),
        ("acme", "prod", ["lee", "robin"]),
        ("globex", "prod", ["robin"]),
        ("acme", "dev", []),
    ],
)
def test_a_slice_has_the_keys_that_count_there(
    keys: Keys, tenant: str | None, environment: str | None, kept: list[str]
) -> None:
    """Data for one tenant or environment leaves out keys that would count for nothing."""
    text = _text(keys, "lee", "robin").replace('tenants: ["*"]', "tenants: [acme]", 1)
    trust = compile_trust([_root(text).spec], tenant=tenant, environment=environment)
    assert list(trust) == kept


@pytest.mark.parametrize(
    ("before", "after", "code", "line"),
    [
        ("kid: robin", "kid: lee", "RF501", 15),
        ("PUBLIC", "Ag" + "A" * 41, "RF502", 8),
        ("PUBLIC", "A" * 43, "RF502", 8),
        ("PUBLIC", "AQ" + "A" * 41, "RF502", 8),
        ('not_after: "2027-01-01', 'not_after: "2026-01-01', "RF503", 14),
        ("identity: user:lee@platform.example", "identity: group:approvers", "RF504", 9),
    ],
)
def test_wrong_keys_are_diagnosed(
    keys: Keys, before: str, after: str, code: str, line: int
) -> None:
    """Each mistake in a key has a code and stands where it is written."""
    text = _text(keys, "lee", "robin")
    before = _x(keys["lee"]) if before == "PUBLIC" else before
    assert before in text
    found = check_trust([_root(text.replace(before, after, 1))])
    assert [(diagnostic.code, diagnostic.span.line) for diagnostic in found] == [(code, line)]


def test_an_id_counts_once_in_all_roots(keys: Keys) -> None:
    """Two trust roots may not have a key of one id either."""
    found = check_trust([_root(_text(keys, "lee")), _root(_text(keys, "lee"))])
    assert [diagnostic.code for diagnostic in found] == ["RF501"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("uses: [approval, exception]", "uses: []"),
        ("uses: [approval, exception]", "uses: [signing]"),
        ('tenants: ["*"]', "tenants: []"),
        ('tenants: ["*"]', 'tenants: ["acme*"]'),
        ("environments: [prod]", "environments: []"),
        ("  max_exception_age: 30d\n", ""),
        ("max_exception_age: 30d", "max_exception_age: 3000d"),
        ("max_exception_age: 30d", "max_exception_age: 0d"),
        ('      not_after: "2027-01-01T00:00:00Z"\n', ""),
        ("PUBLIC", "AAAA"),
        ("PUBLIC", "A" * 42 + "B"),
        ("kid: lee", 'kid: "a b"'),
        ("scope: platform", "scope: tenant/acme"),
    ],
)
def test_incomplete_roots_are_refused(keys: Keys, before: str, after: str) -> None:
    """Empty lists, missing limits, and what is no key are mistakes of the document."""
    text = _text(keys, "lee")
    changed = text.replace(_x(keys["lee"]) if before == "PUBLIC" else before, after, 1)
    assert changed != text
    assert not isinstance(_parse(changed), Policy)


def test_every_made_key_is_usable() -> None:
    """What key generation makes is a point of the curve."""
    for _ in range(20):
        assert is_usable_point(Ed25519PrivateKey.generate().public_key().public_bytes_raw())


# RFC 8032 names the encodings; these are the points of order 1, 2, 4 and 8, and two forms of y >= p.
SMALL = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
)


@pytest.mark.parametrize("point", SMALL)
def test_points_of_small_order_are_refused(point: str) -> None:
    """A key for which signatures can be made without a secret is no key."""
    assert not is_usable_point(bytes.fromhex(point))


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors are not there")
def test_keys_of_known_vectors_are_usable() -> None:
    """Every public key of the Wycheproof vectors that has a valid signature is usable."""
    lines = (json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines())
    keys = {v["pk"] for v in lines if v["kind"] == "ed25519" and v["valid"]}
    assert keys
    assert [key for key in keys if not is_usable_point(bytes.fromhex(key))] == []
