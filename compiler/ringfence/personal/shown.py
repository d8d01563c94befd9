"""What there is of the personal facts that a record commits to."""

from collections.abc import Mapping
from typing import Any, Final

from ringfence.personal.scope import State
from ringfence.personal.store import PersonalStore

__all__ = ["shown"]

_COMMITTED: Final = "committed"


def shown(body: Mapping[str, Any], store: PersonalStore | None) -> dict[str, dict[str, Any]]:
    """Return, by name, `shown` with the value, `erased`, `absent`, or `committed` without a store.

    A value is shown only where it opens the record's own commitment to a fact of this name. Raise
    EvidenceError: RF918 where it does not, RF916 where the store cannot be used.
    """
    committed = body.get("committed")
    found: dict[str, dict[str, Any]] = {}
    for name, one in sorted(committed.items() if isinstance(committed, dict) else ()):
        if store is None or not isinstance(one, str):
            found[name] = {"state": _COMMITTED}
            continue
        there = store.find(one, name=name)
        value = {"value": there.value} if there.state is State.SHOWN else {}
        found[name] = {"state": there.state.value, **value}
    return found
