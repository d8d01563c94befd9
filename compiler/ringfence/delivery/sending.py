"""Send records to a running collector: in batches, again where it is busy, until a deadline."""

import gzip
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import requests

from ringfence.delivery.destination import Destination
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record
from ringfence.posting import Answer, PostError, post

__all__ = ["Outcome", "Refusal", "Sender"]

_MOST: Final = 256
_BYTES: Final = 1 << 20
_ANSWER: Final = 1 << 20
_TIMEOUT: Final = 30.0
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 30.0
_AGAIN: Final = {408, 425, 429, 500, 502, 503, 504}
_MOST_SAID: Final = 300
_HEADERS: Final = {"Content-Encoding": "gzip", "Content-Type": "application/jsonl"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that the collector refused: its number among those that were sent, from 0, and why."""

    number: int
    code: str
    message: str


@dataclass(slots=True)
class Outcome:
    """How many records were answered for, and how."""

    added: int = 0
    duplicates: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Count the records that the collector has answered for."""
        return self.added + self.duplicates + len(self.refused)


@dataclass(kw_only=True)
class Sender:
    """Sends records to one collector; `deadline` in seconds is for all of them together.

    `clock` is in seconds, and `wait` lets some pass. `progress` is called after each batch.
    """

    to: Destination
    deadline: float
    progress: Callable[[Outcome], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep

    def send(self, records: Iterable[Record]) -> Outcome:
        """Send all, and return what the collector answered; all but the refused are on its disk then.

        Raise EvidenceError (RF907) where it refuses a request, answers nothing usable, or does not answer
        before the deadline. Whatever was taken is taken once: all may be sent again.
        """
        done, end = Outcome(), self.clock() + self.deadline
        with requests.Session() as session:
            # A proxy would read what goes over plain http to this machine.
            session.trust_env = self.to.url.startswith("https:")
            for batch in _batches(records):
                try:
                    self._batch(batch, done=done, end=end, session=session)
                except EvidenceError as error:
                    said = f"{error.message}; {done.answered} records were answered for before"
                    raise EvidenceError(error.code, said, help=error.help) from None
                self.progress(done)
        return done

    def _batch(
        self, batch: Sequence[Record], *, done: Outcome, end: float, session: requests.Session
    ) -> None:
        answer = self._answer(batch, end=end, session=session)
        if answer.status == 413 and len(batch) > 1:
            half = len(batch) // 2  # this collector takes less at once
            self._batch(batch[:half], done=done, end=end, session=session)
            self._batch(batch[half:], done=done, end=end, session=session)
            return
        if answer.status != 200:
            raise _failed(f"the collector answered {_said(answer)}")
        _count(answer, sent=len(batch), done=done)

    def _answer(self, batch: Sequence[Record], *, end: float, session: requests.Session) -> Answer:
        """Post a batch until it is answered for; what a busy collector asks for is waited."""
        body = gzip.compress(b"".join(one.data + b"\n" for one in batch), mtime=0)
        backoff = _FIRST_WAIT
        while True:
            try:
                answer = self._post(body, end=end, session=session)
                if answer.status not in _AGAIN:
                    return answer
                problem = f"the collector answered {_said(answer)}"
                asked = _seconds(answer.headers.get("retry-after", ""))
            except PostError as error:
                problem, asked = f"the collector could not be reached ({error.reason})", 0.0
                if error.is_final:
                    raise _failed(problem) from None
            pause = max(backoff, asked)
            if self.clock() + pause >= end:
                raise _failed(f"{problem} until the deadline")
            self.wait(pause)
            backoff = min(2 * backoff, _LONGEST_WAIT)

    def _post(self, body: bytes, *, end: float, session: requests.Session) -> Answer:
        to = self.to
        return post(
            to.place,
            body,
            headers=_HEADERS,
            timeout=max(1.0, min(_TIMEOUT, end - self.clock())),
            most=_ANSWER,
            token=to.token,
            tls=to.tls,
            session=session,
        )


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for one in records:
        if batch and (len(batch) == _MOST or size + len(one.data) > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one.data) + 1
    if batch:
        yield batch


def _count(answer: Answer, *, sent: int, done: Outcome) -> None:
    """Count an answer; raise EvidenceError where it does not speak of every record that was sent."""
    start = done.answered
    try:
        said: dict[str, Any] = orjson.loads(answer.body)
        added, duplicates, refused = (said[name] for name in ("added", "duplicates", "refused"))
        findings = [
            Refusal(start + one["line"] - 1, str(one["code"]), str(one["message"])[:_MOST_SAID])
            for one in said["findings"]
        ]
        counts = (added, duplicates, refused)
        whole = all(type(one) is int and one >= 0 for one in counts) and sum(counts) == sent
        if not whole or {one.number for one in findings} - set(range(start, start + sent)):
            raise ValueError
        if len({one.number for one in findings}) != refused:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise _failed("the collector's answer is not one to these records") from None
    done.added += added
    done.duplicates += duplicates
    done.refused += findings


def _said(answer: Answer) -> str:
    """Return a status, with the code and message where it is a collector's answer."""
    try:
        said = orjson.loads(answer.body)
        text = f"{answer.status}: {said['code']} {said['message']}"
    except (ValueError, KeyError, TypeError):
        text = f"with status {answer.status}"
    return text[:_MOST_SAID]


def _seconds(retry_after: str) -> float:
    is_number = retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 6
    return float(retry_after) if is_number else 0.0


def _failed(said: str) -> EvidenceError:
    return EvidenceError("RF907", said)
