"""Facts about quorums: whose witnesses count, how many, and how recent."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.samples import FIRST, ORIGIN

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import sign_note
from ringfence.ledger.cosignature import WitnessKey, cosign
from ringfence.ledger.quorum import Quorum, TrustedWitness

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in range(10, 14)]
TEXT = Checkpoint(origin=ORIGIN, size=5, root=bytes(32)).text()
NOW = 1_800_000_000


def _name(number: int) -> str:
    return f"w{number}.example"


def _trusted(number: int, operator: str) -> TrustedWitness:
    return TrustedWitness(WitnessKey(_name(number), KEYS[number].public_key()), operator)


WITNESSES = tuple(_trusted(n, operator) for n, operator in enumerate(["us", "them", "others"]))
QUORUM = Quorum(witnesses=WITNESSES, threshold=2, log_operator="us")


def _note(*cosigned: tuple[int, int]) -> bytes:
    lines = [cosign(TEXT, name=_name(n), key=KEYS[n], time=time) for n, time in cosigned]
    return sign_note(TEXT, name=ORIGIN, key=FIRST) + b"".join(lines)


def test_a_quorum_of_cosignatures_is_accepted() -> None:
    """Two of three suffice, with strangers' lines ignored, and the newest of each counts."""
    found = QUORUM.verify(_note((0, NOW), (3, NOW), (1, NOW - 5), (1, NOW - 9)), now=NOW, max_age=9)
    assert [(one.key.name, one.time) for one in found] == [(_name(0), NOW), (_name(1), NOW - 5)]


@pytest.mark.parametrize(
    ("cosigned", "code"),
    [
        ([], "RF952"),
        ([(0, NOW)], "RF952"),
        ([(0, NOW), (0, NOW - 1)], "RF952"),
        ([(0, NOW), (3, NOW)], "RF952"),
        ([(0, NOW), (1, NOW + 301)], "RF954"),
        ([(0, NOW), (1, NOW - 61)], "RF955"),
    ],
)
def test_less_is_refused(cosigned: list[tuple[int, int]], code: str) -> None:
    """One witness twice, strangers, the future and the past do not make a quorum."""
    with pytest.raises(VerifyError, match=code):
        QUORUM.verify(_note(*cosigned), now=NOW, max_age=60)


def test_a_cosignature_of_another_tree_is_refused() -> None:
    """A known witness's line that was taken from another checkpoint is RF953."""
    other = TEXT.replace(b"\n5\n", b"\n6\n")
    line = cosign(other, name=_name(1), key=KEYS[1], time=NOW)
    with pytest.raises(VerifyError, match="RF953"):
        QUORUM.verify(_note((0, NOW), (2, NOW)) + line)


@pytest.mark.parametrize(
    ("operators", "threshold"),
    [(["us"], 1), (["us", "us"], 2), (["us", "them"], 1), (["us", " US ", "them"], 2)],
)
def test_our_own_witnesses_make_no_quorum(operators: list[str], threshold: int) -> None:
    """Where the log's operator can meet the quorum alone it is refused, unless asked for as unsafe."""
    witnesses = tuple(_trusted(n, operator) for n, operator in enumerate(operators))
    given: dict[str, Any] = {
        "witnesses": witnesses,
        "threshold": threshold,
        "log_operator": "us",
    }
    with pytest.raises(EvidenceError, match="RF956"):
        Quorum(**given)
    assert Quorum(**given, unsafe_own_operator=True).is_own


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 0},
        {"threshold": 4},
        {"log_operator": ""},
        {"witnesses": (WITNESSES[1], WITNESSES[1])},
        {"witnesses": (WITNESSES[1], replace(WITNESSES[2], operator=""))},
        {"witnesses": (WITNESSES[1], TrustedWitness(WitnessKey("x", KEYS[1].public_key()), "x"))},
        {"witnesses": (WITNESSES[1], TrustedWitness(WitnessKey(_name(1), KEYS[2].public_key()), "x"))},
    ],
)  # fmt: skip
def test_a_quorum_that_shows_nothing_is_refused(change: dict[str, Any]) -> None:
    """No witness, too many, an unnamed operator, and a key or name that counts twice are RF956."""
    with pytest.raises(EvidenceError, match="RF956"):
        replace(QUORUM, **change)
