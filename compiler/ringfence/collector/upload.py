"""An upload's body: bounded when it is inflated, split into events, and read exactly."""

import zlib
from typing import Any, Final

import msgspec

from ringfence.decision_log.event import LogEvent, log_event
from ringfence.decision_log.exact_json import MAX_DEPTH, JsonError, parse_json, too_deep

__all__ = ["UploadError", "inflate", "parse_object", "read_upload", "split_lines"]

_GZIP: Final = 16 + zlib.MAX_WBITS
_DECODER: Final = msgspec.json.Decoder(list[msgspec.Raw])


class UploadError(Exception):
    """A request is refused whole; `status` is HTTP's, `after` the seconds until another try."""

    def __init__(self, status: int, code: str, message: str, *, after: int = 0) -> None:
        super().__init__(f"{code} {message}")
        self.status, self.code, self.message, self.after = status, code, message, after


def inflate(body: bytes, *, limit: int) -> bytes:
    """Return what a gzip member (RFC 1952) holds, of at most `limit` bytes; raise UploadError."""
    stream = zlib.decompressobj(_GZIP)
    try:
        text = stream.decompress(body, limit + 1)
    except zlib.error:
        raise UploadError(400, "RF980", "the body is not gzip") from None
    if len(text) > limit:
        raise UploadError(413, "RF980", f"the body inflates to more than {limit} bytes")
    if not stream.eof or stream.unused_data:
        raise UploadError(400, "RF980", "the body is not one whole gzip member")
    return text


def read_upload(text: bytes, *, most: int) -> list[LogEvent]:
    """Return the events of a JSON array, at most so many; raise UploadError.

    The array is split first, so that a number that needs care slows down its own event only.
    """
    try:
        items = _DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise UploadError(400, "RF980", "the body is not a JSON array") from None
    if len(items) > most:
        raise UploadError(413, "RF980", f"the upload has more than {most} events")
    return [_event(bytes(item), index) for index, item in enumerate(items)]


def split_lines(text: bytes, *, most: int, limit: int) -> list[bytes]:
    """Return the lines of a body of at most so many bytes and lines, and one at least; raise UploadError."""
    if len(text) > limit:
        raise UploadError(413, "RF980", f"the body has more than {limit} bytes")
    text = text.removesuffix(b"\n")
    if text.count(b"\n") >= most:  # before they are split: a body of line feeds is a bomb too
        raise UploadError(413, "RF980", f"the body has more than {most} records")
    if not text:
        raise UploadError(400, "RF980", "the body has no record")
    return text.split(b"\n")


def parse_object(text: bytes, *, place: str) -> dict[str, Any]:
    """Return a strict JSON object of bounded depth; raise UploadError."""
    try:
        value = parse_json(text)
    except JsonError as error:
        raise UploadError(400, "RF980", f"{place}: {error}") from None
    # Fewer brackets than levels: it cannot be too deep, and most events are not even looked at.
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and too_deep(value):
        raise UploadError(400, "RF980", f"{place}: nested too deeply")
    if not isinstance(value, dict):
        raise UploadError(400, "RF980", f"{place}: not an object")
    return value


def _event(text: bytes, index: int) -> LogEvent:
    event = log_event(parse_object(text, place=f"event {index}"), index=index)
    if event is None:
        message = (
            f"event {index}: no decision-log event, which has a `decision_id` and a `timestamp`"
        )
        raise UploadError(400, "RF980", message)
    return event
