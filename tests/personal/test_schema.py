"""Facts about which facts the schema marks as personal."""

import shutil
from pathlib import Path

from ringfence.personal.schema import declared_names, personal_names

EXAMPLE = Path(__file__).parents[2] / "examples" / "data-platform"


def test_who_asks_is_personal_at_every_point() -> None:
    """`request.by` is marked wherever it is a fact, and nothing else is."""
    assert personal_names() == {"request.by"}


def test_a_team_marks_its_own(tmp_path: Path) -> None:
    """`personal: true` in a `Facts` document marks the fact under its namespace."""
    root = shutil.copytree(EXAMPLE, tmp_path / "policies")
    assert declared_names(root) == {"request.by"}
    path = root / "platform/change-facts.yaml"
    path.write_text(path.read_text().replace("{type: string,", "{type: string, personal: true,"))
    assert declared_names(root) == {"request.by", "change.ticket"}
