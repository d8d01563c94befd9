"""Facts about bounded POST: what a hostile server cannot do to whoever asks it."""

import gzip
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ringfence.posting import PostError, post

Serve = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Serve], str]]:
    """Return a function that serves with another one, and returns the address."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(answer: Serve) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                answer(self)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


def _answers(content: bytes, *, status: int = 200, **headers: str) -> Serve:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def _ask(url: str, *, timeout: float = 30.0, most: int = 100, token: str = "") -> tuple[int, bytes]:
    answer = post(url, b"x", headers={}, timeout=timeout, most=most, token=token)
    return answer.status, answer.body


def test_an_answer_is_whole(serve: Callable[[Serve], str]) -> None:
    """Status, headers and body come back, also of as many bytes as may be."""
    url = serve(_answers(b"y" * 100, status=418, X_Said="so"))
    found = post(url, b"x", headers={}, timeout=30, most=100)
    assert (found.status, found.headers["x-said"], found.body) == (418, "so", b"y" * 100)


def test_an_answer_that_is_too_long_is_none(serve: Callable[[Serve], str]) -> None:
    """One byte more than asked for is no answer, and nobody tries again."""
    with pytest.raises(PostError) as caught:
        _ask(serve(_answers(b"y" * 101)))
    assert (caught.value.reason, caught.value.is_final) == ("TooLong", True)


def test_a_redirect_is_not_followed(serve: Callable[[Serve], str]) -> None:
    """Whoever answers elsewhere is not asked."""
    there = serve(_answers(b"there"))
    assert _ask(serve(_answers(b"", status=307, Location=there))) == (307, b"")


def test_a_compressed_answer_is_not_inflated(serve: Callable[[Serve], str]) -> None:
    """Bytes stay what they are: nothing that a server sends grows in memory."""
    small = gzip.compress(b"z" * 10_000)
    assert _ask(serve(_answers(small, Content_Encoding="gzip"))) == (200, small)


def test_an_answer_that_drips_ends(serve: Callable[[Serve], str]) -> None:
    """A byte every now and then does not keep anybody waiting for the whole."""
    ended = threading.Event()

    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not ended.wait(0.05):
                handler.wfile.write(b"y")
        except OSError:
            return

    with pytest.raises(PostError) as caught:
        _ask(serve(drip), timeout=0.4, most=1 << 20)
    ended.set()
    assert (caught.value.reason, caught.value.is_final) == ("TooSlow", False)


def test_the_token_is_the_callers(
    serve: Callable[[Serve], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A netrc file that names the host puts no other credential in its place."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen: list[str] = []

    def note(handler: http.server.BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        _answers(b"")(handler)

    _ask(serve(note), token="t")
    assert seen == ["Bearer t"]
