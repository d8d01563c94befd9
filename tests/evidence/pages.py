"""The pages of the manual that are about evidence."""

from pathlib import Path

__all__ = ["PAGES"]

_DOCS = Path(__file__).parents[2] / "docs"
_NAMES = ("evidence", "ledger", "personal-facts", "reconciling", "exports")

PAGES = "\n".join((_DOCS / f"{name}.md").read_text(encoding="utf-8") for name in _NAMES)
"""Their text, one after another."""
