"""Lines of standard input, none longer than a limit."""

from collections.abc import Callable
from typing import IO

import anyio.to_thread

__all__ = ["BoundedLines"]


class BoundedLines:
    """Read UTF-8 lines, and end at one that is longer than `largest` bytes, after telling so.

    A client whose message cannot be read gets no answer to it, so its session ends.
    """

    def __init__(self, file: IO[bytes], *, largest: int, too_long: Callable[[], None]) -> None:
        self._file = file
        self._largest = largest
        self._too_long = too_long

    def __aiter__(self) -> "BoundedLines":
        return self

    async def __anext__(self) -> str:
        line = await anyio.to_thread.run_sync(
            self._file.readline, self._largest + 1, abandon_on_cancel=True
        )
        if len(line) > self._largest:
            self._too_long()
            raise StopAsyncIteration
        if not line:
            raise StopAsyncIteration
        return line.decode(errors="replace")
