"""Legal holds: what must not be erased, whoever asks."""

from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import Field, ValidationError

from ringfence.evidence.error import EvidenceError
from ringfence.language.values import Line, Model, Seq
from ringfence.personal.period import PERIOD_PATTERN

__all__ = ["HOLDS", "Hold", "Holds", "read_holds"]

HOLDS: Final = "holds.yaml"
"""The file beside the store; where it stands, it counts."""

_MAX: Final = 1 << 20


class Hold(Model):
    """A hold: a tenant, the periods or all of them, and why."""

    tenant: Line
    periods: Seq[Annotated[str, Field(pattern=PERIOD_PATTERN)]] = ()
    reason: Line


class Holds(Model):
    """The holds of a store."""

    holds: Seq[Hold]

    def refuse(self, *, tenant: str, period: str) -> None:
        """Raise EvidenceError (RF917) where a hold names the tenant and the period."""
        for one in self.holds:
            if one.tenant == tenant and (not one.periods or period in one.periods):
                said = f"tenant `{tenant}`, period `{period}` is under a legal hold: {one.reason}"
                hint = "nothing was erased; remove the hold first, or name other periods"
                raise EvidenceError("RF917", said, help=hint)


def read_holds(folder: Path) -> Holds:
    """Read a store's holds; raise EvidenceError (RF917) for a file that cannot be read as such."""
    path = folder / HOLDS
    if not path.exists() and not path.is_symlink():
        return Holds(holds=())
    try:
        if path.stat().st_size > _MAX:
            raise ValueError("too long")
        return Holds.model_validate(yaml.safe_load(path.read_bytes()))
    except (OSError, ValueError, ValidationError, yaml.YAMLError, RecursionError):
        hint = "write `holds:` with `tenant`, `reason` and, where not all, `periods` of each"
        raise EvidenceError(
            "RF917", f"`{HOLDS}` cannot be read: nothing is erased", help=hint
        ) from None
