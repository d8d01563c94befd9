"""Altered deliveries of records, and what may be stored of them."""

import contextlib
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.mutations import changed, mutated
from tests.collector.harness import Place, make_place
from tests.collector.inprocess import InProcess, in_process
from tests.collector.samples import REVISION, asked_for, logged
from tests.delivery.samples import RUNNER
from tests.evidence.kind_samples import BODIES

from ringfence.codes import CODES
from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.delivered import ABOUT, DELIVERABLE, read_delivered
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.reference import WITHHELD, is_reference
from ringfence.evidence.run_signature import sign_run, signer_of_run
from ringfence.keys import write_public
from ringfence.personal.declared import DECLARED, places
from ringfence.personal.sealing import make_secret
from ringfence.personal.store import PersonalStore

__all__ = ["delivering", "sent"]

TENANTS = ("acme", "platform")
DECISION = "decision-0"
CANARY = "cAnArY-7316"
_MANY = {"requests_per_second": 10_000, "burst": 100_000, "inflated": 1 << 20, "records": 50}
_HEX = "0a" * 32
_ODD: tuple[Any, ...] = (
    CANARY, {CANARY: CANARY}, [CANARY] * 3, f"\x1b[2J{CANARY}", f"\u202e{CANARY}", f"{CANARY}\n<b>", "a\u2028b",
    {"person": _HEX}, {"size": 3, "text": _HEX}, {"erased": True}, {"withheld": True}, (1 << 53) - 1, 1 << 53,
    1e21, 5e-324, -0.0, "other", "example", "key_event", ',"kind":"key_event","version":1}',
)  # fmt: skip
_SENT = [make_record(kind, body).data for kind, body in BODIES.items() if kind != RecordKind.RUN]


@contextlib.contextmanager
def delivering(folder: Path, *, store: bool) -> Iterator[tuple[Place, InProcess]]:
    """Run a collector that takes every kind of two tenants, and holds a decision, with a personal store or none."""
    kinds = [one.value for one in DELIVERABLE]
    place = make_place(folder, revisions=[REVISION], records=kinds, tenants=list(TENANTS))
    write_public(place.folder / "pool-1.pub.pem", RUNNER.public_key())
    if store:
        secret = make_secret(place.folder / "personal.key")
        PersonalStore(place.folder / "personal", secret=secret, create=True).close()
        place.config["ledgers"][0]["personal"] = {"store": "personal", "key": "personal.key"}
    place.write(runners={"pool-1": "pool-1.pub.pem"}, limits=_MANY)
    with in_process(place) as running:
        event = logged(decision_id=DECISION, input=asked_for("acme"))
        answer = running.post("/logs", gzip.compress(json.dumps([event]).encode()))
        assert answer.json()["added"] == 1
        yield place, running


def sent(running: InProcess, rng: random.Random, *, store: bool) -> str:
    """Deliver something altered, see that nothing is stored of what is refused, and say what came of it."""
    (writer,) = running.writers.values()
    before = writer.ledger.size
    running.findings.clear()
    lines = [_line(rng) for _ in range(rng.randint(1, 4))]
    answer = running.post("/records", _body(lines, rng), headers=_headers(rng, running.token))
    said = answer.json()
    assert answer.status in (200, 400, 401, 408, 413, 415), (answer, lines)
    assert CANARY.encode() not in answer.body, "an answer holds what was sent"
    assert CANARY not in json.dumps(running.findings), "a finding holds what was sent"
    if answer.status != 200:
        assert (said["code"] in CODES, writer.ledger.size) == (True, before), lines
        return str(answer.status)
    assert writer.ledger.size == before + said["added"]
    assert {one["code"] for one in said["findings"]} <= CODES.keys()
    assert len(said["findings"]) == said["refused"]
    for position in range(before, writer.ledger.size):
        _require_sound(writer.ledger.read(position), store=store)
    return "200" if said["added"] or said["duplicates"] else "200, none taken"


def _require_sound(record: Record, *, store: bool) -> None:
    """See that what was stored is canonical, of its form, of a tenant, and refers to a decision that is there."""
    body = record.body
    assert canonical_bytes(json.loads(record.data)) == record.data
    assert record.kind in DELIVERABLE
    assert body["tenant"] in TENANTS
    if record.kind in ABOUT:
        assert (body["decision_id"], body["tenant"]) == (DECISION, "acme")
    if record.kind is RecordKind.RUN:
        assert signer_of_run(body, trusted={"pool-1": RUNNER.public_key()}) == "pool-1"
    if not store or record.kind not in DECLARED or record.kind is RecordKind.RUN:
        assert read_delivered(record.data).kind is record.kind
        return
    row = DECLARED[record.kind]
    for path in (*row.people, *row.texts):
        for _, inner, member in places(body, path):
            value = inner[member]
            assert value in (None, WITHHELD) or is_reference(value), (path, record.kind)


def _line(rng: random.Random) -> bytes:
    """Return one record that is sound now and then, and most often altered as a value or as text."""
    kind = rng.choice(list(BODIES))
    value: Any = {**BODIES[kind]}
    if "decision_id" in value:
        value["decision_id"] = DECISION
    way = rng.random()
    if way < 0.35:
        value = changed(value, rng=rng)
    elif way < 0.6 and isinstance(value, dict):
        value[rng.choice([*value, CANARY])] = rng.choice(_ODD)
    elif way < 0.65:
        value[rng.choice(list(value))] = _deep(rng)
    elif way < 0.7:
        kind = rng.choice(list(RecordKind))
    data = _record(kind, value, rng)
    if way > 0.75:
        data = mutated(data, rng=rng, others=_SENT)
    return data


def _record(kind: RecordKind, value: Any, rng: random.Random) -> bytes:
    try:
        if kind is RecordKind.RUN and isinstance(value, dict) and rng.random() < 0.8:
            unsigned = {n: one for n, one in value.items() if n not in ("signature", "signed_by")}
            return sign_run(make_record(kind, unsigned), runner="pool-1", key=RUNNER).data
        return canonical_bytes({"body": value, "kind": kind.value, "version": 1})
    except EvidenceError:
        made = {"body": value, "kind": kind.value, "version": 1}
        return json.dumps(made, separators=(",", ":"), sort_keys=True).encode(
            "utf-8", "surrogatepass"
        )


def _deep(rng: random.Random) -> Any:
    found: Any = rng.choice((0.5, "x", "\xe9", {}, CANARY))
    for _ in range(rng.choice((10, 64, 199, 253, 254, 300, 600, 900))):
        found = [found] if rng.random() < 0.5 else {"x": found}
    return found


def _body(lines: list[bytes], rng: random.Random) -> bytes:
    text = rng.choice((b"\n", b"\n", b"\n", b"\r\n", b"\n\n")).join(lines)
    way = rng.random()
    if way < 0.6:
        return text
    if way < 0.9:
        return gzip.compress(text, 1)
    return mutated(gzip.compress(text, 1), rng=rng)


def _headers(rng: random.Random, token: str) -> list[tuple[str, str]] | None:
    if rng.random() < 0.9:
        return None
    said = ("authorization", f"Bearer {token}")
    odd = mutated(rng.choice((said[1], "gzip", "identity", "text/html")).encode(), rng=rng)
    text = odd.decode("latin-1")
    return rng.choice(
        (
            [("authorization", text)],
            [said, ("content-encoding", text)],
            [said, ("content-encoding", "gzip"), ("content-encoding", "br")],
            [said, ("content-type", text)],
            [said, ("content-length", text)],
            [said, ("transfer-encoding", text)],
            [said, said],
        )
    )
