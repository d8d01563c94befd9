"""What waits, for an approver to read: the one place where a proxy writes arguments."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ringfence.errors import UsageError
from ringfence.ir.schema import DecisionPoint
from ringfence.proxy.arguments import ALL
from ringfence.trust.canonical import bound_digest

__all__ = ["HeldFolder", "binding"]

_MOST: Final = 1000


def binding(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a call that an approval binds."""
    bound = {name: facts[name] for name in ("request", "agent", "session", "arguments")}
    return {**bound, "tool": {name: facts["tool"][name] for name in ("server", "name")}}


class HeldFolder:
    """A folder with one JSON file for each call that waits, gone once the call went out.

    A file holds the bound facts, with the covered arguments beside their digest, and is what
    `ringfence approve --facts` takes. Only this user may read it. Raise UsageError without a folder.
    """

    def __init__(self, folder: Path | None, *, point: DecisionPoint) -> None:
        self._folder = folder
        self._point = point
        try:
            if folder is not None:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"the folder of held calls cannot be made: {type(error).__name__}",
                help="give a folder that this user may write to",
            ) from None

    def add(self, facts: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        """Write what waits; of more than a thousand files no further one is written."""
        file = self._file(facts)
        if file is None or (not file.exists() and len(os.listdir(file.parent)) >= _MOST):
            return
        covered = facts["arguments"]["covered"]
        names = arguments if covered == ALL else covered.split(",")
        values = {name: arguments.get(name) for name in names}
        bound = binding(facts)
        told = {**bound, "arguments": {**bound["arguments"], "values": values}}
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump(told, opened, indent=2)
            opened.write("\n")
        draft.replace(file)

    def remove(self, facts: Mapping[str, Any]) -> None:
        """Forget a call that waits no longer."""
        file = self._file(facts)
        if file is not None:
            with contextlib.suppress(OSError):
                file.unlink()

    def _file(self, facts: Mapping[str, Any]) -> Path | None:
        if self._folder is None:
            return None
        number = bound_digest(facts, self._point).removeprefix("sha256:")
        return self._folder / f"{facts['tool']['name'].replace('/', '-')}-{number[:16]}.json"
