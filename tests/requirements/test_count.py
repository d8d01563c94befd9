"""Facts about counting the requirements that tests show."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.requirements.marks import Mark, MarkError, find_marks
from tests.requirements.rows import DOCUMENT, ROOT, SHARED, Row, read_rows
from tests.requirements.summary import document, summary

ROWS = (Row(1, 1, "must"), Row(1, 2, "must"), Row(1, 3, "hint"), Row(2, 1, "must"))


def marks_of(tmp_path: Path, text: str, *, name: str = "test_x.py") -> tuple[Mark, ...]:
    """Return the marks of one test module."""
    module = tmp_path / "tests" / name
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text(text)
    return find_marks(tmp_path / "tests")


def test_a_mark_counts_where_its_module_asks_opa(tmp_path: Path) -> None:
    """A decorator and a parameter's mark both count, with all their rows."""
    text = (
        "from ringfence.opa.policies import PolicyServer\n"
        "@pytest.mark.requirement('R1.1', 'R1.2', on='opa')\n"
        "def test_a(): ...\n"
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.requirement('R1.3', on='command'))])\n"
        "def test_b(x): ...\n"
    )
    assert marks_of(tmp_path, text) == (
        Mark("R1.1", "opa", "tests/test_x.py::test_a"),
        Mark("R1.2", "opa", "tests/test_x.py::test_a"),
        Mark("R1.3", "command", "tests/test_x.py::test_b"),
    )


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("'R1.1', on='opa'", "never asks OPA"),
        ("'R1.1', on='paper'", "`on` must be one of"),
        ("'R1.1'", "`on` must be one of"),
        ("ROW, on='command'", "must be written out"),
    ],
)
def test_a_false_mark_is_refused(tmp_path: Path, mark: str, message: str) -> None:
    """A mark that claims what is not so stops the count."""
    text = f"@pytest.mark.requirement({mark})\ndef test_a(): ...\n"
    with pytest.raises(MarkError, match=message):
        marks_of(tmp_path, text)


def test_a_name_in_a_docstring_counts_for_evidence_only(tmp_path: Path) -> None:
    """Tests of evidence name their rows first; elsewhere a row that is only mentioned does not count."""
    text = "def test_a():\n    '''R1.1, R1.2: a record holds it.'''\n"
    assert marks_of(tmp_path, text) == ()
    found = marks_of(tmp_path, text, name="evidence/test_x.py")
    assert [(mark.row, mark.place) for mark in found] == [("R1.1", "record"), ("R1.2", "record")]


def test_the_summary_counts_must_rows_once_and_lists_the_others() -> None:
    """Rows without a test stand by part; a hint changes no count; several tests of a row are one."""
    marks = (
        Mark("R1.1", "opa", "a"),
        Mark("R1.1", "command", "b"),
        Mark("R1.3", "opa", "c"),
        Mark("R2.1", "record", "d"),
    )
    lines = list(summary(ROWS, marks))
    assert lines[0] == "part 1, runners: 1 of 2 tested"
    assert lines[1] == "  without a test: R1.2"
    assert lines[2] == "part 2, production: 1 of 1 tested"
    assert "1 opa, 1 command, 1 record" in lines[3]
    assert lines[-1] == "must rows with a test on OPA: 2 of 3"


def test_a_mark_of_a_row_that_is_not_there_is_refused() -> None:
    """A misspelt id does not vanish."""
    with pytest.raises(MarkError, match=r"no requirement `R9\.9`"):
        list(summary(ROWS, (Mark("R9.9", "opa", "a"),)))


def test_the_document_stands_in_for_the_requirements(tmp_path: Path) -> None:
    """Rows read back from the written document are the rows it was written from."""
    path = tmp_path / "requirements.md"
    path.write_text(document(ROWS, (Mark("R1.1", "opa", "a"),)))
    assert read_rows(tmp_path / "nowhere", path) == ROWS
    assert "| R1.2 | must | open: part 1" in path.read_text()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the requirements are not beside this checkout")
def test_the_committed_document_has_every_row() -> None:
    """The committed list of ids and weights is that of the requirements."""
    assert read_rows(SHARED.parent / "nowhere", DOCUMENT) == read_rows()


def test_the_command_ends_with_the_figure() -> None:
    """`python -m tests.requirements` counts part 1 as this package's tests show it."""
    command = [sys.executable, "-m", "tests.requirements"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    *_, last = done.stdout.splitlines()
    shown = int(last.removeprefix("must rows with a test on OPA: ").removesuffix(" of 250"))
    assert shown >= 33
