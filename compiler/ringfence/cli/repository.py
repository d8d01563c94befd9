"""Find the policy repository that a path lies in."""

from pathlib import Path

from ringfence.errors import UsageError
from ringfence.language.project import PROJECT_FILE

__all__ = ["find_root"]


def find_root(path: Path) -> Path:
    """Return the nearest directory at or above `path` with a project file; raise UsageError."""
    start = path.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise UsageError(
        f"`{path}` lies in no policy repository: no `{PROJECT_FILE}` at or above it",
        help="run `ringfence init DIR` for a new one, or name a directory that has one",
    )
