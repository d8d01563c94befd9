"""`.manifest`: which revision a bundle is, and which part of the data it owns."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from ringfence.errors import UsageError

__all__ = ["check_roots_disjoint", "manifest"]


def manifest(*, revision: str, roots: Iterable[str], metadata: Mapping[str, Any]) -> bytes:
    """Return the manifest as compact JSON with sorted keys, its Rego being version 1.

    Raises UsageError where roots overlap, are empty or not written as paths.
    """
    owned = sorted(roots)
    check_roots_disjoint({"this bundle": owned})
    content = {
        "metadata": dict(metadata),
        "rego_version": 1,
        "revision": revision,
        "roots": owned,
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def check_roots_disjoint(bundles: Mapping[str, Iterable[str]]) -> None:
    """Raise UsageError where two roots, of one bundle or of two, overlap.

    `bundles` maps names to roots. The root `a` overlaps `a/b`, not `ab`; OPA refuses
    a bundle whose roots overlap those of another that is active. An empty root owns everything and is refused.
    """
    owners: dict[tuple[str, ...], str] = {}
    for name, roots in bundles.items():
        for root in roots:
            steps = tuple(root.split("/"))
            if not all(steps) or {".", ".."} & set(steps):
                raise UsageError(f"`{root}` is not a root", help="write it as in `ringfence/live`")
            if steps in owners:
                raise _overlap(root, name, root, owners[steps])
            owners[steps] = name
    for steps, name in owners.items():
        for end in range(1, len(steps)):
            if steps[:end] in owners:
                raise _overlap("/".join(steps), name, "/".join(steps[:end]), owners[steps[:end]])


def _overlap(root: str, name: str, other: str, owner: str) -> UsageError:
    return UsageError(
        f"root `{root}` of `{name}` overlaps root `{other}` of `{owner}`",
        help="give every bundle roots of its own",
    )
