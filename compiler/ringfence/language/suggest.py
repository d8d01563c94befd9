"""Suggest the name that an author probably meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

__all__ = ["did_you_mean"]


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate nearest to a misspelt word, or None where none is near.

    Case, `-`, `_` and `.` count as equal; of equally near candidates the first in order wins.
    """
    folded: dict[str, str] = {}
    for candidate in sorted(candidates, reverse=True):
        folded[_fold(candidate)] = candidate
    key = _fold(word[:200])
    if key in folded:
        return folded[key]
    matches = get_close_matches(key, folded, n=max(1, len(folded)), cutoff=0.7)
    if not matches:
        return None
    best = min(matches, key=lambda match: (-SequenceMatcher(None, key, match).ratio(), match))
    return folded[best]


def _fold(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(".", "")
