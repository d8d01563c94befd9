"""Facts about near-miss names."""

import pytest

from ringfence.language.suggest import did_you_mean

NAMES = ("min_score", "if_unknown", "otherwise", "where", "require", "grounding.min-score")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("otherwize", "otherwise"),
        ("ifUnknown", "if_unknown"),
        ("requires", "require"),
        ("grounding.min_score", "grounding.min-score"),
        ("zzz", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_suggested(word: str, expected: str | None) -> None:
    """A misspelt name finds its neighbour, and a strange one finds none."""
    assert did_you_mean(word, NAMES) == expected


def test_the_order_of_candidates_does_not_matter() -> None:
    """Equally near names give the same suggestion whatever their order."""
    names = ["size_a", "size_b", "size_c"]
    assert did_you_mean("size_x", names) == did_you_mean("size_x", reversed(names)) == "size_a"
