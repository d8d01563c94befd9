"""Facts about records of changes, in a real ledger and by the commands."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from tests.change.publishing import command
from tests.change.samples import BASELINE, BUILD, CONTENT, PROMOTION, REPLAY, TESTED
from tests.evidence.commands import write_log
from tests.evidence.samples import KEY, ORIGIN
from tests.evidence.test_ledger_commands import event

from ringfence.change.model import Built, LogDigest
from ringfence.change.read import result_bytes
from ringfence.change.record import change_of, change_record, change_text
from ringfence.errors import UsageError
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record, make_record, read_record
from ringfence.keys import generate, write_private, write_public

ALL = {"build": BUILD, "test": TESTED, "replay": REPLAY, "promotion": PROMOTION}


@pytest.mark.parametrize("result", ALL.values(), ids=ALL)
def test_a_record_is_canonical_and_gives_the_result_back(result: Any) -> None:
    """Its bytes are those of RFC 8785, and from them comes the result that was sealed."""
    record = change_record(result)
    assert rfc8785.dumps(json.loads(record.data)) == record.data
    assert change_of(read_record(record.data)) == result
    assert record.body["tenant"] == "platform"
    assert record.body["timestamp"] == "2026-11-25T09:46:40Z"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("note", "x"),
        ("failed", "0"),
        ("tenant", "acme"),
        ("timestamp", "2026-11-25T09:46:41Z"),
        ("result_sha256", BASELINE),
        ("tests", 30),
    ],
)
def test_a_record_of_another_shape_is_told_as_such(name: str, value: object) -> None:
    """A member too many, of another type, or that does not follow from the result: no result."""
    record = change_record(TESTED)
    other = make_record(record.kind, {**record.body, name: value})
    assert change_of(record) == TESTED
    assert change_of(other) is None
    assert "not a result" in change_text(other)
    assert (
        change_of(Record(record.kind, record.data.replace(b'"tests":31', b'"tests": 31'))) is None
    )


def _log(number: int) -> LogDigest:
    return LogDigest(sha256=f"sha256:{number:064x}", bytes=2**50)


def test_the_largest_results_fit_and_more_is_refused() -> None:
    """A hundred bundles and four hundred logs are a record; a result over the limit is no file."""
    many = BUILD.model_copy(
        update={"built": BUILD.built[:1] + (Built(**dict(BUILD.built[1])),) * 99, "more": 9_901}
    )
    logs = REPLAY.model_copy(update={"logs": tuple(map(_log, range(400)))})
    for result in (many, logs):
        assert len(result_bytes(result)) < 60_000
        assert change_of(change_record(result)) == result
    long = "\U0001f600" * 256
    names = {"built": tuple(one.model_copy(update={"name": long}) for one in many.built)}
    with pytest.raises(UsageError, match="over 60000 bytes"):
        change_record(many.model_copy(update=names))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a ledger of a decision and four results by the commands; read only."""
    folder = tmp_path_factory.mktemp("sealed")
    write_private(folder / "log.key.pem", KEY)
    package = generate("ed25519")
    write_private(folder / "package.key.pem", package)
    write_public(folder / "package.pub.pem", package.public_key())
    (folder / "log.vkey").write_text(NoteKey(ORIGIN, KEY.public_key()).vkey + "\n")
    for name, result in ALL.items():
        (folder / f"{name}.json").write_bytes(result_bytes(result))
    command(folder, "evidence", "init", "ledger", "--origin", ORIGIN, "--key", "log.key.pem")
    write_log(folder, [event(1)])
    made = command(
        folder,
        *("evidence", "append", "ledger", "--key", "log.key.pem", "--log", "log.jsonl"),
        *(option for name in ALL for option in ("--change", f"{name}.json")),
        *("--format", "json"),
    )
    assert (json.loads(made)["added"], json.loads(made)["records"]) == (5, 6)
    return folder


@pytest.fixture
def folder(sealed: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may alter."""
    return Path(shutil.copytree(sealed, tmp_path / "copy"))


def test_a_content_leads_to_all_that_was_found_of_it(sealed: Path) -> None:
    """`inspect` tells build, test, replay and promotion of a content, and by the change's reference."""
    for asked in (CONTENT, "CHG-7"):
        told = command(sealed, "evidence", "inspect", "ledger", asked, "--key", "log.vkey")
        assert told.count("change: record") == 4
        assert "tests passed: 0 of 31 failed" in told
        assert "replay of 10 events over 3600 s: 1 newly blocked, 0 newly allowed" in told
        assert "promotion decided allow, approved by user:lee@example.com, user:robin@" in told
        assert "chain: valid, 6 records" in told
        assert "no record of a decision" not in told
    found = json.loads(
        command(
            sealed,
            *("evidence", "inspect", "ledger", CONTENT, "--key", "log.vkey", "--format", "json"),
        )
    )
    assert [one["body"]["what"] for one in found["records"]] == list(ALL)
    assert found["records"][2]["body"]["logs"] == [{"bytes": 1024, "sha256": BASELINE}]


def test_a_result_comes_in_once(folder: Path) -> None:
    """The very same file again is a duplicate; one that was finished later is another record."""
    append = ("evidence", "append", "ledger", "--key", "log.key.pem", "--format", "json")
    again = json.loads(command(folder, *append, "--change", "test.json", "--change", "test.json"))
    assert (again["added"], again["duplicates"], again["records"]) == (0, 2, 6)
    later = TESTED.model_copy(update={"finished": TESTED.finished + 1})
    (folder / "later.json").write_bytes(result_bytes(later))
    more = json.loads(command(folder, *append, "--change", "later.json", "--change", "later.json"))
    assert (more["added"], more["duplicates"], more["records"]) == (1, 1, 7)
    assert "verified" in command(folder, "evidence", "fsck", "ledger", "--key", "log.vkey")


def test_nothing_is_appended_where_a_file_is_no_result(folder: Path) -> None:
    """One altered file beside a good one: refused before the ledger is opened, and it stays as it was."""
    before = (folder / "ledger" / "checkpoint").read_bytes()
    good = result_bytes(TESTED.model_copy(update={"tests": 99}))
    (folder / "good.json").write_bytes(good)
    (folder / "bad.json").write_bytes(good.replace(b'"failed":0', b'"failed":-1'))
    append = ("evidence", "append", "ledger", "--key", "log.key.pem")
    told = command(folder, *append, "--change", "good.json", "--change", "bad.json", code=1)
    assert "`bad.json` is no result of ringfence" in told
    assert (folder / "ledger" / "checkpoint").read_bytes() == before
    assert "nothing to append" in command(folder, *append, code=1)


@pytest.mark.parametrize(
    ("window", "kinds"),
    [
        ((), 4),
        (("--from", "2026-11-25T00:00:00Z", "--to", "2026-11-26T00:00:00Z"), 4),
        (("--id", "CHG-7"), 4),
    ],
)
def test_changes_are_exported_as_the_platforms(
    folder: Path, window: tuple[str, ...], kinds: int
) -> None:
    """A package of `platform` holds them, verified with proofs and views; acme's holds none."""
    export = ("evidence", "export", "ledger", "--key", "log.vkey", "--signing-key")
    made = ("package.key.pem", "--view", "cef", *window)
    command(folder, *export, *made, "--tenant", "platform", "-o", "package")
    told = command(
        folder,
        *("evidence", "verify", "package", "--key", "log.vkey"),
        *("--package-key", "package.pub.pem", "--format", "json"),
    )
    assert json.loads(told)["kinds"]["change"] == kinds
    assert "CHG-7" in (folder / "package" / "summary.md").read_text()
    lines = [
        json.loads(one) for one in (folder / "package" / "records.jsonl").read_text().splitlines()
    ]
    assert {one["body"]["tenant"] for one in lines if one["kind"] == "change"} == {"platform"}


def test_another_tenants_package_has_no_change(folder: Path) -> None:
    """What is exported of acme holds acme's decision, and nothing of the platform's changes."""
    command(
        folder,
        *("evidence", "export", "ledger", "--key", "log.vkey", "--tenant", "acme"),
        *("--signing-key", "package.key.pem", "-o", "acme"),
    )
    assert "CHG-7" not in (folder / "acme" / "records.jsonl").read_text()
    command(
        folder,
        *("evidence", "export", "ledger", "--key", "log.vkey", "--tenant", "platform"),
        *("--signing-key", "package.key.pem", "-o", "none"),
        *("--from", "2026-11-27T00:00:00Z"),
        code=1,
    )


def test_an_altered_change_breaks_the_package(folder: Path) -> None:
    """A failure rewritten as a pass in an exported package is not verified."""
    command(
        folder,
        *("evidence", "export", "ledger", "--key", "log.vkey", "--tenant", "platform"),
        *("--signing-key", "package.key.pem", "-o", "package"),
    )
    path = folder / "package" / "records.jsonl"
    path.write_text(path.read_text().replace('"newly_blocked":1', '"newly_blocked":0'))
    command(
        folder,
        *("evidence", "verify", "package", "--key", "log.vkey"),
        *("--package-key", "package.pub.pem"),
        code=4,
    )
