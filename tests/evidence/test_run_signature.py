"""Facts about the signatures of run records."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.evidence.samples import KEY, STRANGER

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.run_signature import sign_run, signer_of_run

RUN = make_record(RecordKind.RUN, {"run_id": "run-1", "tenant": "acme", "checks": []})
TRUSTED = {"pool-1": KEY.public_key(), "pool-2": STRANGER.public_key()}


def _signed(name: str = "pool-1", key: Ed25519PrivateKey = KEY) -> Record:
    return sign_run(RUN, runner=name, key=key)


def test_the_signer_is_the_runner_whose_key_it_is() -> None:
    """Each runner's own key signs in its name, and no other's does."""
    assert signer_of_run(_signed().body, trusted=TRUSTED) == "pool-1"
    assert signer_of_run(_signed("pool-2", STRANGER).body, trusted=TRUSTED) == "pool-2"
    with pytest.raises(EvidenceError, match="RF990"):
        signer_of_run(_signed("pool-2", KEY).body, trusted=TRUSTED)


@pytest.mark.parametrize(
    "changes",
    [
        {"run_id": "run-2"},
        {"tenant": "globex"},
        {"signed_by": "pool-2"},
        {"signed_by": "pool-3"},
        {"signed_by": None},
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": 7},
        {"more": True},
    ],
)
def test_nothing_of_a_signed_run_can_be_changed(changes: dict[str, object]) -> None:
    """Another value, signer or signature, and a member more, is RF990."""
    with pytest.raises(EvidenceError, match="RF990"):
        signer_of_run({**_signed().body, **changes}, trusted=TRUSTED)


def test_every_bit_of_the_signature_counts() -> None:
    """A signature of the right form with one bit changed does not fit."""
    import base64

    body = _signed().body
    raw = bytearray(base64.b64decode(body["signature"]))
    for position in (0, 31, 32, 63):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(EvidenceError, match="does not fit"):
            signer_of_run(
                {**body, "signature": base64.b64encode(changed).decode()}, trusted=TRUSTED
            )


def test_only_a_run_is_signed_and_only_once() -> None:
    """A record of another kind, and one that is signed, is refused."""
    for record in (make_record(RecordKind.DECISION, {"decision_id": "d"}), _signed()):
        with pytest.raises(EvidenceError, match="RF990"):
            sign_run(record, runner="pool-1", key=KEY)
