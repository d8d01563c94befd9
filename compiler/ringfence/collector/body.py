"""Read a request's body: so many bytes, in so many seconds, and no more."""

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from ringfence.collector.upload import UploadError

__all__ = ["read_body"]

_DRAINED: Final = 1 << 20


async def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """Return the body; raise UploadError where it is too long, too slow, or never ends.

    A little beyond the limit is read and thrown away, so that a client hears why it is refused.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    chunks.clear()
                    if size > limit + _DRAINED:
                        break
                else:
                    chunks.append(chunk)
    except TimeoutError:
        raise UploadError(408, "RF980", "the body came too slowly") from None
    except ClientDisconnect:
        raise UploadError(400, "RF980", "the body ended too early") from None
    if size > limit:
        raise UploadError(413, "RF980", f"the body has more than {limit} bytes")
    return b"".join(chunks)
