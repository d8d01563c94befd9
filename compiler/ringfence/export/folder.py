"""Write a package's files as a folder."""

from collections.abc import Mapping
from pathlib import Path

from ringfence.evidence.folder import new_folder, write_synced

__all__ = ["write_folder"]


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write the files whole or not at all; raise EvidenceError where the target is not new or empty."""
    with new_folder(target) as draft:
        for name in sorted(files):
            write_synced(draft / name, files[name])
