"""Facts about attacks on a package: each is refused, and by which code.

Two kinds of attackers: one who alters the package on its way, and one who has the exporter's key, but not
the log's, and signs a new statement over what was altered.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.export.samples import (
    LOG,
    ORIGIN,
    PACKAGE,
    QUORUM,
    STRANGER,
    THEN,
    WITNESS_KEY,
    Site,
    log_key,
    package,
    payload,
    resigned,
    trust,
    verifier,
    whole_log,
)

from ringfence.codes import CODES
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import VerifyError
from ringfence.evidence.note import NoteKey, sign_note
from ringfence.evidence.package import Limits
from ringfence.evidence.statement import Envelope
from ringfence.export import layout
from ringfence.export.archive import pack
from ringfence.export.folder import write_folder
from ringfence.export.package_key import PackageKey, PackageSigner
from ringfence.export.selection import Selection
from ringfence.export.verify import ExportVerifier
from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.quorum import Quorum, TrustedWitness

Files = dict[str, bytes]
NOW = THEN + 1010


def refusal(path: Path, asked: ExportVerifier | None = None) -> str:
    """Return the code by which a package is refused."""
    with pytest.raises(VerifyError) as caught:
        (asked or verifier()).verify(path)
    return caught.value.code


def refusals(files: Files, folder: Path, asked: ExportVerifier | None = None) -> set[str]:
    """Return the codes by which the files are refused, as a folder and as an archive."""
    write_folder(folder / "p", files)
    (folder / "p.tar").write_bytes(pack(files))
    found = {refusal(folder / name, asked) for name in ("p", "p.tar")}
    shutil.rmtree(folder / "p")
    return found


def _replace(name: str, old: bytes, new: bytes) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        assert old in files[name]
        return files | {name: files[name].replace(old, new, 1)}

    return change


def _lines(name: str, change: Callable[[list[bytes]], object]) -> Callable[[Files], Files]:
    def changed(files: Files) -> Files:
        lines = files[name].splitlines(keepends=True)
        change(lines)
        return files | {name: b"".join(lines)}

    return changed


def _swap(one: str, other: str) -> Callable[[Files], Files]:
    return lambda files: files | {one: files[other], other: files[one]}


def _drop_record(files: Files) -> Files:
    changed = _lines(layout.RECORDS, lambda lines: lines.pop(3))(files)
    return _lines(layout.PROOFS, lambda lines: lines.pop(3))(changed)


def _swap_proofs(lines: list[bytes]) -> None:
    one, other = json.loads(lines[2]), json.loads(lines[3])
    one["path"], other["path"] = other["path"], one["path"]
    lines[2], lines[3] = (
        json.dumps(each, separators=(",", ":"), sort_keys=True).encode() + b"\n"
        for each in (one, other)
    )


ON_THE_WAY: dict[str, tuple[Callable[[Files], Files], str]] = {
    "record altered": (_replace(layout.RECORDS, b'"block"', b'"allow"'), "RF929"),
    "record spelled otherwise": (_replace(layout.RECORDS, b'{"body"', b'{ "body"'), "RF929"),
    "record cut": (_lines(layout.RECORDS, lambda ls: ls.__setitem__(1, ls[1][:9])), "RF925"),
    "last record without its line feed": (
        _lines(layout.RECORDS, lambda ls: ls.__setitem__(-1, ls[-1][:-1])), "RF925"),
    "record dropped, proof kept": (_lines(layout.RECORDS, lambda ls: ls.pop()), "RF929"),
    "record dropped with its proof": (_drop_record, "RF929"),
    "records swapped": (_lines(layout.RECORDS, lambda ls: ls.insert(1, ls.pop(2))), "RF929"),
    "proof of another record": (_lines(layout.PROOFS, _swap_proofs), "RF929"),
    "proof malformed": (_replace(layout.PROOFS, b'"index":1,', b'"index":01,'), "RF962"),
    "checkpoint altered": (_replace(layout.CHECKPOINT, b"\n24\n", b"\n25\n"), "RF929"),
    "checkpoint's body altered": (_replace(layout.CHECKPOINT_BODY, b"\n24\n", b"\n25\n"), "RF929"),
    "copy of the log's key replaced": (
        lambda files: files | {layout.LOG_PEM: files[layout.PACKAGE_PEM]}, "RF929"),
    "copy of the package's key replaced": (
        lambda files: files | {layout.PACKAGE_PEM: files[layout.LOG_PEM]}, "RF929"),
    "files swapped": (_swap(layout.SUMMARY_HTML, layout.SUMMARY_MARKDOWN), "RF929"),
    "checkpoint and its body swapped": (_swap(layout.CHECKPOINT, layout.CHECKPOINT_BODY), "RF929"),
    "sums altered": (_replace(layout.SUMS, b"  VERIFY", b"  VERIFI"), "RF929"),
    "guide altered": (_replace(layout.GUIDE, b"openssl", b"true ;#"), "RF929"),
    "summary altered": (_replace(layout.SUMMARY_HTML, b"blocked", b"allowed"), "RF929"),
    "witness's body altered": (_replace("witnesses/1.body", b"time", b"tame"), "RF929"),
    "statement's body altered": (_replace(layout.STATEMENT_BODY, b"acme", b"acne"), "RF929"),
    "envelope with another payload type": (
        _replace(layout.STATEMENT, b"in-toto+json", b"in-tota+json"), "RF927"),
    "envelope with base64 of another form": (
        _replace(layout.STATEMENT, b'","payloadType"', b'=","payloadType"'), "RF927"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ON_THE_WAY)
def test_what_is_altered_on_the_way_is_refused(files: Files, tmp_path: Path, attack: str) -> None:
    """Who has no key can alter nothing, in a folder or an archive."""
    change, code = ON_THE_WAY[attack]
    assert refusals(change(files), tmp_path) == {code}


@pytest.mark.parametrize("name", sorted(layout.REQUIRED | {layout.CONSISTENCY, "witnesses/1.sig"}))
def test_a_missing_file_is_refused(files: Files, tmp_path: Path, name: str) -> None:
    """No file may be absent."""
    left = {one: content for one, content in files.items() if one != name}
    assert refusals(left, tmp_path) == {"RF935"}


@pytest.mark.parametrize("name", ["extra", "views/more.cef", "policy/bundle-9.tar.gz", "a/b/c"])
def test_an_extra_file_is_refused(files: Files, tmp_path: Path, name: str) -> None:
    """A file that the statement does not name is no part of a package, not even an empty one."""
    assert refusals(files | {name: b""}, tmp_path) == {"RF934"}


BY_THE_EXPORTER: dict[str, tuple[Callable[[Files], Files], str]] = {
    "record altered": (_replace(layout.RECORDS, b'"block"', b'"allow"'), "RF926"),
    "proof of another record": (_lines(layout.PROOFS, _swap_proofs), "RF930"),
    "proof at another index": (_replace(layout.PROOFS, b'"index":2,', b'"index":3,'), "RF930"),
    "proof without a step": (_replace(layout.PROOFS, b'"path":["', b'"path":[],"x":["'), "RF962"),
    "records swapped": (_lines(layout.RECORDS, lambda ls: ls.insert(1, ls.pop(2))), "RF926"),
    "records and proofs out of order": (
        lambda files: _lines(layout.PROOFS, lambda ls: ls.insert(1, ls.pop(2)))(
            _lines(layout.RECORDS, lambda ls: ls.insert(1, ls.pop(2)))(files)), "RF962"),
    "more proofs than records": (_lines(layout.RECORDS, lambda ls: ls.pop()), "RF962"),
    "record dropped with its proof": (_drop_record, "RF927"),
    "checkpoint altered": (_replace(layout.CHECKPOINT, b"\n24\n", b"\n25\n"), "RF923"),
    "checkpoint malformed": (_replace(layout.CHECKPOINT, b"\n24\n", b"\n024\n"), "RF921"),
    "another checkpoint's body": (_replace(layout.CHECKPOINT_BODY, b"24", b"25"), "RF929"),
    "another log's key as copy": (
        lambda files: files | {layout.LOG_PEM: files[layout.PACKAGE_PEM]}, "RF929"),
    "consistency from another root": (
        _replace(layout.CONSISTENCY, b'"root":"', b'"root":"A'), "RF962"),
    "witness's file altered": (_replace("witnesses/1.body", b"time", b"tame"), "RF929"),
    "witness's file left out": (
        lambda files: {n: c for n, c in files.items() if n != "witnesses/1.sig"}, "RF962"),
    "cosignature altered": (
        lambda files: files | {layout.CHECKPOINT: _flip_last_line(files[layout.CHECKPOINT])},
        "RF953"),
    "summary for people altered": (
        _replace(layout.SUMMARY_HTML, b">blocked<", b">allowed<"), "RF966"),
    "summary in Markdown altered": (_replace(layout.SUMMARY_MARKDOWN, b"block", b"allow"), "RF966"),
    "guide altered": (_replace(layout.GUIDE, b"openssl", b"true ;#"), "RF966"),
    "key event left out": (
        lambda files: _lines(layout.PROOFS, lambda ls: ls.pop(0))(
            _lines(layout.RECORDS, lambda ls: ls.pop(0))(files)), "RF948"),
}  # fmt: skip


def _flip_last_line(note: bytes) -> bytes:
    at = note.rindex(b"=") - 12
    return note[:at] + (b"A" if note[at : at + 1] != b"A" else b"B") + note[at + 1 :]


@pytest.mark.requirement("R1.44", "R5.42", on="record")
@pytest.mark.parametrize("attack", BY_THE_EXPORTER)
def test_an_exporter_cannot_make_up_what_the_log_did_not_sign(
    files: Files, tmp_path: Path, attack: str
) -> None:
    """Under a new statement by the right package key, the log's own signature still counts."""
    change, code = BY_THE_EXPORTER[attack]
    assert refusals(resigned(change(files)), tmp_path) == {code}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"tenants": ["globex"]}, "RF963"),
        ({"tenants": []}, "RF963"),
        ({"records": 16}, "RF927"),
        ({"kinds": {"decision": 17}}, "RF927"),
        ({"bundles": {}}, "RF927"),
        ({"tree_size": 25}, "RF927"),
        ({"origin": "other.example"}, "RF927"),
        ({"tenants": "acme"}, "RF927"),
        ({"records": True}, "RF927"),
        ({"more": 1}, "RF927"),
        ({"policy": {"policy/bundle-1.tar.gz": "x"}}, "RF927"),
        ({"pages": "1"}, "RF927"),
        ({"selection": {}}, "RF927"),
        ({"selection": {"start": [], "end": {}, "ids": 5}}, "RF927"),
        ({"exporter": {}}, "RF927"),
        ({"exporter": {"name": "lee", "by": "policy"}}, "RF966"),
        ({"not_shown": []}, "RF966"),
        ({"views": {"cef": 1}}, "RF927"),
    ],
)  # fmt: skip
def test_a_statement_is_of_these_records(
    files: Files, tmp_path: Path, said: dict[str, Any], code: str
) -> None:
    """What a statement says and the records do not bear out is refused."""
    assert refusals(resigned(files, **said), tmp_path) == {code}


def test_another_tenants_record_is_refused(site: Site, tmp_path: Path) -> None:
    """A package for one tenant with a proven record of another: the exporter is caught disclosing it."""
    both = package(site.folder, selection=Selection(tenants=frozenset({"acme", "globex"})))
    assert refusals(resigned(both, tenants=["acme"]), tmp_path) == {"RF963"}


def test_a_record_of_no_tenant_is_refused(site: Site, files: Files, tmp_path: Path) -> None:
    """A record that names no tenant is nobody's to have."""
    assert refusals(resigned(files | whole_log(site), tenants=["acme", "globex"]), tmp_path) == {
        "RF963"
    }


def test_another_package_key_is_refused(site: Site, tmp_path: Path) -> None:
    """A package that is sound in itself, by an exporter whom nobody trusts."""
    assert refusals(site.files(key=STRANGER), tmp_path) == {"RF928"}


def test_a_second_signature_is_refused(files: Files, tmp_path: Path) -> None:
    """An envelope has one signature, so that nobody takes another for the trusted one."""
    envelope = json.loads(files[layout.STATEMENT])
    more = PackageSigner(STRANGER)
    other = Envelope.sign(payload(files), key=more, keyid=more.public.keyid)
    envelope["signatures"] += json.loads(other.encode())["signatures"]
    made = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode() + b"\n"
    assert refusals(files | {layout.STATEMENT: made}, tmp_path) == {"RF927"}


def test_another_logs_key_is_refused(files: Files, tmp_path: Path) -> None:
    """Trust in a key that the log never had verifies nothing, nor the same key under another name."""
    package_key = PackageKey(PACKAGE.public_key())
    stranger = ExportVerifier(trust=trust(key=log_key(STRANGER)), package_key=package_key)
    assert refusals(files, tmp_path, stranger) == {"RF922"}
    elsewhere = trust(key=NoteKey("other.example/log", LOG.public_key()))
    other = ExportVerifier(trust=elsewhere, package_key=package_key)
    assert refusals(files, tmp_path, other) == {"RF924"}


def test_a_log_that_someone_else_signed_is_refused(files: Files, tmp_path: Path) -> None:
    """An exporter who signs a checkpoint of his own is not the log."""
    note = files[layout.CHECKPOINT]
    text = note[: note.index(b"\n\n") + 1]
    forged = sign_note(text, name=ORIGIN, key=STRANGER)
    assert refusals(resigned(files | {layout.CHECKPOINT: forged}), tmp_path) == {"RF922"}


def test_a_rolled_back_checkpoint_is_refused(site: Site, files: Files, tmp_path: Path) -> None:
    """An older checkpoint of the log is caught by a newer one that was seen, or a cosignature's age."""
    older = package(site.older)
    write_folder(tmp_path / "old", older)
    assert verifier().verify(tmp_path / "old").checkpoint == site.seen
    newest = Checkpoint.parse(files[layout.CHECKPOINT_BODY])
    assert refusals(older, tmp_path, verifier(pinned=(newest,))) == {"RF943"}
    assert refusals(older, tmp_path, verifier(quorum=QUORUM, now=NOW, max_age=60)) == {"RF955"}


def test_what_was_seen_must_be_led_on_from(site: Site, files: Files, tmp_path: Path) -> None:
    """A pinned checkpoint without a proof, with another root, and of another log: each has its code."""
    unled = package(site.folder)
    assert refusals(unled, tmp_path, verifier(pinned=(site.seen,))) == {"RF964"}
    forked = replace(site.seen, root=bytes(32))
    assert refusals(files, tmp_path, verifier(pinned=(forked,))) == {"RF944"}
    split = replace(Checkpoint.parse(files[layout.CHECKPOINT_BODY]), root=bytes(32))
    assert refusals(files, tmp_path, verifier(pinned=(split,))) == {"RF933"}
    other = replace(site.seen, origin="other.example")
    assert refusals(files, tmp_path, verifier(pinned=(other,))) == {"RF924"}


def test_witnesses_are_those_that_the_verifier_names(files: Files, tmp_path: Path) -> None:
    """The package's own copies of witnesses' keys make no quorum."""
    key = WitnessKey(WITNESS_KEY.name, STRANGER.public_key())
    other = Quorum(witnesses=(TrustedWitness(key, "them"),), threshold=1, log_operator="us")
    assert refusals(files, tmp_path, verifier(quorum=other)) == {"RF952"}


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "a/../../evil", "./records", "a\\b", "a//b"]
)
def test_a_path_that_leads_outside_is_refused(files: Files, tmp_path: Path, name: str) -> None:
    """An archive's names are read before anything else of it, and nothing is ever unpacked."""
    assert refusal(_tar(tmp_path, [*_members(files), (_info(name), b"")])) == "RF936"
    assert [path.name for path in tmp_path.iterdir()] == ["p.tar"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE,
             tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE],
)  # fmt: skip
def test_an_archive_holds_plain_files_only(files: Files, tmp_path: Path, kind: bytes) -> None:
    """Links, pipes, devices, folders and headers that rename what follows are refused."""
    info = _info("summary.txt")
    info.type, info.linkname = kind, "/etc/passwd"
    assert refusal(_tar(tmp_path, [*_members(files), (info, b"")])) == "RF937"


def test_a_folder_holds_plain_files_only(folder: Path, tmp_path: Path) -> None:
    """A link to the very same bytes, a linked folder, a pipe and an empty folder are refused."""
    shutil.move(folder / layout.RECORDS, tmp_path / "outside")
    (folder / layout.RECORDS).symlink_to(tmp_path / "outside")
    assert refusal(folder) == "RF937"
    (folder / layout.RECORDS).unlink()
    os.mkfifo(folder / layout.RECORDS)
    assert refusal(folder) == "RF937"
    (folder / layout.RECORDS).unlink()
    shutil.move(tmp_path / "outside", folder / layout.RECORDS)
    (folder / "empty").mkdir()
    assert refusal(folder) == "RF937"
    (folder / "empty").rmdir()
    shutil.move(folder / "keys", tmp_path / "keys")
    (folder / "keys").symlink_to(tmp_path / "keys")
    assert refusal(folder) == "RF937"


def test_a_package_over_a_limit_is_refused(files: Files, tmp_path: Path) -> None:
    """Too many bytes, too large a small file, too many files: RF938, before they are read."""
    for limits in (Limits(total=9000), Limits(small=100), Limits(files=10)):
        assert refusals(files, tmp_path, verifier(limits=limits)) == {"RF938"}
    with (tmp_path / "huge.tar").open("wb") as file:
        file.write(pack(files))
        file.truncate((1 << 30) + 1)
    assert refusal(tmp_path / "huge.tar") == "RF938"


def test_an_archive_claims_no_more_than_it_has(files: Files, tmp_path: Path) -> None:
    """A header that says a terabyte, or negative, leads nowhere."""
    info = _info("zzz")
    info.size = 1 << 32
    raw = pack(files)[:-1024] + info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)
    (tmp_path / "p.tar").write_bytes(raw)
    assert refusal(tmp_path / "p.tar") == "RF920"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + bytes(512), lambda raw: raw[:-512], lambda raw: raw + b"x", lambda raw: b"",
        lambda raw: raw[:700], lambda raw: raw.replace(b"0000644", b"0000755", 1),
        lambda raw: bytes(1024) + raw, lambda raw: raw[:-1024] + raw,
    ],
    ids=["longer", "shorter", "tail", "empty", "cut", "mode", "ends at once", "twice"],
)  # fmt: skip
def test_an_archive_has_one_form(
    files: Files, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """Bytes that a reader would skip are refused: one package is one archive."""
    (tmp_path / "p.tar").write_bytes(change(pack(files)))
    assert refusal(tmp_path / "p.tar") in {"RF920", "RF935"}


def test_a_file_twice_is_refused(files: Files, tmp_path: Path) -> None:
    """A second file of one name, which `tar` would unpack over the first, is refused."""
    twice = sorted([*_members(files), (_info(layout.RECORDS), b"{}")], key=lambda one: one[0].name)
    assert refusal(_tar(tmp_path, twice)) == "RF920"


def _info(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mtime, info.mode = 0, 0o644
    return info


def _members(files: Files) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(_info(name), files[name]) for name in sorted(files)]


def _tar(folder: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """Write members as another program would, which checks nothing."""
    with (folder / "p.tar").open("wb") as out:
        for info, content in members:
            info.size = len(content)
            out.write(info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512))
        out.write(bytes(1024))
    return folder / "p.tar"


@pytest.mark.parametrize("path", ["absent", "file", "nul\0", "pipe"])
def test_what_is_no_package_is_refused(tmp_path: Path, path: str) -> None:
    """A missing path, a short file, an impossible path and a pipe raise VerifyError, and block nobody."""
    (tmp_path / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / path) in {"RF920", "RF937"}


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_flipped_byte_is_refused(files: Files, tmp_path: Path, data: st.DataObject) -> None:
    """A byte of any file or of the archive, changed by any pattern of bits, is refused with a code."""
    name = data.draw(st.sampled_from([*sorted(files), ""]))
    flip = data.draw(st.integers(1, 255))
    content = bytearray(files[name] if name else pack(files))
    content[data.draw(st.integers(0, len(content) - 1))] ^= flip
    (tmp_path / "p.tar").write_bytes(pack(files | {name: bytes(content)}) if name else content)
    assert refusal(tmp_path / "p.tar") in CODES


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_what_an_exporter_splices_is_refused(
    files: Files, tmp_path: Path, data: st.DataObject
) -> None:
    """Any bytes in records, proofs, checkpoint or keys, under a new statement, raise VerifyError only."""
    name = data.draw(st.sampled_from([layout.RECORDS, layout.PROOFS, layout.CHECKPOINT,
                                      layout.CONSISTENCY, layout.LOG_VKEY, "witnesses/1.vkey"]))  # fmt: skip
    old = files[name]
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(old))] * 2)))
    new = old[:start] + data.draw(st.binary(max_size=200)) + old[end:]
    if new == old:
        return
    (tmp_path / "p.tar").write_bytes(pack(resigned(files | {name: new})))
    assert refusal(tmp_path / "p.tar") in CODES


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "acme", "x", "age"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["start", "cef", "by", "region"]), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(
            ["exporter", "extra", "not_shown", "pages", "policy", "profile", "selection", "views",
             "tenants", "kinds", "bundles"]
        ),
        JSON, min_size=1, max_size=3,
    )
)  # fmt: skip
def test_whatever_an_exporter_says_raises_only_verify_errors(
    files: Files, tmp_path: Path, said: dict[str, Any]
) -> None:
    """Any JSON in the signed statement is refused with a code, unless it says what it said before."""
    (tmp_path / "p.tar").write_bytes(pack(resigned(files, **said)))
    try:
        found = verifier().verify(tmp_path / "p.tar")
    except VerifyError as error:
        code = error.code
    else:
        code = ""
        assert {name: found.said[name] for name in said} == said
    assert code in {"", *CODES}
