"""A witness over HTTP: the server of ours, and how any such witness is asked (c2sp.org/tlog-witness)."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import requests

from ringfence.evidence.error import EvidenceError
from ringfence.ledger.submission import MAX_SUBMISSION, WitnessAnswer
from ringfence.ledger.witness import Witness
from ringfence.ledger.witnessing import AskWitness, WitnessUnavailableError
from ringfence.posting import PostError, post

__all__ = ["WitnessServer", "asking"]

_PATH: Final = "/add-checkpoint"
_MAX_ANSWER: Final = 64 << 10


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; run it with `serve_forever`, stop it with `shutdown`."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], *, witness: Witness) -> None:
        super().__init__(address, _Handler)
        self.witness = witness

    @property
    def url(self) -> str:
        """Return the submission prefix."""
        return f"http://{self.server_address[0]!s}:{self.server_port}"


def asking(
    url: str, *, timeout: float = 5.0, session: requests.Session | None = None
) -> AskWitness:
    """Return how to ask the witness with this submission prefix; `timeout` is in seconds."""
    using = session or requests.Session()
    place, headers = url.rstrip("/") + _PATH, {"Content-Type": "application/octet-stream"}

    def ask(body: bytes) -> WitnessAnswer:
        try:
            answer = post(
                place, body, headers=headers, timeout=timeout, most=_MAX_ANSWER, session=using
            )
        except PostError as error:
            said = f"a witness could not be reached ({error.reason})"
            raise WitnessUnavailableError(said) from None
        return WitnessAnswer(
            status=answer.status, body=answer.body, type=answer.headers.get("content-type", "")
        )

    return ask


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: WitnessServer

    def do_POST(self) -> None:
        """Answer `add-checkpoint`."""
        length = self.headers.get("Content-Length", "")
        if self.path != _PATH:
            self._answer(WitnessAnswer(status=404), close=True)
        elif not (length.isascii() and length.isdigit()) or int(length) > MAX_SUBMISSION:
            self._answer(WitnessAnswer(status=413 if length else 411), close=True)
        else:
            self._answer(self._decide(self.rfile.read(int(length))), close=False)

    def _decide(self, body: bytes) -> WitnessAnswer:
        try:
            return self.server.witness.add_checkpoint(body)
        except EvidenceError:
            return WitnessAnswer(status=500)  # disk or key refuse: it must not cosign

    def _answer(self, answer: WitnessAnswer, *, close: bool) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: requests are no one's business on stderr."""
