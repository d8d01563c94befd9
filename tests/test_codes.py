"""Facts about the registry of diagnostic codes."""

import re
from pathlib import Path

from ringfence.codes import CODES

PACKAGE = Path(__file__).parents[1] / "compiler" / "ringfence"


def test_every_code_that_is_used_is_registered() -> None:
    """Each `RFnnn` that stands in the package has a title and an explanation."""
    used = {
        code: path.name
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "codes"
        for code in re.findall(r"\"(RF\d{3})\"", path.read_text())
    }
    assert used
    assert {code: where for code, where in used.items() if code not in CODES} == {}
    for code, info in CODES.items():
        assert re.fullmatch(r"RF\d{3}", code)
        assert info.title
        assert info.explanation.endswith(".")


def test_every_code_of_reading_yaml_is_used() -> None:
    """No RF0xx code is registered that no module reports."""
    text = "".join(p.read_text() for p in PACKAGE.rglob("*.py") if p.parent.name != "codes")
    assert [code for code in CODES if code.startswith("RF0") and f'"{code}"' not in text] == []
