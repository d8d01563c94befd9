"""Facts about reading OPA decision logs."""

import gzip
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.decision_log.event import LogEvent, LogFinding, nanoseconds
from ringfence.decision_log.exact_json import ExactNumber
from ringfence.decision_log.reading import read_events
from ringfence.opa import find_opa

CANARY = "hunter2-canary"


def _event(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "decision_id": f"d-{number}",
        "timestamp": "2026-11-20T20:56:51.685148792Z",
        "path": "/ringfence/main/decision",
        "input": {"facts": {"a": 1}},
        "result": {"allowed": True},
        "bundles": {"runtime": {"revision": "r1"}, "live": {"revision": "7"}},
        "labels": {"id": "x", "version": "1.22.0"},
        "erased": ["/input/approvals"],
        "masked": ["/input/facts/b"],
        "nd_builtin_cache": {"time.now_ns": {"[]": 1}},
        "req_id": 9,
        **changes,
    }


def _read(path: Path, content: bytes, **limits: int) -> list[LogEvent | LogFinding]:
    path.write_bytes(content)
    return list(read_events([path], **limits))


def _ids(found: list[LogEvent | LogFinding]) -> list[str]:
    return [one.decision_id if isinstance(one, LogEvent) else one.code for one in found]


def _lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


def test_event_is_read_whole(tmp_path: Path) -> None:
    """Every field that OPA writes comes back, the path without its slash, the time in nanoseconds."""
    (found,) = _read(tmp_path / "log", _lines(_event()))
    assert found == LogEvent(
        decision_id="d-0",
        timestamp="2026-11-20T20:56:51.685148792Z",
        time_ns=1795208211685148792,
        path="ringfence/main/decision",
        input={"facts": {"a": 1}},
        result={"allowed": True},
        bundles={"runtime": "r1", "live": "7"},
        erased=("/input/approvals",),
        masked=("/input/facts/b",),
        nd_builtin_cache={"time.now_ns": {"[]": 1}},
        labels={"id": "x", "version": "1.22.0"},
        req_id=9,
    )
    assert isinstance(found, LogEvent)
    assert (found.file, found.line, found.index, found.place) == ("log", 1, None, "log:1")


@pytest.mark.parametrize("zipped", [False, True])
def test_every_layout_of_a_log_is_read(tmp_path: Path, zipped: bool) -> None:
    """Uploads, JSON lines, console lines, an indented array and blank lines, plain and gzip."""
    console = {"level": "info", "msg": "Decision Log", "time": "2026-11-20T20:56:52Z"}
    other = {"level": "info", "msg": "Server started.", "decision_id": "no"}
    layouts = [
        json.dumps([_event(1), _event(2)]).encode() + b"\n" + json.dumps([_event(3)]).encode(),
        _lines(_event(1)) + b"\r\n\n" + _lines(_event(2), _event(3)),
        _lines(other, {**console, **_event(1)}, other, _event(2), {**console, **_event(3)}),
        json.dumps([_event(1), _event(2), _event(3)], indent=2).encode(),
    ]
    for content in layouts:
        found = _read(tmp_path / "log", gzip.compress(content) if zipped else content)
        assert _ids(found) == ["d-1", "d-2", "d-3"]


def test_files_are_read_in_order_with_places(tmp_path: Path) -> None:
    """Each event says its file, line and index."""
    (tmp_path / "a").write_bytes(b"\n" + json.dumps([_event(1), _event(2)]).encode())
    (tmp_path / "b").write_bytes(_lines(_event(3)))
    found = list(read_events([tmp_path / "a", tmp_path / "b"]))
    assert [one.place for one in found] == ["a:2[0]", "a:2[1]", "b:1"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"decision_id": "%s' % CANARY.encode(), "RF903"),
        (b"\xff" + CANARY.encode(), "RF903"),
        (b'{"%s": NaN}' % CANARY.encode(), "RF903"),
        (b'{"%s": 1, "%s": 2}' % (CANARY.encode(), CANARY.encode()), "RF903"),
        (b'{"a": "\\ud800%s"}' % CANARY.encode(), "RF903"),
        (b"[" * 100_000, "RF903"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "RF903"),
        (b'"%s"' % CANARY.encode(), "RF904"),
        (b"7", "RF904"),
        (json.dumps(_event(timestamp=CANARY)).encode(), "RF904"),
        (json.dumps(_event(timestamp=7)).encode(), "RF904"),
        (json.dumps(_event(decision_id=None)).encode(), "RF904"),
        (json.dumps(_event(decision_id="")).encode(), "RF904"),
    ],
)
def test_bad_line_is_a_finding_and_the_rest_is_read(tmp_path: Path, line: bytes, code: str) -> None:
    """What is no event is told by place and code, never by content, and stops nothing."""
    found = _read(tmp_path / "log", _lines(_event(1)) + line + b"\n" + _lines(_event(2)))
    assert _ids(found) == ["d-1", code, "d-2"]
    assert isinstance(found[1], LogFinding)
    assert found[1].place == "log:2"
    assert CANARY not in found[1].message


@pytest.mark.parametrize(("inner", "code"), [(62, "d-1"), (63, "d-1"), (64, "RF903")])
def test_nesting_is_bounded_exactly(tmp_path: Path, inner: int, code: str) -> None:
    """An event may be 64 levels deep, itself among them, and no deeper."""
    deep: Any = 1
    for level in range(inner):
        deep = [deep] if level % 2 else {"a": deep}
    assert _ids(_read(tmp_path / "log", _lines(_event(1, input=deep)))) == [code]


def test_bad_item_of_an_array_is_told_by_index(tmp_path: Path) -> None:
    """The others of the same upload are read."""
    found = _read(tmp_path / "log", json.dumps([_event(1), 7, {}, _event(2)]).encode())
    assert _ids(found) == ["d-1", "RF904", "RF904", "d-2"]
    assert found[2].place == "log:1[2]"


@pytest.mark.parametrize("field", ["bundles", "labels", "erased", "masked", "req_id", "path"])
@pytest.mark.parametrize("value", [7, "x", ["x"], {"x": 7}, None, [[]]])
def test_mistyped_fields_stop_nothing(tmp_path: Path, field: str, value: object) -> None:
    """A field of another type than OPA's is left out, or kept as far as it fits."""
    assert _ids(_read(tmp_path / "log", _lines(_event(1, **{field: value})))) == ["d-1"]


def test_long_line_is_left_out(tmp_path: Path) -> None:
    """A line over the limit is a finding; what follows it is read with its right number."""
    content = _lines(_event(1), _event(2, input="x" * 3000), _event(3))
    found = _read(tmp_path / "log", content, max_line=1000)
    assert _ids(found) == ["d-1", "RF902", "d-3"]
    assert [one.place for one in found] == ["log:1", "log:2", "log:3"]


@pytest.mark.parametrize("over", [-1, 0, 1, 2])
def test_line_about_as_long_as_the_limit_hides_no_other(tmp_path: Path, over: int) -> None:
    """A line one byte short of, at, or over the limit never takes the next one with it."""
    first = _lines(_event(1))
    found = _read(tmp_path / "log", first + _lines(_event(2)), max_line=len(first) - over)
    assert _ids(found)[-1] == ("d-2" if over <= 0 else "RF902")
    assert [one.place for one in found] == ["log:1", "log:2"]


@pytest.mark.parametrize("zipped", [False, True])
def test_array_may_begin_on_any_line_and_break_anywhere(tmp_path: Path, zipped: bool) -> None:
    """One array over many lines is read whole; a broken first line costs only itself."""
    one, two = (json.dumps(_event(n)).encode() for n in (1, 2))
    for content, expected in (
        (b"[" + one + b",\n" + two + b"]\n", ["d-1", "d-2"]),
        (b"\n[\n" + one + b",\n" + two + b"\n]", ["d-1", "d-2"]),
        (b"[" + one[:-9] + b"\n" + _lines(_event(2)), ["RF903", "d-2"]),
        (b"[" + one + b",\n]\n[" + two + b"]", ["RF903", "RF903", "d-2"]),
    ):
        found = _read(tmp_path / "log", gzip.compress(content) if zipped else content)
        assert _ids(found) == expected


def test_inflated_size_is_bounded(tmp_path: Path) -> None:
    """A small file that unpacks to too much ends with a finding, after what fitted."""
    bomb = gzip.compress(_lines(_event(1)) + b" " * 5_000_000 + b"\n" + _lines(_event(2)))
    assert len(bomb) < 20_000
    assert _ids(_read(tmp_path / "log.gz", bomb, max_inflated=100_000)) == ["d-1", "RF902"]


def test_broken_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    """A cut or corrupted upload is a finding at the line that could not be read."""
    whole = gzip.compress(_lines(*(_event(n) for n in range(200))))
    cut = _read(tmp_path / "cut", whole[:-4])
    assert _ids(cut)[-1] == "RF901"
    assert len(cut) > 100
    corrupt = bytearray(whole)
    corrupt[len(whole) // 2] ^= 255
    assert _ids(_read(tmp_path / "corrupt", bytes(corrupt)))[-1] in {"RF901", "RF903"}
    (one,) = read_events([tmp_path / "absent"])
    assert (one.place, _ids([one])) == ("absent:1", ["RF901"])
    (two,) = read_events([tmp_path])
    assert _ids([two]) == ["RF901"]


def test_numbers_are_exact(tmp_path: Path) -> None:
    """What a 64-bit integer or a double holds is a number, the rest its literal, sent on as it was."""
    literals = ["0.1", "1.0", "18446744073709551615", "1e3", "-0.0",
                "18446744073709551616", "0.10000000000000000001", "1e400", "1e-400", "9" * 200,
                "1e99999999999999999999"]  # fmt: skip
    text = '{"n": [' + ", ".join(literals) + "]}"
    line = json.dumps(_event(input="INPUT")).replace('"INPUT"', text)
    (found,) = _read(tmp_path / "log", line.encode())
    assert isinstance(found, LogEvent)
    numbers = found.input["n"]
    assert numbers[:5] == [0.1, 1.0, 2**64 - 1, 1000.0, 0.0]
    assert not any(isinstance(one, ExactNumber) for one in numbers[:5])
    assert [str(one) for one in numbers[5:]] == literals[5:]
    assert all(isinstance(one, ExactNumber) for one in numbers[5:])
    written = orjson.dumps(found.exact_input()).decode()
    assert all(f",{literal}" in written for literal in literals[5:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2023-05-12T13:36:37.496602+02:00", 1683891397496602000),
        ("2023-05-12t11:36:37.000000001z", 1683891397000000001),
        ("9999-12-31T23:59:59.999999999Z", 253402300799999999999),
        ("2023-05-12 11:36:37Z", None),
        ("2023-05-12T11:36:37", None),
        ("2023-02-30T11:36:37Z", None),
        ("2023-05-12T11:36:60Z", None),
        ("2023-05-12T11:36:37.1234567890Z", None),
        ("2023-05-12T11:36:37Z\n", None),
        ("٢٠٢٣-05-12T11:36:37Z", None),
        ("0001-01-01T00:00:00+23:59", -62135683140000000000),
        ("2023-05-12T11:36:37+25:00", None),
        (None, None),
    ],
)
def test_times_are_exact_nanoseconds(text: str | None, expected: int | None) -> None:
    """RFC 3339 times become epoch nanoseconds without rounding; others are none."""
    assert nanoseconds(text) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(list(_event())) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(
    st.lists(st.binary(max_size=60) | JSON.map(lambda one: json.dumps(one).encode()), max_size=6)
)
def test_any_lines_are_read_without_an_error(lines: list[bytes]) -> None:
    """Whatever a log holds, reading ends, with events and findings only."""
    with tempfile.TemporaryDirectory() as folder:
        found = _read(Path(folder) / "log", b"\n".join(lines), max_line=1 << 16)
    assert all(isinstance(one, (LogEvent, LogFinding)) for one in found)


def test_public_decision_logs_are_read(tmp_path: Path) -> None:
    """Decision logs that other projects published are read, with their own paths and labels."""
    data = Path(__file__).parents[3] / "shared" / "data" / "opa_decision_logs.jsonl"
    if not data.exists():
        pytest.skip("the public decision logs are not beside this checkout")
    events = [json.loads(line)["event"] for line in data.read_text().splitlines()]
    found = _read(tmp_path / "log", _lines(*events))
    assert [one.path for one in found if isinstance(one, LogEvent)] == [
        "envoy/authz/allow", "authz"
    ]  # fmt: skip


def test_console_line_of_the_real_opa_is_read(tmp_path: Path) -> None:
    """OPA's own console line gives the event, its long number and its escaped text exact."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "main.rego").write_text(
        'package ringfence.main\n\ndecision := {"action": "allow", "allowed": true, "note": "<a&b>"}\n'
    )
    (tmp_path / "input.json").write_text('{"facts": {"n": 123456789012345678901234.5}}')
    command = [
        str(find_opa()), "exec", "--decision", "ringfence/main/decision", "--bundle", "bundle",
        "--set", "decision_logs.console=true", "input.json",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    (found,) = _read(tmp_path / "log", done.stderr)
    assert isinstance(found, LogEvent)
    assert found.path == "ringfence/main/decision"
    assert found.input == {"facts": {"n": ExactNumber("123456789012345678901234.5")}}
    assert found.result["note"] == "<a&b>"
    assert found.time_ns == nanoseconds(found.timestamp)
