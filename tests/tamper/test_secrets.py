"""Facts about secrets: what nobody asked to be kept stands nowhere, whichever way it came in (group 26)."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.collector.harness import Place, make_place, zipped
from tests.collector.inprocess import InProcess, in_process
from tests.collector.samples import REVISION, logged

from ringfence.cli.evidence import command as evidence
from ringfence.collector.credential import new_token
from ringfence.evidence.records import RecordKind

CANARY = "canary7-Hunter2"
FORMS = (CANARY.encode(), *(base64.b64encode(b"x" * n + CANARY.encode())[4:-4] for n in range(3)))


def _found(content: bytes) -> bool:
    return any(form in content for form in FORMS)


def _events() -> list[dict[str, Any]]:
    """Return events with a canary in every place where a caller, or OPA, can put one."""
    facts = {
        "runner": {"class": "container", "password": CANARY, CANARY: 1, "nested": {"deep": [CANARY]}},
        CANARY: {"x": CANARY},
        "secret": CANARY,
    }  # fmt: skip
    asked = {"facts": facts, "point": "runner.start", "tenant": "example", "approvals": [CANARY],
             "extra": CANARY, "token": CANARY}  # fmt: skip
    result = logged()["result"]
    reason = {**result["reasons"][0], "message": CANARY, "fix": CANARY, "facts": {"x": CANARY}}
    return [
        logged(1, input=asked),
        logged(2, input={"facts": {}, "point": "runner.start", "tenant": f"{CANARY}-tenant"}),
        logged(3, nd_builtin_cache={"http.send": {CANARY: CANARY}}, metrics={CANARY: 1}),
        logged(4, error={"code": CANARY, "message": CANARY}, requested_by=CANARY, query=CANARY),
        logged(5, result={**result, "reasons": [reason], "debug": CANARY}),
        logged(6, labels={**logged()["labels"], "secret": CANARY, CANARY: "x"}),
        logged(7, bundles={"runtime": {"revision": f"runtime/prod@{CANARY}"}}),
        logged(8, path=f"system/{CANARY}"),
        logged(9, result={"allowed": CANARY}),
        logged(10, request_context={"http": {"headers": {"authorization": [CANARY]}}}),
        {**logged(11), CANARY: CANARY},
    ]


def _bad(running: InProcess) -> list[bytes]:
    """Send what is refused with a canary in it, and return all answers."""
    text = json.dumps([logged(20)]).encode()
    bodies = [
        CANARY.encode(),
        gzip.compress(CANARY.encode()),
        gzip.compress(text[:-1] + f',{{"{CANARY}":1,"{CANARY}":2}}]'.encode()),
        gzip.compress(text[:-1] + f',"{CANARY}"]'.encode()),
        gzip.compress(json.dumps([logged(21, timestamp=CANARY)]).encode()),
        gzip.compress(json.dumps([{"decision_id": CANARY}]).encode()),
        gzip.compress(text) + CANARY.encode(),
    ]
    answers = [running.post("/logs", body) for body in bodies]
    status = {"labels": {"id": CANARY + "/"}, CANARY: CANARY}
    answers.append(running.post("/status", json.dumps(status).encode()))
    answers.append(running.post("/status", f'{{"{CANARY}":'.encode()))
    for headers in (
        [("authorization", f"Bearer {CANARY}")],
        [("authorization", f"Bearer {new_token()[:-14]}{CANARY}")],
        [("authorization", f"Bearer {running.token}"), ("content-encoding", CANARY)],
        [("authorization", f"Bearer {running.token}"), ("x-secret", CANARY)],
    ):
        answers.append(running.post("/logs", zipped([]), headers=headers))
    answers.append(running.post(f"/{CANARY}", b""))
    return [one.body + repr(one.headers).encode() for one in answers]


def _commands(place: Place) -> list[bytes]:
    """Run every command that tells something of the ledger, and return what it printed and wrote."""
    key = place.folder / "log.vkey"
    key.write_text(json.loads((place.ledger / "ledger.json").read_text())["vkey"])
    proof = place.folder / "decision.tlog-proof"
    first, missing = logged(1)["decision_id"], logged(20)["decision_id"]
    said = []
    for arguments in (
        ["fsck", str(place.ledger)],
        ["inspect", str(place.ledger), first],
        ["inspect", str(place.ledger), first, "--format", "json"],
        ["inspect", str(place.ledger), missing],
        ["prove", str(place.ledger), "--decision", first, "-o", str(proof)],
        ["verify", str(proof)],
    ):
        done = CliRunner().invoke(evidence, [*arguments, "--key", str(key)])
        said.append(done.output.encode())
    head = proof.read_bytes()
    return [*said, head, base64.b64decode(head.split()[2])]


def test_a_secret_that_nobody_asked_to_keep_stands_nowhere(tmp_path: Path) -> None:
    """Canaries in facts, messages, labels, headers and refused bodies: not one in any file, answer or line."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    place.config["ledgers"][0]["facts"] = ["runner.class"]
    place.write(limits={"burst": 1000})
    with in_process(place) as running:
        said = running.post("/logs", zipped(_events())).json()
        assert said["added"] + said["refused"] == 11
        assert said["refused"] >= 4
        answers = [json.dumps(said).encode(), *_bad(running)]
        answers.append(running.ask("GET", "/metrics").body)
        lines = json.dumps(running.findings).encode()
        assert len(running.findings) > 10
    kept = place.records()
    assert len(kept) == said["added"]
    assert place.records(RecordKind.GAP)
    printed = _commands(place)
    assert not [text for text in (*answers, lines, *printed) if _found(text)]
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    assert [path.name for path in files if _found(path.read_bytes())] == []


def test_a_name_that_is_written_like_a_facts_is_shown(tmp_path: Path) -> None:
    """The one way in, which the page on evidence tells: a fact's name of lower case, digits and `_`."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    name = "canary7_hunter2"
    asked = {"facts": {name: 1, CANARY: 1}, "point": "runner.start", "tenant": "example"}
    with in_process(place) as running:
        running.post("/logs", zipped([logged(1, input=asked)]))
    (record,) = place.records()
    assert (record.body["withheld"], record.body["withheld_unnamed"]) == ([name], 1)


def test_the_search_finds_what_is_kept(tmp_path: Path) -> None:
    """The same search finds a canary that an allowed fact carries: in frames, bundles and the proof."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    place.config["ledgers"][0]["facts"] = ["runner.class"]
    place.write()
    asked = {"facts": {"runner": {"class": CANARY}}, "point": "runner.start", "tenant": "example"}
    with in_process(place) as running:
        running.post("/logs", zipped([logged(1, input=asked)]))
    place.records()
    assert any(_found(text) for text in _commands(place))
    names = {path.suffix for path in place.ledger.rglob("*") if path.is_file() and _found(path.read_bytes())}  # fmt: skip
    assert ".wal" in names
