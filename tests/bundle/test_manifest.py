"""Facts about the manifest."""

import pytest

from ringfence.bundle.manifest import check_roots_disjoint, manifest
from ringfence.errors import UsageError


def test_manifest_is_compact_and_sorted() -> None:
    """The same manifest has the same bytes, with the version of Rego."""
    made = manifest(revision="r", roots=["b", "a/c"], metadata={"z": 1, "a": 2})
    due = b'{"metadata":{"a":2,"z":1},"rego_version":1,"revision":"r","roots":["a/c","b"]}'
    assert made == due


def test_disjoint_roots_pass() -> None:
    """Roots that share the beginning of a word do not overlap."""
    check_roots_disjoint({"one": ["a/b", "ab"], "two": ["a/c", "a/bc", "a/b-"]})


@pytest.mark.parametrize(("one", "two"), [("a", "a/b"), ("a/b", "a"), ("a", "a"), ("a/b/c", "a")])
def test_overlapping_roots_are_refused(one: str, two: str) -> None:
    """A root that is, or lies in, another's is refused, in one bundle and in two."""
    with pytest.raises(UsageError, match="overlaps root"):
        check_roots_disjoint({"one": [one], "two": [two]})
    with pytest.raises(UsageError, match="overlaps root"):
        manifest(revision="r", roots=[one, two], metadata={})


@pytest.mark.parametrize("root", ["", "/a", "a/", "a//b", "a/../b", "."])
def test_what_is_no_root_is_refused(root: str) -> None:
    """A root that owns everything, or is not in canonical form, is refused."""
    with pytest.raises(UsageError, match="is not a root"):
        check_roots_disjoint({"one": [root]})
