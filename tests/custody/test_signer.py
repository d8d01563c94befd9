"""Facts about keys that are kept outside files, whoever keeps them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.samples import event, records
from tests.ledger.samples import FIRST, ORIGIN, SECOND, key_of

from ringfence.custody.file import signer_of
from ringfence.custody.signer import P256_ORDER, OutsideKey, der_of_raw, low_s, raw_of_der
from ringfence.errors import UsageError
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import open_note, sign_note
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.submission import Submission
from ringfence.ledger.witness import Witness

P256 = ec.derive_private_key(20_41, ec.SECP256R1())
SECRET = "request-canary"


@dataclass
class Holder:
    """A holder of a key that can be down, and answers with what `make` returns."""

    make: Callable[[bytes], bytes]
    down: bool = False

    def __call__(self, data: bytes) -> bytes:
        """Sign, or fail with a text that shows the request."""
        if self.down:
            raise ConnectionError(f"{SECRET} {data!r}")
        return self.make(data)


def test_a_holder_that_fails_is_named_by_kind_alone() -> None:
    """Its library's text, which may show the request, is in no error and in no cause that is shown."""
    key = OutsideKey(FIRST.public_key(), "the box", Holder(FIRST.sign, down=True))
    with pytest.raises(
        EvidenceError, match=r"^RF999 the box does not sign: ConnectionError$"
    ) as caught:
        key.sign(b"content")
    assert SECRET not in f"{caught.value.message} {caught.value.help} {key!r}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("public", "made"),
    [
        (FIRST.public_key(), SECOND.sign(b"content")),
        (FIRST.public_key(), FIRST.sign(b"other")),
        (P256.public_key(), FIRST.sign(b"content")),
        (P256.public_key(), P256.sign(b"other", ec.ECDSA(hashes.SHA256()))),
        (P256.public_key(), b""),
    ],
)
def test_what_does_not_verify_is_not_passed_on(
    public: ec.EllipticCurvePublicKey, made: bytes
) -> None:
    """Another key, other content, another algorithm and no signature at all end in one error."""
    with pytest.raises(EvidenceError, match=r"^RF999"):
        OutsideKey(public, "the box", lambda _: made).sign(b"content")


@given(st.integers(1, P256_ORDER - 1), st.integers(1, P256_ORDER - 1))
def test_ecdsa_has_one_form(r: int, s: int) -> None:
    """Raw and DER lead to each other, and of the two values of s the low one stays."""
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert raw_of_der(der_of_raw(raw)) == raw
    low = low_s(der_of_raw(raw))
    assert decode_dss_signature(low) == (r, min(s, P256_ORDER - s))
    assert low_s(low) == low
    assert len(raw_of_der(low)) == 64


@pytest.mark.parametrize("size", [0, 63, 65, 96])
def test_raw_signatures_have_one_size(size: int) -> None:
    """What is not r and s of P-256 is no signature."""
    with pytest.raises(ValueError, match="not r and s"):
        der_of_raw(b"\x01" * size)


def test_a_key_on_another_curve_signs_nothing() -> None:
    """A P-384 key at hand is refused before it signs."""
    with pytest.raises(UsageError, match="secp384r1"):
        signer_of(ec.generate_private_key(ec.SECP384R1()))


def test_a_file_key_signs_alike_each_time() -> None:
    """RFC 6979: the same content gives the same bytes."""
    assert len({signer_of(P256).sign(b"content") for _ in range(4)}) == 1


def test_records_outlast_a_holder_that_is_down(tmp_path: Path) -> None:
    """What was appended is durable without a signature, and the next checkpoint signs it."""
    holder = Holder(FIRST.sign)
    key = OutsideKey(FIRST.public_key(), "the box", holder)
    settings = Settings(keys=(key,))
    ledger = Ledger.create(tmp_path / "l", origin=ORIGIN, settings=settings)
    ledger.checkpoint()
    ledger.append(records([event(1)]))
    holder.down = True
    with pytest.raises(EvidenceError, match="RF999"):
        ledger.checkpoint()
    ledger.close()
    again = Ledger.open(tmp_path / "l", settings=settings)
    assert again.size == 2
    holder.down = False
    note = again.checkpoint().note
    again.close()
    assert Checkpoint.parse(open_note(note, key=key_of(FIRST)).text).size == 2


def test_a_witness_whose_holder_is_down_cosigns_later(tmp_path: Path) -> None:
    """It remembers what it was shown, cosigns nothing, and cosigns the same tree once it can."""
    holder = Holder(SECOND.sign, down=True)
    key = OutsideKey(SECOND.public_key(), "the box", holder)
    witness = Witness(
        tmp_path / "w", name="w.example/w", key=key,
        logs={ORIGIN: (key_of(FIRST),)}, clock=lambda: 1_800_000_000.0,
    )  # fmt: skip
    text = Checkpoint(origin=ORIGIN, size=7, root=b"r" * 32).text()
    note = sign_note(text, name=ORIGIN, key=FIRST)
    with pytest.raises(EvidenceError, match="RF999"):
        witness.add_checkpoint(Submission(old=0, proof=(), note=note).encode())
    holder.down = False
    answer = witness.add_checkpoint(Submission(old=0, proof=(), note=note).encode())
    assert (answer.status, answer.body) == (409, b"7\n")
    assert witness.add_checkpoint(Submission(old=7, proof=(), note=note).encode()).status == 200
    witness.close()
