"""Facts about OPA's own JWT functions that made us check tokens explicitly; pinned on the real OPA."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.trust.jws import sign_compact

Keys = Mapping[str, Ed25519PrivateKey]
Ask = Callable[..., Any]

FAR = 4_000_000_000
PAST = 1_000_000_000

DECODE_VERIFY = """
answer := verdict if verdict := _verdict with time.now_ns as input.now * 1000000000
_verdict := [ok, input.now == time.now_ns() / 1000000000] if {
    [ok, _, _] := io.jwt.decode_verify(input.token, {"cert": input.jwks, "alg": "EdDSA"})
}
"""


def _token(keys: Keys, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    parameters = header or {"alg": "EdDSA", "kid": "lee", "typ": "JWT"}
    return sign_compact(json.dumps(claims).encode(), header=parameters, key=keys["lee"])


@pytest.fixture
def tokens(keys: Keys, trust: dict[str, Any]) -> tuple[Keys, str]:
    """Return keys to sign with, and lee's public key as OPA takes it."""
    return keys, trust["lee"]["jwks"]


@pytest.mark.parametrize(
    ("claims", "now", "accepted"),
    [
        pytest.param({}, FAR, True, id="accepts a token without exp"),
        pytest.param({"iat": FAR}, PAST, True, id="accepts a token issued in the future"),
        pytest.param({"exp": FAR}, FAR + 1, True, id="ignores a mocked clock after the expiry"),
        pytest.param({"exp": PAST}, PAST - 1, False, id="ignores a mocked clock before the expiry"),
    ],
)
def test_decode_verify_does_not_suffice(
    ask: Ask, tokens: tuple[Keys, str], claims: dict[str, Any], now: int, accepted: bool
) -> None:
    """`io.jwt.decode_verify` decides so with `time.now_ns` set to `now`."""
    keys, jwks = tokens
    question = {"token": _token(keys, claims), "jwks": jwks, "now": now}
    assert ask(DECODE_VERIFY, question) == [accepted, True]


def test_decode_takes_opa_down(ask: Ask, keys: Keys) -> None:
    """`io.jwt.decode` panics on a header whose `cty` is no string, and needs no signature for it."""
    header = {"alg": "EdDSA", "cty": 5, "kid": "lee", "typ": "JWT"}
    token = _token(keys, {}, header).rsplit(".", 1)[0] + ".AAAA"
    with pytest.raises(OSError, match="panic: interface conversion"):
        ask("answer := io.jwt.decode(input)", token)


def test_decode_reads_the_token_inside_the_token(ask: Ask, keys: Keys) -> None:
    """`io.jwt.decode` returns the claims of an inner token that nobody signed."""
    inner = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0."
    header = {"alg": "EdDSA", "cty": "JWT", "typ": "JWT"}
    outer = sign_compact(inner.encode(), header=header, key=keys["lee"])
    assert ask("answer := io.jwt.decode(input)[1]", outer) == {"sub": "mallory"}


def test_verify_does_not_compare_the_algorithm(ask: Ask, keys: Keys, trust: dict[str, Any]) -> None:
    """`io.jwt.verify_eddsa` accepts a token that says another algorithm, if its key id is known."""
    header = {"alg": "HS256", "kid": "lee", "typ": "JWT"}
    question = {"token": _token(keys, {}, header), "jwks": trust["lee"]["jwks"]}
    assert ask("answer := io.jwt.verify_eddsa(input.token, input.jwks)", question) is True


def test_functions_remember_equal_numbers(ask: Ask) -> None:
    """A function of 1.0 returns what it returned for 1, so text is not read inside functions."""
    module = """
f(x) := json.marshal(x)
answer := [f(json.unmarshal("1")), f(json.unmarshal("1.0"))]
"""
    assert ask(module) == ["1", "1"]


@pytest.mark.parametrize("text", ["1e10000000", "-1e10000000", "1e-10000000"])
def test_numbers_too_big_to_compare_are_refused(ask: Ask, text: str) -> None:
    """OPA 1.22 refuses to read a number whose comparison took earlier ones down."""
    module = f'answer := "read" if json.unmarshal("{text}") else := "refused"'
    assert ask(module) == "refused"
