"""Download a program whose digest is known, whole or not at all."""

import hashlib
import hmac
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import requests

from ringfence.errors import OpaError

__all__ = ["download"]

_CHUNK = 1 << 18
_MOST = 512 << 20
_WITHIN = 900.0
_SILENCE = 60.0


def download(
    url: str,
    *,
    sha256: str,
    target: Path,
    verify: Callable[[Path], object] = lambda _: None,
    most: int = _MOST,
) -> Path:
    """Download a program of at most `most` bytes, check its SHA-256 (hex), then put it in place.

    `verify` may refuse the file, which is executable by then, by raising. Nothing is left behind,
    and a file that stood at `target` stays, unless all is well. Raise OpaError for a file that is
    missing, truncated, too large, too slow or another one.
    """
    digest = bytes.fromhex(sha256) if _is_digest(sha256) else None
    if digest is None:
        raise OpaError(f"`{sha256}` is no SHA-256 in hex", help="give the 64 digits of the digest")
    with _replacing(target) as path:
        with path.open("wb") as file:
            found = _receive(url, file, most=most)
            file.flush()
            os.fsync(file.fileno())
        if not hmac.compare_digest(found, digest):
            message = f"`{url}` has SHA-256 {found.hex()}, not {sha256.lower()}"
            raise OpaError(message, help="don't run it; check the URL and the digest")
        path.chmod(0o755)
        verify(path)
    return target


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a path to write; it becomes `target` in one step, or goes away where the block raises."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    os.close(handle)
    try:
        yield Path(name)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def _receive(url: str, file: BinaryIO, *, most: int) -> bytes:
    digest, received, deadline = hashlib.sha256(), 0, time.monotonic() + _WITHIN
    try:
        # Taken as it was sent: a digest is one of the file, not of what an encoding hides.
        headers = {"Accept-Encoding": "identity"}
        with requests.get(url, headers=headers, stream=True, timeout=_SILENCE) as response:
            response.raise_for_status()
            with _progress(response.headers.get("Content-Length", "")) as advance:
                for chunk in response.iter_content(_CHUNK):
                    received += len(chunk)
                    if received > most:
                        raise OpaError(f"`{url}` is over {most} bytes", help="check the URL")
                    if time.monotonic() > deadline:
                        raise OpaError(f"`{url}` took over {_WITHIN:.0f} s", help="try a mirror")
                    digest.update(chunk)
                    file.write(chunk)
                    advance(len(chunk))
    except requests.RequestException as error:
        message = f"`{url}` could not be downloaded: {_reason(error)}"
        raise OpaError(message, help="check the network and the URL") from None
    return digest.digest()


@contextmanager
def _progress(length: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    import click

    total = int(length) if length.isascii() and length.isdigit() else 0
    with click.progressbar(length=total, label="downloading", file=sys.stderr) as bar:
        yield bar.update


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection ended before the file did"
    return type(error).__name__


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(one in "0123456789abcdefABCDEF" for one in text)
