"""Facts about verification: an altered package is refused, whatever was altered."""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evidence.samples import KEY, ORIGIN, STRANGER, event, records

from ringfence.evidence import layout as names
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.layout import REQUIRED
from ringfence.evidence.package import Limits
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.run import runs_without_record
from ringfence.evidence.seal import SealResult, seal
from ringfence.evidence.statement import Envelope, pae, read_statement, write_statement
from ringfence.evidence.verify import Verifier

VERIFIER = Verifier(trusted_key=KEY.public_key(), origin=ORIGIN)
CODES = {f"RF9{n}" for n in range(20, 35)}
FILES = sorted(REQUIRED)


def _code(path: Path, verifier: Verifier = VERIFIER) -> str:
    with pytest.raises(VerifyError) as caught:
        verifier.verify(path)
    assert caught.value.exit_code == 4
    return caught.value.code


def _rewrite(path: Path, change: Callable[[list[bytes]], object]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))


def test_sealed_package_is_verified(sealed: SealResult) -> None:
    """Size, root, key and kinds come back, with what is not shown."""
    result = VERIFIER.verify(sealed.path)
    assert (result.origin, result.size, result.root) == (ORIGIN, 7, sealed.root)
    assert (result.key, result.kinds, result.files) == (sealed.key, {"decision": 7}, 11)
    text = " ".join(result.not_shown)
    assert all(word in text for word in ("witness", "timestamp", "lost before"))
    assert "origin" not in text


def test_records_of_a_verified_package_are_read(sealed: SealResult, package: Path) -> None:
    """What was sealed comes back in its order; of an altered package, or another file, nothing does."""
    assert VERIFIER.read(sealed.path) == tuple(records([event(n) for n in range(7)]))
    for name in (names.RECORDS, names.GUIDE):
        content = (package / name).read_bytes()
        (package / name).write_bytes(content.replace(b"e", b"f", 1))
        with pytest.raises(VerifyError):
            VERIFIER.read(package)
        (package / name).write_bytes(content)


def test_finished_run_is_looked_up_in_a_verified_package(tmp_path: Path) -> None:
    """R1.26: a run counts as recorded where a verified package holds its record, and not otherwise."""
    run = make_record(RecordKind.RUN, {"run_id": "run-1"})
    sealed = seal([run, *records([event(2)])], out=tmp_path / "p", origin=ORIGIN, key=KEY)
    found = VERIFIER.read(sealed.path)
    assert runs_without_record(["run-1"], records=found) == ()
    assert runs_without_record(["run-1", "run-2"], records=found) == ("run-2",)


def test_origin_that_was_not_asked_for_is_said(sealed: SealResult) -> None:
    """Without an expected origin the result says that none was compared."""
    result = Verifier(trusted_key=KEY.public_key()).verify(sealed.path)
    assert "origin" in result.not_shown[-1]


def test_sealing_is_deterministic(sealed: SealResult, tmp_path: Path) -> None:
    """The same records and key give the same bytes in every file."""
    again = seal(records([event(n) for n in range(7)]), out=tmp_path / "p", origin=ORIGIN, key=KEY)
    for name in FILES:
        assert (again.path / name).read_bytes() == (sealed.path / name).read_bytes()


def test_records_are_stored_as_hashed(sealed: SealResult) -> None:
    """`records.jsonl` is the records' bytes, one a line."""
    lines = (sealed.path / names.RECORDS).read_bytes().split(b"\n")
    assert lines == [*(record.data for record in records([event(n) for n in range(7)])), b""]


def test_key_and_origin_are_the_callers(package: Path) -> None:
    """Another trusted key or another origin is refused, whatever the package says of itself."""
    assert _code(package, Verifier(trusted_key=STRANGER.public_key(), origin=ORIGIN)) == "RF922"
    assert _code(package, Verifier(trusted_key=KEY.public_key(), origin="other.example")) == "RF924"


def test_forgery_under_another_key_is_refused(tmp_path: Path) -> None:
    """A package that is sound in itself, sealed by someone else under our origin, is refused."""
    forged = seal(records([event(1)]), out=tmp_path / "p", origin=ORIGIN, key=STRANGER)
    assert _code(forged.path) == "RF922"


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines.pop(0), lambda lines: lines.pop(3), lambda lines: lines.pop(),
        lambda lines: lines.insert(2, lines[5]), lambda lines: lines.append(lines[0]),
        lambda lines: lines.clear(),
    ],
    ids=["drop first", "drop middle", "truncate", "insert", "append", "empty"],
)  # fmt: skip
def test_as_many_records_stand_there_as_were_signed(
    package: Path, change: Callable[[list[bytes]], object]
) -> None:
    """Dropping and inserting a record is RF931, which tells both numbers."""
    _rewrite(package / names.RECORDS, change)
    assert _code(package) == "RF931"


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines.reverse(), lambda lines: lines.insert(0, lines.pop(1)),
        lambda lines: lines.__setitem__(3, lines[3].replace(b'"block"', b'"allow"')),
        lambda lines: lines.__setitem__(3, lines[3].replace(b'"body"', b' "body"')),
    ],
    ids=["reverse", "swap", "alter", "whitespace"],
)  # fmt: skip
def test_records_are_the_signed_ones(
    package: Path, change: Callable[[list[bytes]], object]
) -> None:
    """Moving or altering a record gives another tree: a package has only the root to tell by."""
    _rewrite(package / names.RECORDS, change)
    assert _code(package) == "RF926"


@pytest.mark.parametrize(
    "tail", [b"\n", b"{}\n", b"[1]\n", b"x", b"{" * 5000 + b"\n", b"x" * 70_000]
)
def test_line_that_is_no_record_is_refused(package: Path, tail: bytes) -> None:
    """An empty line, another JSON, a torn tail, deep nesting and an endless line are refused."""
    with (package / names.RECORDS).open("ab") as file:
        file.write(tail)
    assert _code(package) == "RF925"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(FILES), st.integers(0, 1 << 20), st.integers(1, 255))
def test_any_flipped_byte_is_refused(
    sealed: SealResult, package: Path, name: str, place: int, flip: int
) -> None:
    """A byte of any file, changed by any pattern of bits, fails with a VerifyError."""
    content = bytearray((sealed.path / name).read_bytes())
    content[place % len(content)] ^= flip
    (package / name).write_bytes(content)
    assert _code(package) in CODES
    (package / name).write_bytes((sealed.path / name).read_bytes())


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(FILES), st.binary(max_size=400), st.floats(0, 1), st.floats(0, 1))
def test_any_spliced_bytes_raise_only_verify_errors(
    sealed: SealResult, package: Path, name: str, more: bytes, start: float, end: float
) -> None:
    """Part of any file, replaced by any bytes, is refused by VerifyError, unless nothing changed."""
    old = (sealed.path / name).read_bytes()
    new = old[: int(start * len(old))] + more + old[int(end * len(old)) :]
    (package / name).write_bytes(new)
    if new != old:
        assert _code(package) in CODES
    (package / name).write_bytes(old)


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_refused(package: Path, name: str) -> None:
    """No file may be absent."""
    (package / name).unlink()
    assert _code(package) == "RF935"


@pytest.mark.parametrize("name", ["extra", "keys/extra.pem", "a/b/c", "statement.dsse.json.bak"])
def test_extra_file_is_refused(package: Path, name: str) -> None:
    """A file that the statement does not name is no part of a package."""
    (package / name).parent.mkdir(parents=True, exist_ok=True)
    (package / name).write_bytes(b"")
    assert _code(package) == "RF934"


@pytest.mark.parametrize("name", [".hidden", "a\nb", "-rf", "käse", "a" * 200])
def test_file_with_an_unusable_name_is_refused(package: Path, name: str) -> None:
    """Names that a shell or a listing could misread are refused."""
    (package / name).write_bytes(b"")
    assert _code(package) == "RF936"


def test_links_and_special_files_are_refused(package: Path, tmp_path: Path) -> None:
    """A link to the very same bytes, a linked folder, a pipe and an empty folder are refused."""
    outside = tmp_path / "outside"
    shutil.move(package / names.RECORDS, outside)
    (package / names.RECORDS).symlink_to(outside)
    assert _code(package) == "RF937"
    (package / names.RECORDS).unlink()
    os.mkfifo(package / names.RECORDS)
    assert _code(package) == "RF937"
    (package / names.RECORDS).unlink()
    shutil.move(outside, package / names.RECORDS)
    (package / "empty").mkdir()
    assert _code(package) == "RF937"
    (package / "empty").rmdir()
    shutil.move(package / "keys", outside)
    (package / "keys").symlink_to(outside)
    assert _code(package) == "RF937"


@pytest.mark.parametrize("path", ["absent", "file", "nul\0"])
def test_path_that_is_no_folder_is_refused(tmp_path: Path, path: str) -> None:
    """A missing path, a file and an impossible path raise VerifyError too."""
    (tmp_path / "file").write_bytes(b"")
    assert _code(tmp_path / path) == "RF920"


@pytest.mark.parametrize(
    "limits", [Limits(files=10), Limits(total=1000), Limits(small=100), Limits(depth=0)]
)
def test_limits_hold(package: Path, limits: Limits) -> None:
    """More files, bytes or depth than allowed is refused."""
    verifier = Verifier(trusted_key=KEY.public_key(), origin=ORIGIN, limits=limits)
    assert _code(package, verifier) == "RF938"


def _resign(
    package: Path, payload: bytes, *, key: Any = KEY, envelope: bytes | None = None
) -> None:
    """Write a statement of one's own into all three files."""
    keyid = json.loads((package / names.STATEMENT).read_bytes())["signatures"][0]["keyid"]
    made = Envelope.sign(payload, key=key, keyid=keyid)
    (package / names.STATEMENT).write_bytes(envelope or made.encode())
    (package / names.STATEMENT_BODY).write_bytes(pae(payload))
    (package / names.STATEMENT_SIGNATURE).write_bytes(made.signature)


def _payload(package: Path) -> bytes:
    return base64.b64decode(json.loads((package / names.STATEMENT).read_bytes())["payload"])


def test_statement_of_another_key_is_refused(package: Path) -> None:
    """The statement must be signed by the trusted key."""
    _resign(package, _payload(package), key=STRANGER)
    assert _code(package) == "RF928"


def test_statement_that_names_too_little_is_refused(package: Path) -> None:
    """Even under the right key a statement names every file."""
    digests, said = read_statement(_payload(package))
    del digests[names.GUIDE]
    _resign(package, write_statement(digests, predicate=said))
    assert _code(package) == "RF934"


def test_statement_of_another_checkpoint_is_refused(package: Path, tmp_path: Path) -> None:
    """A statement that the log signed over another package does not fit this one."""
    other = seal(records([event(9)]), out=tmp_path / "other", origin=ORIGIN, key=KEY)
    for name in names.STATEMENT_FILES:
        shutil.copy(other.path / name, package / name)
    assert _code(package) == "RF927"


def test_file_that_is_derived_is_checked_for_its_meaning(package: Path) -> None:
    """A right digest in a signed statement does not make another key or checksum list right."""
    for name in (names.LOG_PEM, names.LOG_VKEY, names.SUMS, names.CHECKPOINT_BODY):
        digests, said = read_statement(_payload(package))
        old = (package / name).read_bytes()
        (package / name).write_bytes(b"other")
        digests[name] = hashlib.sha256(b"other").hexdigest()
        before = _payload(package)
        _resign(package, write_statement(digests, predicate=said))
        assert _code(package) == "RF929"
        (package / name).write_bytes(old)
        _resign(package, before)
    VERIFIER.verify(package)


@pytest.mark.parametrize(
    "old_new",
    [
        (b"Statement/v1", b"Statement/v9"),
        (b'"subject"', b'"subjecs"'),
        (b"sha256", b"sha257"),
        (b'"tree_size":7', b'"tree_size":9007199254740993'),
        (b'"tree_size":7', b'"tree_size":1e999'),
        (b'{"_type"', b'{ "_type"'),
        (b"[", b"{"),
    ],
)
def test_malformed_statement_is_refused_though_signed(
    package: Path, old_new: tuple[bytes, bytes]
) -> None:
    """A valid signature does not make another payload a Statement."""
    _resign(package, _payload(package).replace(*old_new))
    assert _code(package) == "RF927"


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.update(payloadType="text/plain"), lambda e: e.update(extra=1),
        lambda e: e["signatures"].append(e["signatures"][0]), lambda e: e.update(signatures=[]),
        lambda e: e.update(signatures=[7]), lambda e: e.update(payload=7),
        lambda e: e["signatures"][0].update(keyid="other"),
        lambda e: e["signatures"][0].update(sig=e["signatures"][0]["sig"].rstrip("=")),
        lambda e: e.update(payload=e["payload"].replace("+", "-").replace("/", "_") + "\n"),
    ],
)  # fmt: skip
def test_envelope_has_one_encoding(package: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Another type, field, key id, count of signatures or base64 variant is refused."""
    content = json.loads((package / names.STATEMENT).read_bytes())
    change(content)
    text = json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n"
    (package / names.STATEMENT).write_text(text)
    assert _code(package) == "RF927"


def test_checkpoint_of_another_size_is_refused_though_signed(tmp_path: Path) -> None:
    """The log's own checkpoint of other records does not cover these."""
    one = seal(records([event(1), event(2)]), out=tmp_path / "1", origin=ORIGIN, key=KEY).path
    two = seal(records([event(1)]), out=tmp_path / "2", origin=ORIGIN, key=KEY).path
    shutil.copy(two / names.CHECKPOINT, one / names.CHECKPOINT)
    assert _code(one) == "RF931"


@pytest.mark.parametrize("occupied", ["file", "folder", "link"])
def test_nothing_is_replaced(tmp_path: Path, occupied: str) -> None:
    """A target that is a file, a folder with something in it, or a link is refused, unchanged."""
    out, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    if occupied == "file":
        out.write_text("mine")
    elif occupied == "folder":
        out.mkdir()
        (out / "mine").write_text("mine")
    else:
        out.symlink_to(other)
    with pytest.raises(EvidenceError) as caught:
        seal(records([event()]), out=out, origin=ORIGIN, key=KEY)
    assert caught.value.code == "RF914"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other", "out"]
    assert list(other.iterdir()) == []


def test_failed_seal_leaves_nothing(tmp_path: Path) -> None:
    """No record, or an error in the middle, leaves no package and no draft; an empty folder is used."""
    with pytest.raises(EvidenceError):
        seal([], out=tmp_path / "out", origin=ORIGIN, key=KEY)

    def torn() -> Any:
        yield records([event()])[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(torn(), out=tmp_path / "out", origin=ORIGIN, key=KEY)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    sealed = seal(records([event()]), out=tmp_path / "out", origin=ORIGIN, key=KEY)
    VERIFIER.verify(sealed.path)


def test_records_of_every_kind_are_counted(tmp_path: Path) -> None:
    """The result counts records by kind, in alphabetical order."""
    made = [Record(k, b'{"body":{},"kind":"%b","version":1}' % k.encode()) for k in RecordKind]
    sealed = seal(made, out=tmp_path / "p", origin=ORIGIN, key=KEY)
    kinds = {kind.value: 1 for kind in sorted(RecordKind)}
    assert VERIFIER.verify(sealed.path).kinds == sealed.kinds == kinds
    assert len(kinds) == 13


def test_secret_reaches_no_file_of_a_package(tmp_path: Path) -> None:
    """R1.37: a secret in facts that are not allowed stands in no file, sealed or derived."""
    canary = "hunter2-canary"
    facts = {"run": {"token": canary}, canary: canary, "runner": {"class": "container"}}
    given_ = [event(n, facts=facts, nd_builtin_cache={canary: 1}) for n in range(3)]
    sealed = seal(records(given_), out=tmp_path / "p", origin=ORIGIN, key=KEY)
    for file in (path for path in sealed.path.rglob("*") if path.is_file()):
        content = file.read_bytes()
        assert canary.encode() not in content, file.name
        assert base64.b64encode(canary.encode())[:-4] not in content, file.name


def test_statement_says_what_is_not_shown(sealed: SealResult) -> None:
    """The signed predicate holds origin, size, root, and the list of what is not shown."""
    _, said = read_statement(_payload(sealed.path))
    assert (said["origin"], said["tree_size"]) == (ORIGIN, 7)
    assert base64.b64decode(said["root"]) == sealed.root
    assert len(said["not_shown"]) == 4
