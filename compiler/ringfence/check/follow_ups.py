"""Leave out mistakes that only follow from others: one typo is one diagnostic."""

import re
from collections.abc import Iterable, Iterator, Mapping

from ringfence.errors import Diagnostic, Severity

__all__ = ["without_follow_ups"]

# Those that miss a rule, whose own document may be one that could not be understood.
_MISSES_A_RULE = frozenset({"RF322", "RF402", "RF524", "RF605"})
# Those that miss a key, whose trust root may be one that could not be understood.
_MISSES_A_KEY = frozenset({"RF414", "RF513"})
_TRUST_ROOT = re.compile(r"^kind:\s*[\"']?TrustRoot\b", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")


def without_follow_ups(
    later: Iterable[Diagnostic], *, earlier: Iterable[Diagnostic], texts: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """Yield what whole-repository passes found, without what is missed that a wrong document defines.

    `earlier` are the mistakes of documents, `texts` those documents by file.
    """
    files = {one.span.file for one in earlier if one.severity is Severity.ERROR}
    broken = [texts.get(file, "") for file in files]
    trust_is_broken = any(_TRUST_ROOT.search(text) for text in broken)
    for diagnostic in later:
        if trust_is_broken and diagnostic.code in _MISSES_A_KEY:
            continue
        names = _NAME.findall(diagnostic.message) if diagnostic.code in _MISSES_A_RULE else ()
        if not any(_defines(text, name) for name in names for text in broken):
            yield diagnostic


def _defines(text: str, name: str) -> bool:
    pattern = rf"^\s*(?:-\s+)?id:\s*[\"']?{re.escape(name)}[\"']?\s*(?:#.*)?$"
    return bool(re.search(pattern, text, re.MULTILINE))
