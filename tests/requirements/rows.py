"""The rows of the requirements: their ids and weights."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCUMENT", "ROOT", "SHARED", "Row", "read_rows"]

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "requirements.md"
SHARED = ROOT.parent / "shared" / "requirements"
_ROW = re.compile(r"^\|\s*(R(\d+)\.(\d+))\s*\|\s*(must|hint)\s*\|", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One requirement: its part, its number there, and whether it is a must."""

    part: int
    number: int
    weight: str

    @property
    def id(self) -> str:
        """Return the row's id, such as `R1.13`."""
        return f"R{self.part}.{self.number}"


def read_rows(shared: Path = SHARED, document: Path = DOCUMENT) -> tuple[Row, ...]:
    """Read the rows where they are written, else those of the committed document."""
    sources: Iterable[Path] = sorted(shared.glob("[0-9]-*.md")) or [document]
    found: Mapping[str, Row] = {
        match[1]: Row(int(match[2]), int(match[3]), match[4])
        for source in sources
        for match in _ROW.finditer(source.read_text(encoding="utf-8"))
    }
    return tuple(sorted(found.values()))
