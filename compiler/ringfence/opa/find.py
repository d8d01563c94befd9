"""Find an OPA that is new enough."""

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from ringfence.errors import OpaError

__all__ = ["MINIMUM", "PINNED", "checked_opa", "find_opa", "opa_version", "tools_directory"]

PINNED = (1, 22, 0)
# Earlier ones have ways around signatures; below 1.11.1 decision logs are lost by default.
MINIMUM = (1, 21, 3)

_INSTALL = "run `ringfence opa install`, or name one in RINGFENCE_OPA"


def tools_directory() -> Path:
    """Return where installed tools live: RINGFENCE_TOOLS, a checkout's `.tools`, the user's cache."""
    named = os.environ.get("RINGFENCE_TOOLS")
    if named:
        return Path(named)
    checkout = Path(__file__).resolve().parents[3]
    if checkout.joinpath("compiler", "ringfence").is_dir():
        return checkout / ".tools"
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "ringfence" / "tools"


def find_opa() -> Path:
    """Return an OPA that is at least MINIMUM: RINGFENCE_OPA, our own, then one on PATH.

    Raise OpaError where there is none, or only an older one.
    """
    named = os.environ.get("RINGFENCE_OPA")
    if named:
        return checked_opa(Path(named))
    own = tools_directory() / "opa"
    if own.exists():
        return checked_opa(own)
    found = shutil.which("opa")
    if found:
        return checked_opa(Path(found))
    raise OpaError("no `opa` was found", help=_INSTALL)


def opa_version(path: Path) -> tuple[int, int, int]:
    """Return the version that a binary states; raise OpaError where it does not."""
    try:
        status = path.stat()
    except OSError:
        raise OpaError(f"there is no `{path}`", help=_INSTALL) from None
    return _stated_version(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _stated_version(path: Path, _changed: int, _size: int) -> tuple[int, int, int]:
    try:
        output = subprocess.run(
            [str(path), "version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise OpaError(f"`{path}` does not run: {error}", help=_INSTALL) from None
    match = re.search(r"^Version: v?(\d+)\.(\d+)\.(\d+)", output, re.M)
    if not match:
        raise OpaError(f"`{path}` does not say that it is OPA", help=_INSTALL)
    major, minor, patch = map(int, match.groups())
    return major, minor, patch


def checked_opa(path: Path) -> Path:
    """Return the path of an OPA that is at least MINIMUM; raise OpaError for any other program."""
    version = opa_version(path)
    if version < MINIMUM:
        have, due = (".".join(map(str, v)) for v in (version, MINIMUM))
        raise OpaError(f"`{path}` is OPA {have}, and at least {due} is due", help=_INSTALL)
    return path
