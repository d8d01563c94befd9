"""The lock file of a release: the levels of each recorded version, written by a command."""

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from ringfence.errors import UsageError

__all__ = ["read_record", "record_path", "write_record"]

Record = dict[str, dict[str, dict[str, dict[str, str]]]]
_MOST = 16 << 20


def record_path(root: Path, release_file: str) -> Path:
    """Return the lock file beside a release's file."""
    return root / release_file.replace(".yaml", ".lock.json")


def read_record(path: Path) -> Record:
    """Return versions to environments to rules to levels by wave; empty where there is no file."""
    if not path.exists():
        return {}
    if path.stat().st_size > _MOST:
        raise UsageError(f"`{path}` is larger than {_MOST} bytes")
    try:
        found = orjson.loads(path.read_bytes())
        return {
            version: {
                environment: {rule: dict(levels) for rule, levels in rules.items()}
                for environment, rules in environments.items()
            }
            for version, environments in found.items()
        }
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
        hint = "restore it from version control; it is written by `ringfence build --record`"
        raise UsageError(f"`{path}` is not a release record", help=hint) from None


def write_record(
    path: Path, version: str, levels: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> None:
    """Add a version to a lock file; a version that is there may not change."""
    record = read_record(path)
    plain = {env: {rule: dict(by) for rule, by in rules.items()} for env, rules in levels.items()}
    if record.get(version, plain) != plain:
        hint = "releases are immutable: give this one a new version"
        raise UsageError(f"release `{version}` is recorded with other levels", help=hint)
    record[version] = plain
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
