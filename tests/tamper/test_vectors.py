"""Facts about public test vectors: every one of the file gets its verdict from the code that verifies evidence."""

import base64
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import NoteKey
from ringfence.evidence.tree import EMPTY_ROOT, verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "crypto_vectors.jsonl"
STRICTER = "subtree-is-empty-sizes-are-equal-zero"
"""The one valid vector that is refused: it says nothing, of an empty tree within an empty tree."""


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


def _holds(verify: Callable[..., None], **given: Any) -> bool:
    try:
        verify(**given)
    except VerifyError as error:
        return error.code != "RF930"
    return True


def _is_subtree(one: dict[str, Any]) -> bool:
    """Tell whether the leaves from `start` to `end` begin where a perfect subtree as large may."""
    start, end = one.get("start", 0), one.get("end", 0)
    return bool(start % (1 << max(end - start - 1, 0).bit_length()) == 0)


def _accepted(one: dict[str, Any]) -> bool:
    """Return what our verification says."""
    path = [_raw(step) for step in one.get("proof") or []]
    match one:
        case {"kind": "ed25519"}:
            key = NoteKey("o", Ed25519PublicKey.from_public_bytes(bytes.fromhex(one["pk"])))
            return key.verifies(bytes.fromhex(one["sig"]), bytes.fromhex(one["msg"]))
        case {"kind": "jcs"}:
            return canonical_bytes(json.loads(one["input"])).decode() == str(one["output"])
        case {"leafIdx": int(index)}:
            start, end = one.get("start", 0), one.get("end", one.get("treeSize"))
            leaf, root = _raw(one["leafHash"]), _raw(one["root"])
            return _is_subtree(one) and _holds(
                verify_inclusion,
                leaf=leaf,
                index=index - start,
                size=end - start,
                path=path,
                root=root,
            )
        case {"root1": root1, "root2": root2}:
            first, second = one.get("size1", one.get("end")), one.get("size2", one.get("size"))
            assert one.get("start", 0) == 0 or not _is_subtree(one)
            return _is_subtree(one) and _holds(
                verify_consistency,
                first=first,
                second=second,
                path=path,
                first_root=_raw(root1),
                second_root=_raw(root2),
            )
    raise AssertionError(one)


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors are not beside this checkout")
def test_every_public_vector_gets_its_verdict() -> None:
    """All 207: Ed25519 of Wycheproof, RFC 8785 of cyberphone, RFC 6962 of transparency-dev."""
    vectors = [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]
    counts: Counter[tuple[str, bool]] = Counter()
    for one in vectors:
        said = one.get("valid", not one.get("wantErr", False))
        if STRICTER in str(one["id"]):
            assert (said, _raw(one["root1"]), _raw(one["root2"])) == (True, EMPTY_ROOT, EMPTY_ROOT)
            said = False
        assert _accepted(one) is said, one["id"]
        counts[one["kind"], said] += 1
    assert counts.total() == 207
    assert min(counts.values()) >= 2
