"""Facts about views: they are derived, lead back to their records, and are found out where they do not."""

import json
from pathlib import Path

import pytest
from tests.export.samples import (
    FOREIGN,
    ORIGIN,
    Site,
    all_records,
    decided,
    make_ledger,
    package,
    resigned,
    said_of,
    verifier,
)
from tests.export.test_tamper import refusal, refusals

from ringfence.evidence.records import RecordKind, make_record
from ringfence.export import layout
from ringfence.export.folder import write_folder
from ringfence.ledger.search import Placed
from ringfence.views.table import VIEWS

DERIVED = sorted(VIEWS.keys() - {"jsonl"})
JSON = sorted(VIEWS.keys() - {"jsonl", "cef"})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Write the ledger once; read only."""
    return make_ledger(tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def files(site: Site) -> dict[str, bytes]:
    """Export acme's records with all views once; read only."""
    return site.files(views=tuple(DERIVED))


def test_json_lines_are_the_exact_bytes() -> None:
    """The view `jsonl` is what was hashed, record by record."""
    placed = [Placed(n, one) for n, one in enumerate(all_records())]
    lines = VIEWS["jsonl"].lines(placed, origin=ORIGIN)
    assert list(lines) == [one.record.data + b"\n" for one in placed]


@pytest.mark.parametrize("name", DERIVED)
def test_each_line_leads_back_to_its_record(name: str) -> None:
    """Origin, index and leaf hash stand in each line, and the same records give the same bytes."""
    placed = [Placed(n, one) for n, one in enumerate(all_records())]
    for one in placed:
        line = VIEWS[name].line(one, ORIGIN)
        assert line == VIEWS[name].line(one, ORIGIN)
        if line is not None:
            assert b"\n" not in line
            assert one.leaf.hex().encode() in line
            assert ORIGIN.encode() in line
            assert _index(name, line) == one.position


def _index(name: str, line: bytes) -> int:
    if name == "cef":
        return int(line.split(b"cn1=")[1].split()[0])
    found = json.loads(line)
    if name == "ocsf":
        return int(found["metadata"]["sequence"])
    if name == "ecs":
        return int(found["ringfence"]["index"])
    (span,) = found["resourceSpans"][0]["scopeSpans"][0]["spans"]
    values = {one["key"]: one["value"] for one in span["attributes"]}
    return int(values["ringfence.ledger.index"]["intValue"])


@pytest.mark.parametrize("name", JSON)
def test_a_view_tells_the_verdict(name: str) -> None:
    """Allowed, blocked and undecided are three different lines."""
    made = all_records()
    told = {}
    for verdict, number in {"blocked": 0, "allowed": 16, "undecided": 17}.items():
        line = VIEWS[name].line(Placed(1, made[number]), ORIGIN)
        assert line is not None
        told[verdict] = json.loads(line)
    if name == "ecs":
        outcomes = {
            v: (one["event"]["outcome"], one["event"]["type"][1]) for v, one in told.items()
        }
        assert outcomes == {"blocked": ("failure", "denied"), "allowed": ("success", "allowed"),
                            "undecided": ("unknown", "denied")}  # fmt: skip
    elif name == "ocsf":
        statuses = {verdict: one["compliance"]["status"] for verdict, one in told.items()}
        assert statuses == {"blocked": "Fail", "allowed": "Pass", "undecided": "Warning"}
    else:
        text = {verdict: json.dumps(one) for verdict, one in told.items()}
        assert all(f'\\"verdict\\":\\"{verdict}\\"' in text[verdict] for verdict in text)


@pytest.mark.parametrize("name", JSON)
def test_what_has_no_place_is_left_out(name: str) -> None:
    """Gaps, and decisions whose time cannot be read, have no event; nothing is made up for them."""
    gap = make_record(RecordKind.GAP, {"cause": "dropped", "tenant": "acme"})
    timeless = make_record(RecordKind.DECISION, {**decided(1).body, "timestamp": "yesterday"})
    ancient = make_record(
        RecordKind.DECISION, {**decided(1).body, "timestamp": "1969-01-01T00:00:00Z"}
    )
    for record in (gap, timeless, ancient):
        assert VIEWS[name].line(Placed(1, record), ORIGIN) is None


@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"timestamp": "2026-11-20T20:00:00Z"},
        {"timestamp": "2026-11-20T20:00:00Z", "bundles": [1], "reasons": {}, "facts": None},
        {"timestamp": "9999-12-31T23:59:59.999999999Z", "decided": True, "allowed": True,
         "reasons": [{"rule": 1}, 2], "point": 5, "tenant": None, "trace_id": ["x"]},
    ],
)  # fmt: skip
def test_any_body_has_a_line_or_none(name: str, body: dict[str, object]) -> None:
    """Members that are missing or of another type stop no view."""
    record = make_record(RecordKind.DECISION, body)
    line = VIEWS[name].line(Placed(0, record), ORIGIN)
    assert line is None or record.kind is RecordKind.DECISION


def test_a_package_with_views_verifies(files: dict[str, bytes], tmp_path: Path) -> None:
    """All views are derived anew and are the same; none of them holds another tenant's record."""
    write_folder(tmp_path / "p", files)
    found = verifier().verify(tmp_path / "p")
    assert found.said["views"] == dict.fromkeys(DERIVED, 1)
    views = {name: content for name, content in files.items() if name.startswith(layout.VIEWS)}
    assert {len(content.splitlines()) for content in views.values()} == {14, 17}
    assert not any(FOREIGN.encode() in content for content in views.values())


@pytest.mark.parametrize("name", DERIVED)
def test_a_view_that_says_otherwise_is_refused(
    files: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    """An exporter who signs a view that its records do not give is caught."""
    file = layout.VIEWS + VIEWS[name].file
    lines = files[file].splitlines(keepends=True)
    assert refusals(resigned(files | {file: b"".join(lines[1:])}), tmp_path) == {"RF966"}
    forged = files[file].replace(b"blocked", b"allowed")
    assert refusals(resigned(files | {file: forged}), tmp_path) == {"RF966"}


def test_the_statement_names_the_views(files: dict[str, bytes], tmp_path: Path) -> None:
    """A view that is not named, is named and absent, or is none, is refused."""
    views = said_of(files)["views"]
    fewer = {name: version for name, version in views.items() if name != "cef"}
    for said in (fewer, {**views, "more": 1}, {**views, "cef": "1"}, {**views, "jsonl": 1}):
        assert refusals(resigned(files, views=said), tmp_path) == {"RF927"}


def test_another_version_of_a_view_is_said_to_be_unknown(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    """A package of another version verifies, and what is not shown of the view is told."""
    views = said_of(files)["views"] | {"cef": 2}
    write_folder(tmp_path / "p", resigned(files, views=views))
    said = verifier().verify(tmp_path / "p").not_shown[-1]
    assert said.startswith("that the view `cef` follows from the records")


def test_an_altered_view_is_refused_on_its_way(files: dict[str, bytes], tmp_path: Path) -> None:
    """Without the exporter's key it is an altered file as any other."""
    write_folder(tmp_path / "p", files | {"views/events.cef": b"CEF:0|"})
    assert refusal(tmp_path / "p") == "RF929"


def test_a_package_without_views_has_none(site: Site) -> None:
    """Views are written only where they are asked for."""
    bare = package(site.folder)
    assert said_of(bare)["views"] == {}
    assert not any(name.startswith(layout.VIEWS) for name in bare)
