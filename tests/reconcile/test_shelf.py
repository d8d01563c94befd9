"""Facts about the bundles that decisions are evaluated on."""

import json
from pathlib import Path

import pytest
from tests.reconcile.world import Decisions

from ringfence.bundle.archive import pack
from ringfence.errors import UsageError
from ringfence.reconcile.shelf import read_shelf

WANTED = {"r-1": frozenset({"runtime"})}


def _archive(path: Path, *, revision: str = "r-1", module: bytes = b"package a\n") -> Path:
    manifest = json.dumps({"revision": revision, "roots": ["a"]}).encode()
    path.write_bytes(pack({".manifest": manifest, "a/a.rego": module}))
    return path


def test_only_recorded_revisions_are_kept(tmp_path: Path) -> None:
    """A bundle that decided nothing is left out, and files that no policy is of are too."""
    one = _archive(tmp_path / "one.tar.gz")
    other = _archive(tmp_path / "other.tar.gz", revision="r-2")
    assert read_shelf([one, other], keys={}, wanted=WANTED) == {"r-1": {"a/a.rego": b"package a\n"}}


def test_two_bundles_of_one_revision_must_be_the_same(tmp_path: Path) -> None:
    """Nobody could tell which one decided; the same archive twice is none."""
    one, same = _archive(tmp_path / "one.tar.gz"), _archive(tmp_path / "same.tar.gz")
    other = _archive(tmp_path / "other.tar.gz", module=b"package a\n\nb := 1\n")
    assert list(read_shelf([one, same], keys={}, wanted=WANTED)) == ["r-1"]
    with pytest.raises(UsageError, match="other files"):
        read_shelf([one, other], keys={}, wanted=WANTED)


def test_unsigned_bundle_is_refused_where_there_is_a_key(
    decisions: Decisions, tmp_path: Path
) -> None:
    """With a key every bundle that is used must be signed by it."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from ringfence.keys import load_public

    key = load_public(decisions.key)
    assert isinstance(key, EllipticCurvePublicKey)
    with pytest.raises(UsageError, match="RF710"):
        read_shelf([_archive(tmp_path / "one.tar.gz")], keys={"k": key}, wanted=WANTED)


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    """A file that is no archive, one without a revision, and one that is not there, are usage errors."""
    broken, nameless = tmp_path / "broken.tar.gz", tmp_path / "nameless.tar.gz"
    broken.write_bytes(b"x")
    nameless.write_bytes(pack({"a/a.rego": b"package a\n"}))
    for path in (broken, nameless, tmp_path / "absent.tar.gz"):
        with pytest.raises(UsageError, match="cannot be used"):
            read_shelf([path], keys={}, wanted=WANTED)
