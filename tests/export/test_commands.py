"""Facts about `ringfence evidence export`, and `verify` of what it writes."""

import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from tests.evidence.commands import evidence
from tests.export.samples import (
    FOREIGN,
    LOG,
    NEXT_LOG,
    ORIGIN,
    PACKAGE,
    STRANGER,
    THEN,
    WITNESS_KEY,
    Site,
    log_key,
)

from ringfence.export import layout
from ringfence.keys import write_private, write_public
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.views.table import VIEWS

TRUST = ("--key", "log.vkey")
KEYS = (*TRUST, "--package-key", "package.pub.pem")


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Path:
    """Lay out the keys of exporter and reader beside each other, and a checkpoint that was kept."""
    write_private(tmp_path / "package.key.pem", PACKAGE)
    write_public(tmp_path / "package.pub.pem", PACKAGE.public_key())
    write_public(tmp_path / "stranger.pub.pem", STRANGER.public_key())
    write_public(tmp_path / "log.pub.pem", LOG.public_key())
    (tmp_path / "log.vkey").write_text(log_key().vkey)
    (tmp_path / "witness.vkey").write_text(WITNESS_KEY.vkey)
    (tmp_path / "kept").write_bytes((site.older / "checkpoint").read_bytes())
    (tmp_path / "ledger").symlink_to(site.folder)
    return tmp_path


def export(desk: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `ringfence evidence export` on the ledger."""
    given = ("--signing-key", "package.key.pem", *TRUST)
    return evidence(desk, "export", "ledger", *given, *arguments)


@pytest.mark.requirement("R5.42", on="command")
def test_export_and_verify(desk: Path) -> None:
    """A folder and an archive are written, verify, and print what is not shown."""
    for name in ("out", "out.tar"):
        done = export(desk, "--tenant", "acme", "-o", name, "--exporter", "lee")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"exported 17 of 24 records to {name}\n")
        read = evidence(desk, "verify", name, *KEYS)
        assert (read.returncode, read.stderr) == (0, "")
        assert read.stdout.startswith("verified 17 records (14 decision, 1 gap, 2 key_event)")
        assert "not shown:\n" in read.stdout
        assert "  - that these are all records of the tenants" in read.stdout
    assert FOREIGN.encode() not in (desk / "out.tar").read_bytes()


def test_every_trust_can_be_asked_for(desk: Path) -> None:
    """With a pinned checkpoint and a witness, nothing about the tree is left open but its age."""
    witness = ("--witness", "them=witness.vkey", "--log-operator", "us")
    done = export(desk, "--tenant", "acme", "-o", "out.tar", "--pinned", "kept", *witness)
    assert (done.returncode, done.stderr) == (0, "")
    read = evidence(
        desk, "verify", "out.tar", *KEYS, "--pinned", "kept", *witness, "--format", "json"
    )
    assert (read.returncode, read.stderr) == (0, "")
    said = json.loads(read.stdout)
    assert said["cosignatures"] == [{"time": THEN + 1000, "witness": "witness.example/w"}]
    assert (said["origin"], said["tenants"], said["verified"]) == (ORIGIN, ["acme"], True)
    assert [one for one in said["not_shown"] if "tree" in one] == [
        "that this is the newest tree: no age of a cosignature was asked for"
    ]
    late = evidence(desk, "verify", "out.tar", *KEYS, *witness, "--max-age", "60")
    assert late.returncode == 4
    assert late.stderr.startswith("error: RF955 ")


@pytest.mark.requirement("R5.33", on="command")
def test_a_trace_is_exported_by_its_id(desk: Path) -> None:
    """`--id` takes a trace, a decision or a run; another tenant's is as unknown as any."""
    done = export(desk, "--tenant", "acme", "--id", "trace-2", "-o", "out", "--format", "json")
    assert json.loads(done.stdout)["records"] == 3
    for given in (("acme", "decision-2"), ("acme", "none"), ("globex", "decision-1")):
        done = export(desk, "--tenant", given[0], "--id", given[1], "-o", "not")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: RF961 ")
        assert not (desk / "not").exists()


@pytest.mark.requirement("R5.32", on="command")
@pytest.mark.parametrize("named", ["trace-2", "decision-4", "trace-6"])
def test_a_package_is_what_was_inspected(desk: Path, named: str) -> None:
    """An id leads to the same records in `inspect` and in a package, each with its index and leaf."""
    look = ("inspect", "ledger", named, "--tenant", "acme", *TRUST, "--format", "json")
    seen = json.loads(evidence(desk, *look).stdout)
    inspected = {(one["index"], one["leaf"]) for one in (*seen["decisions"], *seen["records"])}
    assert export(desk, "--tenant", "acme", "--id", named, "-o", "out").returncode == 0
    records, proofs = (
        [json.loads(line) for line in (desk / "out" / name).read_bytes().splitlines()]
        for name in (layout.RECORDS, layout.PROOFS)
    )
    assert inspected == {
        (proof["index"], proof["leaf"])
        for record, proof in zip(records, proofs, strict=True)
        if record["kind"] != "key_event"  # these go along with every export
    }


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("verify", "out.tar", *TRUST), 1),
        (("verify", "out.tar", *TRUST, "--package-key", "stranger.pub.pem"), 4),
        (("verify", "out.tar", "--key", "stranger.pub.pem", "--package-key", "package.pub.pem"), 4),
        (("verify", "out.tar", *KEYS, "--origin", "other.example"), 1),
        (("verify", "absent", *KEYS), 4),
    ],
)  # fmt: skip
def test_what_is_not_verified_says_nothing(
    desk: Path, arguments: tuple[str, ...], status: int
) -> None:
    """Without the package's key it is a mistake; with another key, or of another log, not verified."""
    assert export(desk, "--tenant", "acme", "-o", "out.tar").returncode == 0
    done = evidence(desk, *arguments)
    assert (done.returncode, done.stdout) == (status, "")


def test_nothing_is_replaced(desk: Path) -> None:
    """A folder or file that is there stays as it is, and no draft is left behind."""
    before = sorted(path.name for path in desk.iterdir())
    for name in ("kept.tar", "full"):
        if name == "full":
            (desk / name).mkdir()
            (desk / name / "x").write_text("mine")
        else:
            (desk / name).write_text("mine")
        done = export(desk, "--tenant", "acme", "-o", name)
        assert (done.returncode, done.stderr.split()[1]) == (1, "RF914")
    assert (desk / "kept.tar").read_text() == "mine"
    assert sorted(path.name for path in desk.iterdir()) == sorted([*before, "full", "kept.tar"])


@pytest.mark.parametrize(
    "extra",
    [("--from", "5", "--to", "2026-11-20T20:00:00Z"), ("--from", "yesterday"),
     ("--to", "2026-11-20T20:00:00"), ("--profile", "other"), ("--bundle", "absent")],
)  # fmt: skip
def test_an_export_that_cannot_be_meant_is_a_mistake(desk: Path, extra: tuple[str, ...]) -> None:
    """Mixed windows, times without an offset, unknown profiles and missing files exit with 1."""
    done = export(desk, "--tenant", "acme", "-o", "out", *extra)
    assert (done.returncode, done.stdout) == (1, "")
    assert not (desk / "out").exists()


def test_an_altered_ledger_is_not_exported(desk: Path, site: Site) -> None:
    """What does not verify is not signed over: exit code 4, and no file."""
    (desk / "ledger").unlink()
    shutil.copytree(site.folder, desk / "ledger")
    (bundle,) = (desk / "ledger" / "tile" / "entries" / "000.p").glob("24")
    bundle.write_bytes(bundle.read_bytes().replace(b'"block"', b'"allow"', 1))
    done = export(desk, "--tenant", "acme", "-o", "out")
    assert (done.returncode, done.stderr.split()[1]) == (4, "RF926")
    assert not (desk / "out").exists()


def test_a_package_has_all_files_of_the_layout(desk: Path) -> None:
    """Nothing of the layout is missing, and the archive is the folder."""
    for name in ("out", "out.tar"):
        assert export(desk, "--tenant", "acme", "-o", name).returncode == 0
    names = {
        p.relative_to(desk / "out").as_posix() for p in (desk / "out").rglob("*") if p.is_file()
    }
    assert names >= layout.REQUIRED
    with tarfile.open(desk / "out.tar") as tar:
        assert set(tar.getnames()) == names


@pytest.mark.requirement("R5.45", on="command")
@pytest.mark.parametrize("form", ["jsonl", "ocsf", "cef", "ecs", "openinference"])
def test_a_view_is_the_same_of_package_and_ledger(desk: Path, form: str) -> None:
    """It is derived from verified records only, and is what the package holds where it holds it."""
    extra = () if form == "jsonl" else ("--view", form)
    assert export(desk, "--tenant", "acme", "-o", "out", *extra).returncode == 0
    one = evidence(desk, "view", "out", "--format", form, *KEYS)
    other = evidence(desk, "view", "ledger", "--format", form, "--tenant", "acme", *TRUST)
    assert (one.returncode, other.returncode) == (0, 0)
    assert one.stdout == other.stdout
    name = layout.RECORDS if form == "jsonl" else layout.VIEWS + VIEWS[form].file
    assert one.stdout.encode() == (desk / "out" / name).read_bytes()
    left_out = 0 if form in ("jsonl", "cef") else 3
    assert one.stderr == (f"3 records have no place in `{form}`\n" if left_out else "")
    assert FOREIGN not in one.stdout


@pytest.mark.requirement("R5.45", on="command")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("view", "ledger", "--format", "cef", *TRUST), 1),
        (("view", "ledger", "--format", "cef", "--tenant", "acme", *KEYS), 1),
        (("view", "ledger", "--format", "syslog", "--tenant", "acme", *TRUST), 1),
        (("view", "out", "--format", "cef", "--tenant", "acme", *KEYS), 1),
        (("view", "out", "--format", "cef", *TRUST), 1),
        (("view", "out", "--format", "cef", *TRUST, "--package-key", "stranger.pub.pem"), 4),
        (("view", "ledger", "--format", "cef", "--tenant", "nobody", *TRUST), 1),
    ],
)  # fmt: skip
def test_no_view_of_what_is_not_verified(
    desk: Path, arguments: tuple[str, ...], status: int
) -> None:
    """Without a tenant, a key or a known form there is no line; with another key it is not verified."""
    assert export(desk, "--tenant", "acme", "-o", "out").returncode == 0
    done = evidence(desk, *arguments)
    assert (done.returncode, done.stdout) == (status, "")


def test_an_export_is_recorded(desk: Path, site: Site) -> None:
    """Each tenant gets a record of its own, naming the very package, which goes along with the next one."""
    (desk / "ledger").unlink()
    shutil.copytree(site.folder, desk / "ledger")
    both = ("--tenant", "acme", "--tenant", "globex")
    done = export(desk, *both, "-o", "out", "--record", "--exporter", "lee")
    assert (done.returncode, done.stderr) == (0, "")
    opened = Ledger.open(desk / "ledger", settings=Settings(keys=(LOG, NEXT_LOG)))
    assert opened.size == 26
    records = [opened.read(n) for n in (24, 25)]
    opened.checkpoint()
    opened.close()
    assert [one.kind.value for one in records] == ["export_event", "export_event"]
    bodies = [one.body for one in records]
    assert [one["tenant"] for one in bodies] == ["acme", "globex"]
    digest = hashlib.sha256((desk / "out" / layout.STATEMENT).read_bytes()).hexdigest()
    assert {(one["by"], one["size"], one["statement_sha256"]) for one in bodies} == {
        ("lee", 24, digest)
    }
    assert not any("globex" in json.dumps(one) for one in bodies[:1])
    assert export(desk, "--tenant", "acme", "-o", "next").returncode == 0
    read = evidence(desk, "verify", "next", *KEYS, "--format", "json")
    assert json.loads(read.stdout)["kinds"]["export_event"] == 1


def test_an_export_that_cannot_be_recorded_is_none(desk: Path, site: Site) -> None:
    """While another writer has the ledger open nothing is recorded, and nothing written."""
    (desk / "ledger").unlink()
    shutil.copytree(site.folder, desk / "ledger")
    writer = Ledger.open(desk / "ledger")
    try:
        done = export(desk, "--tenant", "acme", "-o", "out", "--record")
    finally:
        writer.close()
    assert (done.returncode, done.stdout) == (1, "")
    assert not (desk / "out").exists()
    assert export(desk, "--tenant", "acme", "-o", "out").returncode == 0
