"""`python -m tests.requirements`: which requirements have a test; `--write` writes the document."""

import sys

from tests.requirements.marks import MarkError, find_marks
from tests.requirements.rows import DOCUMENT, ROOT, read_rows
from tests.requirements.summary import document, summary


def main(arguments: list[str]) -> int:
    """Print the summary, or write `docs/requirements.md`."""
    rows = read_rows()
    try:
        marks = find_marks(ROOT / "tests")
        if arguments == ["--write"]:
            DOCUMENT.write_text(document(rows, marks), encoding="utf-8")
            return 0
        print("\n".join(summary(rows, marks)))
    except MarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
