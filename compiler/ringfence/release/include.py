"""Check what a release says it is built of against the repository that it is built of."""

import re
from collections.abc import Collection, Iterator, Sequence

from ringfence.errors import Diagnostic
from ringfence.language.kinds.release import Release
from ringfence.language.policy import Policy
from ringfence.language.suggest import did_you_mean

__all__ = ["check_include"]


def check_include(
    policy: Policy, *, files: Sequence[str], folders: Collection[str]
) -> Iterator[Diagnostic]:
    """Refuse a pattern below no mapped folder, and a repository that the patterns do not cover.

    A bundle is built of the whole repository: what a release seemed to leave out would be in force.
    `files` are the documents a bundle is made of, `folders` the first parts of mapped directories.
    """
    spec = policy.spec
    assert isinstance(spec, Release)
    for index, pattern in enumerate(spec.include):
        folder = pattern.partition("/")[0]
        if folder not in folders and "*" not in folder:
            near = did_you_mean(folder, folders)
            hint = (
                f"did you mean `{near}/**`?" if near else f"folders: {', '.join(sorted(folders))}"
            )
            message = f"`{pattern}` lies in no mapped directory"
            yield Diagnostic("RF411", policy.value("include", index), message, hint)
    covered = re.compile("|".join(map(_expression, spec.include)))
    left_out = [file for file in files if not covered.fullmatch(file)]
    if left_out:
        more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        message = f"`{left_out[0]}`{more} would be in the bundle, and `include` names it not"
        hint = f"add `{left_out[0].partition('/')[0]}/**`, or move it to a repository of its own"
        yield Diagnostic("RF412", policy.key("include"), message, hint)


def _expression(pattern: str) -> str:
    """Return a regular expression: `**` is any path, `*` any part of a name."""
    parts = re.split(r"(\*\*|\*)", pattern)
    known = {"**": ".*", "*": "[^/]*"}
    return "".join(known.get(part, re.escape(part)) for part in parts)
