"""Records beside decisions where texts and people are kept apart, and records of what was done with them."""

from pathlib import Path
from typing import Any

from tests.requirements.ask import Ask
from tests.requirements.trail import LEDGER, REVIEW, Trail, make_trail, one_decision

from ringfence.evidence.delivered import read_delivered
from ringfence.evidence.records import Record, RecordKind
from ringfence.ledger.store import Ledger

STORE = ("--personal-store", "store", "--personal-key", "personal.key")
NAMES = ("user:kim@acme.example", "As planned.", "user:lee@platform.example", "loaded again")


def done(made: Trail, *arguments: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    ran = made.run(*arguments)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def held(made: Trail, kind: RecordKind) -> list[Record]:
    """Return the ledger's records of a kind."""
    opened = Ledger.open(made.folder / "ledger")
    try:
        return [opened.read(position) for position in opened.index.kind(kind.value)]
    finally:
        opened.close()


def kept_apart(folder: Path, ask: Ask) -> Trail:
    """Make a ledger whose records name nobody, with all that there can be of two decisions."""
    made = make_trail(folder, ask, store=STORE)
    (made.folder / "approval.jws").write_text(made.token + "\n")
    records = (
        made.record("approval", "approval.jws", "--root", "policies"),
        made.record("exception", "policies/exceptions/acme/EXC-1.yaml", "--root", "policies"),
        made.record("explanation", *LEDGER, "d-approved"),
        made.record("review", *LEDGER, "d-approved", *REVIEW),
    )
    (made.folder / "apart.jsonl").write_bytes(b"".join(one.data + b"\n" for one in records))
    given = ("--key", "log.key.pem", "--record", "apart.jsonl", *STORE)
    done(made, "evidence", "append", "ledger", *given)
    return made


def view(made: Trail, name: str, *arguments: str) -> str:
    """Return the view of a decision for people."""
    return done(made, "evidence", "inspect", "ledger", name, "--key", "log.vkey", *arguments)


def section(text: str) -> str:
    """Return the part of a view that records beside the decision make up."""
    return text.partition("  explanations:")[2].partition("chain:")[0]


def test_the_view_needs_the_store_to_name_anybody(tmp_path: Path, ask: Ask) -> None:
    """Without the store the sections stand without names and texts, with it they have them, until erased."""
    made = kept_apart(tmp_path, ask)
    both = [section(view(made, name)) for name in ("d-approved", "d-waived")]
    assert [one for one in NAMES if any(one in text for text in both)] == []
    opened = "".join(section(view(made, name, *STORE)) for name in ("d-approved", "d-waived"))
    assert [one for one in NAMES if one not in opened] == []
    absent: dict[str, Any] = one_decision(made, "d-waived")["absent"]
    assert "exceptions" not in absent
    erasing = ("--by", "dpo@acme.example", "--reason", "request 17", "--key", "log.key.pem")
    done(made, "evidence", "erase", "ledger", "--tenant", "acme", *erasing, *STORE)
    after = section(view(made, "d-approved", *STORE))
    assert [one for one in NAMES if one in after] == []
    (found,) = made.inspect("d-approved", *STORE)["decisions"]
    states = {one["state"] for held in found["reviews"] for one in held["texts"].values()}
    assert states == {"erased"}
    assert one_decision(made, "d-approved")["absent"] == {
        "exceptions": ["no exception was used"],
        "lineage": ["no lineage is recorded"],
    }


def test_records_of_an_erasure_and_an_export_have_the_form(tmp_path: Path, ask: Ask) -> None:
    """What `erase` and `export --record` put into a ledger is what a deliverer could bring."""
    made = kept_apart(tmp_path, ask)
    erasing = ("--by", "dpo@acme.example", "--reason", "request 17", "--key", "log.key.pem")
    for scope in ((), ("--period", "erasures")):
        done(made, "evidence", "erase", "ledger", "--tenant", "acme", *scope, *erasing, *STORE)
    done(made, "keygen", "--type", "ed25519", "--out", "keys", "--name", "package")
    given = (*LEDGER, "--tenant", "acme", "--signing-key", "keys/package.key.pem", "--record")
    window = ("--from", "2026-11-01T00:00:00Z")
    done(made, "evidence", "export", *given, "-o", "one.tar", *window)
    done(made, "evidence", "export", *given, "-o", "two.tar", "--from", "3", *STORE)
    found = [*held(made, RecordKind.RETENTION_EVENT), *held(made, RecordKind.EXPORT_EVENT)]
    assert len(found) == 4
    assert [read_delivered(one.data) for one in found] == found
