"""The collector's HTTP interface: `POST /logs`, `/records` and `/status`, `/healthz`, `/metrics`."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import anyio.to_thread
from anyio import CapacityLimiter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.collector.body import read_body
from ringfence.collector.config_model import Limits
from ringfence.collector.credential import Credentials
from ringfence.collector.metrics import Metrics
from ringfence.collector.principal import Principal
from ringfence.collector.turns import Turns
from ringfence.collector.upload import UploadError, inflate, split_lines
from ringfence.collector.writer import Delivered, OriginWriter, Taken
from ringfence.evidence.error import EvidenceError, VerifyError

__all__ = ["Report", "collector_app"]

Report = Callable[[Mapping[str, Any]], None]
"""Takes one finding at a time, as plain values; it holds nothing of an event but its id."""

_TICK: Final = 0.2
_RETRY: Final = 2.0
_AFTER: Final = 5
_THREADS: Final = 4
_GZIP: Final = b"\x1f\x8b"
_MOST_FINDINGS: Final = 1000
_ENCODINGS: Final = {"/logs": {"gzip"}, "/records": {"gzip", "identity"}, "/status": {"identity"}}


def collector_app(
    *,
    writers: Mapping[str, OriginWriter],
    credentials: Credentials,
    limits: Limits,
    report: Report,
    ready: Callable[[], None] = lambda: None,
) -> Starlette:
    """Return the ASGI application; while it runs it publishes checkpoints, and at its end the last ones.

    `ready` is called once it runs.
    """
    service = _Service(writers, credentials, limits, report)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        ticking = [asyncio.create_task(service.publish(one)) for one in writers]
        ready()
        yield
        for task in ticking:
            task.cancel()
        await asyncio.gather(*ticking, return_exceptions=True)

    routes = [
        Route("/logs", service.logs, methods=["POST"]),
        Route("/records", service.records, methods=["POST"]),
        Route("/status", service.status, methods=["POST"]),
        Route("/healthz", service.healthz, methods=["GET"]),
        Route("/metrics", service.metrics, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


class _Service:
    """Answers requests."""

    def __init__(
        self,
        writers: Mapping[str, OriginWriter],
        credentials: Credentials,
        limits: Limits,
        report: Report,
    ) -> None:
        self._writers, self._credentials, self._limits = writers, credentials, limits
        self._report, self._metrics, self._turns = report, Metrics(), Turns(limits)
        self._threads = CapacityLimiter(_THREADS)

    async def logs(self, request: Request) -> Response:
        """Take an upload of OPA's decision-log plugin."""
        return await self._answered(request, self._take, limit=self._limits.compressed)

    async def records(self, request: Request) -> Response:
        """Take records of those who are no OPA."""
        return await self._answered(request, self._deliver, limit=self._limits.compressed)

    async def status(self, request: Request) -> Response:
        """Take an update of OPA's status plugin."""
        return await self._answered(request, self._note, limit=self._limits.status)

    async def healthz(self, _: Request) -> Response:
        """Tell whether every ledger takes records."""
        problems = {
            origin: one.problem.code for origin, one in self._writers.items() if one.problem
        }
        return JSONResponse({"problems": problems}, status_code=503 if problems else 200)

    async def metrics(self, _: Request) -> Response:
        """Return the counters."""
        return Response(self._metrics.text(self._writers), media_type=CONTENT_TYPE_LATEST)

    async def publish(self, origin: str) -> None:
        """Publish checkpoints as they fall due, until it is cancelled."""
        writer = self._writers[origin]
        while True:
            await asyncio.sleep(_TICK)
            try:
                await anyio.to_thread.run_sync(writer.tick)
            except (EvidenceError, VerifyError) as error:
                self._metrics.count_problem(origin, code=error.code)
                self._report({"origin": origin, "code": error.code, "message": error.message})
                await asyncio.sleep(_RETRY)

    async def _answered(
        self,
        request: Request,
        work: Callable[[Principal, bytes], Awaitable[dict[str, Any]]],
        *,
        limit: int,
    ) -> Response:
        """Authenticate, read the body, do the work, and answer; every refusal is counted and told."""
        principal = self._principal(request)
        try:
            if principal is None:
                raise UploadError(401, "RF984", "no credential of a principal")
            _require_may(principal, path=request.url.path)
            _check_encoding(request)
            with self._turns.taken(principal.name):
                body = await read_body(request, limit=limit, seconds=self._limits.body)
                said = await work(principal, body)
        except UploadError as error:
            refusal = error
        except EvidenceError as error:
            # The ledger refuses, on a full disk for one: nothing is lost as long as OPA holds it.
            self._metrics.count_problem(principal.origin if principal else "", code=error.code)
            refusal = UploadError(503, error.code, error.message, after=_AFTER)
        else:
            self._metrics.count_request(request.url.path, status=200)
            return JSONResponse(said)
        return self._refused(request, refusal, principal=principal)

    async def _take(self, principal: Principal, body: bytes) -> dict[str, int]:
        writer, limits = self._writers[principal.origin], self._limits
        start = time.monotonic()

        def take() -> Taken:
            return writer.take(
                body, principal=principal, inflated=limits.inflated, events=limits.events
            )

        taken = await anyio.to_thread.run_sync(take, limiter=self._threads)
        self._metrics.count_upload(principal.origin, taken=taken, seconds=time.monotonic() - start)
        for one in taken.refused if taken.told else ():
            said = {"code": one.code, "message": one.message, "event": one.index}
            self._report({"principal": principal.name, "origin": principal.origin, **said})
        if taken.untimely:
            message = f"events that are dated far from their arrival: {taken.untimely}"
            said = {"principal": principal.name, "origin": principal.origin}
            self._report({**said, "code": "RF989", "message": message})
        return {
            "added": taken.added,
            "duplicates": taken.duplicates,
            "conflicts": taken.conflicts,
            "refused": len(taken.refused),
        }

    async def _deliver(self, principal: Principal, body: bytes) -> dict[str, Any]:
        writer, limits = self._writers[principal.origin], self._limits

        def deliver() -> Delivered:
            is_gzip = body.startswith(_GZIP)  # which no line of JSON begins with
            text = inflate(body, limit=limits.inflated) if is_gzip else body
            lines = split_lines(text, most=limits.records, limit=limits.inflated)
            return writer.deliver(lines, principal=principal)

        done = await anyio.to_thread.run_sync(deliver, limiter=self._threads)
        self._metrics.count_delivery(principal.origin, delivered=done)
        findings = [
            {"code": one.code, "line": one.line, "message": one.message}
            for one in done.refused[:_MOST_FINDINGS]
        ]
        for one in findings if done.told else ():
            self._report({"principal": principal.name, "origin": principal.origin, **one})
        counts = {"added": done.added, "duplicates": done.duplicates}
        return {**counts, "refused": len(done.refused), "findings": findings}

    async def _note(self, principal: Principal, body: bytes) -> dict[str, int]:
        writer = self._writers[principal.origin]
        lost = await anyio.to_thread.run_sync(
            lambda: writer.note_status(body, principal=principal), limiter=self._threads
        )
        if lost:
            self._metrics.count_drops(principal.origin, lost=lost)
            message = "OPA has dropped " + ", ".join(f"{name}: {n}" for name, n in lost.items())
            said = {"principal": principal.name, "origin": principal.origin}
            self._report({**said, "code": "RF988", "message": message})
        return {"dropped": sum(lost.values())}

    def _principal(self, request: Request) -> Principal | None:
        """Return who asks: by certificate where one was shown, else by token."""
        peer = getattr(request.state, "peer", None)
        found = self._credentials.of_certificate(peer)
        return found or self._credentials.of_token(_header(request, "authorization"))

    def _refused(
        self, request: Request, error: UploadError, *, principal: Principal | None
    ) -> Response:
        self._metrics.count_request(request.url.path, status=error.status, code=error.code)
        who = principal.name if principal else ""
        if principal is not None:  # strangers are counted, or they could fill a disk with lines
            self._report({"principal": who, "code": error.code, "message": error.message})
        headers = {"Connection": "close"} if error.status in (401, 408, 413) else {}
        if error.after:
            headers["Retry-After"] = str(error.after)
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        said = {"code": error.code, "message": error.message}
        return JSONResponse(said, status_code=error.status, headers=headers)


def _require_may(principal: Principal, *, path: str) -> None:
    """Refuse a principal that has no part in what a path takes; raise UploadError."""
    if path == "/records":
        if not principal.records:
            raise UploadError(403, "RF905", "the principal may deliver no records")
    elif not principal.environment:
        raise UploadError(403, "RF983", "the principal has no environment to upload decisions of")


def _header(request: Request, name: str) -> str:
    """Return a header's value; several are a list (RFC 9110, section 5.3), of which none stands alone."""
    return ", ".join(request.headers.getlist(name))


def _check_encoding(request: Request) -> None:
    """Refuse a body that is not encoded as OPA, or a deliverer, does it; raise UploadError."""
    encoding = (_header(request, "content-encoding") or "identity").lower()
    expected = _ENCODINGS[request.url.path]
    if encoding not in expected:
        said = " or ".join(sorted(expected))
        raise UploadError(415, "RF980", f"the body's encoding must be {said}")
