"""Facts about timestamps: openssl makes them, and what does not hold is refused with its code."""

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.timestamp.tsa import OPENSSL, Authority, Serving, make_authority

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.timestamp.asking import ask_timestamp
from ringfence.timestamp.authority import TrustedAuthority

NOTE = b"example.com/log\n3\n9jzdA5dSfwuv+ktx/iUZQtrQ1PZtivKqveBvYw4IHPc=\n"


CODES = ("RF967", "RF968", "RF969")


def trusted(authority: Authority) -> TrustedAuthority:
    """Return trust in an authority's root."""
    return TrustedAuthority.of_pem(authority.root.read_bytes())


def refusal(authority: Authority, token: bytes, content: bytes = NOTE) -> str:
    """Return the code by which a token is refused."""
    with pytest.raises(VerifyError) as caught:
        trusted(authority).verify(token, content)
    return caught.value.code


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_a_token_of_openssl_shows_a_time(authority: Authority, digest: str) -> None:
    """Its time is between the question and the answer, within its second of accuracy."""
    before = time.time()
    stamp = trusted(authority).verify(authority.stamp(NOTE, digest=digest), NOTE)
    assert before - 2 <= stamp.time.timestamp() <= time.time() + 2
    assert stamp.authority.startswith("CN=root of trusted #")
    assert stamp.serial > 0


def test_a_token_is_of_its_content(authority: Authority) -> None:
    """Of other bytes, or of none, it says nothing."""
    token = authority.stamp(NOTE)
    for other in (NOTE + b"\n", NOTE.replace(b"3", b"4"), b""):
        assert refusal(authority, token, other) == "RF968"


def test_a_token_by_a_stranger_is_refused(authority: Authority, tmp_path: Path) -> None:
    """Another root does not count."""
    assert refusal(authority, make_authority(tmp_path / "other").stamp(NOTE)) == "RF969"


def test_an_expired_authority_is_refused(tmp_path: Path) -> None:
    """Under the right root, a certificate that had ended when it stamped does not count."""
    expired = make_authority(tmp_path / "expired", days=-10)
    assert refusal(expired, expired.stamp(NOTE)) == "RF969"


def test_a_refusal_of_the_authority_is_no_timestamp(authority: Authority) -> None:
    """A response without a token, such as for a digest that the authority does not take."""
    (authority.folder / "content").write_bytes(NOTE)
    command = [str(OPENSSL), "ts", "-query", "-data", "content", "-sha384", "-out", "bad.tsq"]
    subprocess.run(command, cwd=authority.folder, check=True, capture_output=True)
    refused = authority.answer((authority.folder / "bad.tsq").read_bytes())
    assert refusal(authority, refused) == "RF967"


@pytest.mark.parametrize("token", [b"", b"x", bytes(70_000), b"0\x03\x02\x01\x00", b"0" * 9000])
def test_what_is_no_response_is_malformed(authority: Authority, token: bytes) -> None:
    """Nothing, other bytes and too many of them."""
    assert refusal(authority, token) == "RF967"


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_flipped_byte_raises_only_verify_errors(
    authority: Authority, token: bytes, data: st.DataObject
) -> None:
    """Whatever is altered in a token, it is refused, or still shows the very same."""
    whole = trusted(authority).verify(token, NOTE)
    altered = bytearray(token)
    altered[data.draw(st.integers(0, len(token) - 1))] ^= data.draw(st.integers(1, 255))
    found = _verified(authority, bytes(altered))
    assert found in CODES or (found.time, found.serial) == (whole.time, whole.serial)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300), st.integers(0, 3000))
def test_any_bytes_raise_only_verify_errors(
    authority: Authority, token: bytes, tail: bytes, cut: int
) -> None:
    """A token that is cut off, and goes on with anything."""
    if token[:cut] + tail == token:
        return
    assert _verified(authority, token[:cut] + tail) in CODES


def _verified(authority: Authority, token: bytes) -> Any:
    """Return what a token shows, or the code by which it is refused."""
    try:
        return trusted(authority).verify(token, NOTE)
    except VerifyError as error:
        return error.code


@pytest.fixture(scope="module")
def token(authority: Authority) -> bytes:
    """Return one token of the note."""
    return authority.stamp(NOTE)


def test_our_client_asks_over_http(serving: Serving, authority: Authority) -> None:
    """Only a digest and a nonce are sent; the answer is verified before it is used."""
    token = ask_timestamp(NOTE, url=serving.url, trusted=trusted(authority))
    assert trusted(authority).verify(token, NOTE).serial > 0
    ((kind, query),) = serving.queries
    assert kind == "application/timestamp-query"
    assert NOTE not in query
    assert len(query) < 120


def test_an_answer_to_another_request_is_refused(serving: Serving, authority: Authority) -> None:
    """A token from before, over the same bytes, has another nonce: nobody can pass off an old time."""
    serving.replay = authority.stamp(NOTE)
    with pytest.raises(EvidenceError) as caught:
        ask_timestamp(NOTE, url=serving.url, trusted=trusted(authority))
    assert caught.value.code == "RF968"


def test_an_answer_by_a_stranger_is_refused(
    serving: Serving, authority: Authority, tmp_path: Path
) -> None:
    """Whom we ask and whom we trust are two things."""
    other = trusted(make_authority(tmp_path / "other"))
    with pytest.raises(EvidenceError) as caught:
        ask_timestamp(NOTE, url=serving.url, trusted=other)
    assert caught.value.code == "RF969"


@pytest.mark.parametrize("answer", ["status", "garbage", "too long", "nobody", "file"])
def test_no_answer_is_an_error(serving: Serving, authority: Authority, answer: str) -> None:
    """A refusal, garbage, an endless answer, nobody there, and an address that is none: RF967."""
    url = {"nobody": "http://127.0.0.1:1", "file": "file:///etc/passwd"}.get(answer, serving.url)
    serving.status = 500 if answer == "status" else 200
    serving.replay = {"garbage": b"<html>", "too long": bytes(100_000)}.get(answer, b"")
    with pytest.raises(EvidenceError) as caught:
        ask_timestamp(NOTE, url=url, trusted=trusted(authority))
    assert caught.value.code == "RF967"


@pytest.mark.parametrize("content", [b"", b"x", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_root_is_a_certificate(content: bytes) -> None:
    """Nothing else is trusted."""
    with pytest.raises(EvidenceError) as caught:
        TrustedAuthority.of_pem(content)
    assert caught.value.code == "RF967"
