"""Facts about what is shown of hostile texts in delivered records: they stay text, on one line, in each form."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from tests.collector.harness import make_place, zipped
from tests.collector.inprocess import in_process
from tests.collector.samples import REVISION, asked_for, logged
from tests.delivery.samples import RUNNER, lines
from tests.evidence.kind_samples import BODIES
from tests.export.test_pages import _ATTRIBUTES, _TAGS, _Tags

from ringfence.cli.evidence import command as evidence
from ringfence.evidence.delivered import DELIVERABLE, read_delivered
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.run_signature import sign_run
from ringfence.keys import generate, write_private, write_public
from ringfence.report.escape import INVISIBLE

LINE = '<script>alert(1)</script>`|[x](javascript:1)# h\u202e"&=\\ CEF:0|x|\u200b'
TEXT = f"{LINE}\nforged: line\n- x"
ANY = f"\x1b[2J\x07{TEXT}\r\x9b31m\u2028"
KEPT = {"tenant", "decision_id", "signature", "signed_by", "action"}
UNSHOWN = re.compile(f"[{INVISIBLE}]")


def leaves(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Walk over each text of a body, and each member that may be one."""
    if isinstance(value, dict | list):
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*above, name))
    elif isinstance(value, str) or value is None:
        yield above


def hostile(kind: RecordKind) -> tuple[Record, int]:
    """Return a record with the worst text that its form takes in each place, and in how many."""
    body, count = copy.deepcopy(BODIES[kind]), 0
    if "decision_id" in body:
        body["decision_id"] = "decision-0"
    if "trace_id" in body:
        body["trace_id"] = ANY
    made = _made(kind, body)
    for path in [one for one in leaves(body) if one[0] not in KEPT and one[0] != "trace_id"]:
        for text in (ANY, TEXT, LINE):
            tried = copy.deepcopy(body)
            inner: Any = tried
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = text + ".".join(map(str, path))
            try:
                made, body, count = _made(kind, tried), tried, count + 1
            except EvidenceError:
                continue
            break
    return made, count


def _made(kind: RecordKind, body: dict[str, Any]) -> Record:
    if kind is RecordKind.RUN:
        unsigned = {name: one for name, one in body.items() if name not in KEPT - {"tenant"}}
        signed = sign_run(make_record(kind, unsigned), runner="pool-1", key=RUNNER)
        return read_delivered(signed.data)
    return read_delivered(make_record(kind, body).data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliver a hostile record of each kind to a collector, about a decision whose trace is hostile too."""
    folder = tmp_path_factory.mktemp("site")
    kinds = [one.value for one in DELIVERABLE]
    tenants = ["acme", "platform"]
    place = make_place(folder / "place", revisions=[REVISION], records=kinds, tenants=tenants)
    write_public(place.folder / "pool-1.pub.pem", RUNNER.public_key())
    place.write(runners={"pool-1": "pool-1.pub.pem"})
    made = [hostile(kind) for kind in DELIVERABLE if kind is not RecordKind.CHANGE]
    assert sum(count for _, count in made) >= 60
    with in_process(place) as running:
        event = logged(decision_id="decision-0", input={**asked_for("acme"), "trace_id": ANY})
        assert running.post("/logs", zipped([event])).json()["added"] == 1
        said = running.post("/records", lines(*(one for one, _ in made))).json()
        assert said == {"added": len(made), "duplicates": 0, "refused": 0, "findings": []}
    place.records()
    (folder / "log.vkey").write_text(json.loads((place.ledger / "ledger.json").read_text())["vkey"])
    write_private(folder / "package.pem", generate("ed25519"))
    return folder


def said(site: Path, command: str, *arguments: object) -> str:
    """Return what a command prints of the ledger, to both streams."""
    key = ("--key", site / "log.vkey")
    done = CliRunner().invoke(
        evidence, [command, *map(str, (site / "place/ledger", *arguments, *key))]
    )
    assert done.exit_code == 0, done.output
    return done.output


def test_inspect_shows_hostile_texts_on_lines_of_its_own(site: Path) -> None:
    """No control, no character that is unseen or turns text round, and no line that a text began."""
    shown = said(site, "inspect", "decision-0")
    assert not UNSHOWN.search(shown.replace("\n", ""))
    assert not any(line.lstrip(" -").startswith("forged") for line in shown.splitlines())
    for section in ("summary", "factors.0.evidence", "note", "reviewer", "input_refs.0"):
        assert section in shown, section
    assert json.loads(said(site, "inspect", "decision-0", "--format", "json"))["decisions"]


def test_cef_gains_no_line_field_or_key(site: Path) -> None:
    """Each record is one line, with seven pipes that are not escaped, and the keys of the format."""
    shown = said(site, "view", "--tenant", "acme", "--tenant", "platform", "--format", "cef")
    rows = shown.removesuffix("\n").split("\n")
    assert len(rows) == len(DELIVERABLE) + 1
    for row in rows:
        assert not UNSHOWN.search(row)
        head, fields = row.split("|", 7)[:7], row.split("|", 7)[7]
        assert head[0] == "CEF:0"
        keys = re.findall(r"(?:^| )([^ =\\]+)=", fields)
        assert set(keys) <= {
            "rt", "cat", "externalId", "act", "outcome", "suser", "cn1Label", "cn1",
            "flexString1Label", "flexString1", *(f"cs{n}{label}" for n in range(1, 7) for label in ("", "Label")),
        }  # fmt: skip


def test_summaries_hold_no_element_or_link_of_a_record(site: Path, tmp_path: Path) -> None:
    """HTML has its own elements alone, and Markdown text and code."""
    out = tmp_path / "package"
    said(
        site, "export", "--tenant", "acme", "--tenant", "platform", "-o", out,
        "--signing-key", site / "package.pem",
    )  # fmt: skip
    page = (out / "summary.html").read_text(encoding="utf-8")
    assert _Tags(page).tags <= _TAGS
    assert _Tags(page).attributes <= _ATTRIBUTES
    text = (out / "summary.md").read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").parse(text)
    inner = {one.type for token in tokens for one in token.children or ()}
    assert inner <= {"text", "code_inline", "softbreak"}
    assert not {"html_block", "fence", "code_block", "blockquote_open"} & {t.type for t in tokens}
    for one in (page, text):
        assert not UNSHOWN.search(one.replace("\n", ""))
        assert one.count("alert(1)") >= 30
