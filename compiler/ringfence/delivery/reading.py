"""Files of records, one a line, read line by line."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ringfence.errors import UsageError
from ringfence.evidence.records import MAX_RECORD

__all__ = ["STDIN", "RecordLine", "read_lines"]

STDIN: Final = Path("-")


class RecordLine(NamedTuple):
    """A line without its line feed, and where it stands: file and line, from 1."""

    place: str
    data: bytes


def read_lines(files: Iterable[Path]) -> Iterator[RecordLine]:
    """Yield the lines of files, `-` for standard input; raise UsageError for one that cannot be read.

    Of a line that is longer than any record only the beginning is kept, which is no record then.
    """
    for file in files:
        try:
            if file == STDIN:
                yield from _lines(sys.stdin.buffer, "stdin")
            else:
                with file.open("rb") as stream:
                    yield from _lines(stream, str(file))
        except OSError as error:
            said = f"cannot read `{file}`: {error.strerror}"
            raise UsageError(said, help="name a file of records, one a line") from None


def _lines(stream: BinaryIO, name: str) -> Iterator[RecordLine]:
    number = 0
    while line := stream.readline(MAX_RECORD + 2):
        number += 1
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(MAX_RECORD)):
            pass
        yield RecordLine(f"{name}:{number}", line.removesuffix(b"\n"))
