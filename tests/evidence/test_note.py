"""Facts about signed notes and checkpoints."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.samples import KEY, ORIGIN, STRANGER

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteKey, open_note, sign_note

TRUSTED = NoteKey(ORIGIN, KEY.public_key())
CHECKPOINT = Checkpoint(origin=ORIGIN, size=7, root=bytes(range(32)))
NOTE = sign_note(CHECKPOINT.text(), name=ORIGIN, key=KEY)
FOREIGN = "— witness.example/w " + base64.b64encode(bytes(4 + 72)).decode() + "\n"

# The example of golang.org/x/mod/sumdb/note: a key and a note that Go made.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def _code(data: bytes, key: NoteKey = TRUSTED) -> str:
    with pytest.raises(VerifyError) as caught:
        Checkpoint.parse(open_note(data, key=key).text)
    return caught.value.code


def test_a_note_that_go_made_is_verified() -> None:
    """The note of Go's own documentation opens under its key, whose id is as Go computed it."""
    key = NoteKey.of_vkey(GO_VKEY)
    assert open_note(GO_NOTE.encode(), key=key).text.decode() == GO_NOTE.partition("\n\n")[0] + "\n"
    assert key.vkey == GO_VKEY


def test_checkpoint_comes_back() -> None:
    """What was signed is read again, and its signature is the one over the text."""
    opened = open_note(NOTE, key=TRUSTED)
    assert Checkpoint.parse(opened.text) == CHECKPOINT
    KEY.public_key().verify(opened.signature, CHECKPOINT.text())


def test_signatures_of_others_are_ignored() -> None:
    """A witness's line before or after ours, and one with our name and another id, do no harm."""
    other = sign_note(CHECKPOINT.text(), name=ORIGIN, key=STRANGER).rpartition(b"\n\n")[2]
    text, _, ours = NOTE.rpartition(b"\n\n")
    data = text + b"\n\n" + FOREIGN.encode() + other + ours + FOREIGN.encode()
    assert Checkpoint.parse(open_note(data, key=TRUSTED).text) == CHECKPOINT


def test_note_of_another_key_is_refused() -> None:
    """A sound note is refused under another key, and under the same key by another name."""
    assert _code(NOTE, NoteKey(ORIGIN, STRANGER.public_key())) == "RF922"
    assert _code(NOTE, NoteKey("other.example", KEY.public_key())) == "RF922"


def test_known_key_with_a_bad_signature_is_refused() -> None:
    """A line that claims our key must verify, even beside one that does."""
    bad = f"— {ORIGIN} {base64.b64encode(TRUSTED.id + bytes(64)).decode()}\n".encode()
    assert _code(NOTE + bad) == "RF923"
    assert _code(NOTE.replace(b"\n7\n", b"\n8\n")) == "RF923"


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_flipped_byte_of_a_note_is_refused(place: int, flip: int) -> None:
    """No byte of a note can be changed, by any pattern of bits."""
    data = bytearray(NOTE)
    data[place] ^= flip
    assert _code(bytes(data)) in {"RF921", "RF922", "RF923"}


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_raise_only_verify_errors(data: bytes) -> None:
    """Whatever is read as a note or as a checkpoint, nothing but VerifyError comes out."""
    assert _code(data) in {"RF921", "RF922"}


@given(st.integers(0, len(NOTE)), st.binary(min_size=1, max_size=60))
def test_bytes_put_into_a_note_are_refused(place: int, more: bytes) -> None:
    """Nothing can be put into a note, before or after it; only whole lines of other keys can."""
    assert _code(NOTE[:place] + more + NOTE[place:]) in {"RF921", "RF922", "RF923"}


def _signed(text: str) -> bytes:
    return sign_note(text.encode(), name=ORIGIN, key=KEY)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n07\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n+7\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n-1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n٧\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n9223372036854775808\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(32)).decode()[:-2]}B=\n",
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(32)).decode()}\n\nextension\n",
        f"\n7\n{base64.b64encode(bytes(32)).decode()}\n",
    ],
)
def test_malformed_checkpoint_is_refused_though_signed(text: str) -> None:
    """A valid signature does not make a malformed checkpoint one."""
    assert _code(_signed(text)) == "RF921"


def test_extension_lines_are_read_and_mean_nothing() -> None:
    """The format allows them; they stand apart from size and root."""
    text = CHECKPOINT.text() + b"extra\n"
    found = Checkpoint.parse(open_note(_signed(text.decode()), key=TRUSTED).text)
    assert (found.size, found.root, found.extensions) == (7, CHECKPOINT.root, ("extra",))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "käse.example", "a" * 256, "a\u2003b"])
def test_unusable_origin_is_refused(name: str) -> None:
    """Names with spaces, plus signs, line feeds or lookalikes are no origins."""
    with pytest.raises(EvidenceError) as caught:
        NoteKey(name, KEY.public_key())
    assert caught.value.code == "RF915"


@pytest.mark.parametrize(
    "text",
    ["", "a+b", TRUSTED.vkey + " ", TRUSTED.vkey.replace("+", "-"), TRUSTED.vkey[:-4] + "AAA=",
     TRUSTED.vkey.replace(TRUSTED.id.hex(), "00000000"), "other" + TRUSTED.vkey],
)  # fmt: skip
def test_broken_verifier_key_is_refused(text: str) -> None:
    """A verifier key whose name, id and key do not fit together is refused."""
    with pytest.raises(EvidenceError) as caught:
        NoteKey.of_vkey(text)
    assert caught.value.code == "RF915"
