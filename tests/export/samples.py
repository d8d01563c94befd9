"""A witnessed ledger of several tenants, and packages of it, also such as a dishonest exporter makes."""

import hashlib
import json
import shutil
from base64 import b64decode
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.evidence.samples import decision, event, records
from tests.ledger.samples import Clock

from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.evidence.statement import Envelope, pae, read_statement, write_statement
from ringfence.evidence.tree import leaf_hash
from ringfence.export import layout
from ringfence.export.build import package_files
from ringfence.export.package_key import PackageKey, PackageSigner
from ringfence.export.predicate import Exporter
from ringfence.export.proof_line import InclusionLine
from ringfence.export.request import ExportRequest
from ringfence.export.selection import Selection, select
from ringfence.export.verify import ExportVerifier
from ringfence.keys import PrivateKey
from ringfence.ledger.cosignature import WitnessKey
from ringfence.ledger.publication import Witnessing
from ringfence.ledger.quorum import Quorum, TrustedWitness
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.trust import LedgerTrust
from ringfence.ledger.witness import Witness

ORIGIN = "platform.example/runners"
LOG, NEXT_LOG, WITNESS, PACKAGE, STRANGER = (
    Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (21, 22, 23, 24, 25)
)
WITNESS_KEY = WitnessKey("witness.example/w", WITNESS.public_key())
QUORUM = Quorum(witnesses=(TrustedWitness(WITNESS_KEY, "them"),), threshold=1, log_operator="us")
THEN = 1_700_000_000
"""When the first checkpoint was cosigned; the second one was a thousand seconds later."""

FOREIGN = "globex-secret-canary"
HOSTILE = '<script>alert(1)</script>`|[x](javascript:1)\n# h\u202e"&'


def log_key(private: Ed25519PrivateKey = LOG) -> NoteKey:
    """Return the log's public key."""
    return NoteKey(ORIGIN, private.public_key())


def trust(**changes: Any) -> LedgerTrust:
    """Return trust in the log's first key."""
    return LedgerTrust(**{"key": log_key(), **changes})


def verifier(*, key: PrivateKey = PACKAGE, **changes: Any) -> ExportVerifier:
    """Return a verifier that trusts the exporter's key, and the log's."""
    limits = {"limits": changes.pop("limits")} if "limits" in changes else {}
    return ExportVerifier(
        trust=trust(**changes), package_key=PackageKey(key.public_key()), **limits
    )


def decided(number: int, *, tenant: str = "acme", **changes: Any) -> Record:
    """Return the record of a decision, a minute after the one before."""
    given = {
        "input": {
            "point": "runner.start",
            "tenant": tenant,
            "trace_id": f"trace-{number // 2}",
            "facts": {"runner": {"class": "container"}},
        },
        "timestamp": f"2026-11-20T20:{number:02}:00.5Z",
        **changes,
    }
    (found,) = records([event(number, **given)])
    return found


def all_records() -> list[Record]:
    """Return twenty decisions of two tenants, some with hostile texts, and records of other kinds."""
    foreign = {"policy": {"bundle": "runtime", "content": FOREIGN}}
    hostile = deepcopy(decision())
    hostile["reasons"][0] |= {"rule": HOSTILE, "source": HOSTILE, "action": HOSTILE}
    hostile["waived"][0] |= {"by": HOSTILE, "exception": HOSTILE}
    made = [
        decided(n, tenant="globex", result=decision(**foreign), labels={"id": FOREIGN})
        if n % 3 == 2
        else decided(n)
        for n in range(16)
    ]
    allow = decision(action="allow", allowed=True, reasons=[])
    return [
        *made,
        decided(16, result=allow),
        decided(17, result=None),
        decided(18, result=hostile, labels={"id": HOSTILE}, decision_id=f"d{HOSTILE}"),
        decided(19, tenant="globex", decision_id=FOREIGN),
        make_record(RecordKind.GAP, {
            "cause": "refused", "codes": {"RF904": 1}, "decision_ids": [],
            "principal": HOSTILE, "tenant": "acme", "unrecorded": 0,
        }),
        make_record(RecordKind.GAP, {"cause": "dropped", "opa": FOREIGN, "tenant": None}),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A ledger, a backup of it that is older, and the checkpoint of that one."""

    folder: Path
    older: Path
    seen: Checkpoint

    def files(self, **changes: Any) -> dict[str, bytes]:
        """Return a package of acme's records."""
        return package(self.folder, seen=self.seen, **changes)


def make_ledger(folder: Path) -> Site:
    """Write the records in two steps, each witnessed, with a rotation of keys between them."""
    clock = Clock(now=THEN)
    keys = (log_key(), log_key(NEXT_LOG))
    witness = Witness(
        folder / "w", name=WITNESS_KEY.name, key=WITNESS, logs={ORIGIN: keys}, clock=clock
    )
    witnessing = Witnessing(quorum=QUORUM, ask={WITNESS_KEY.name: witness.add_checkpoint})
    settings = Settings(keys=(LOG,), clock=clock, witnessing=witnessing)
    ledger = Ledger.create(folder / "ledger", origin=ORIGIN, settings=settings)
    made = all_records()
    ledger.append(made[:9])
    seen = ledger.checkpoint().checkpoint
    shutil.copytree(folder / "ledger", folder / "older")
    clock.now += 1000
    ledger.rotate(NEXT_LOG, overlap=3)
    ledger.append(made[9:])
    ledger.checkpoint()
    ledger.close()
    witness.close()
    return Site(folder=folder / "ledger", older=folder / "older", seen=seen)


def package(
    folder: Path,
    *,
    seen: Checkpoint | None = None,
    selection: Selection | None = None,
    key: PrivateKey = PACKAGE,
    **request: Any,
) -> dict[str, bytes]:
    """Return the files of a package of a ledger."""
    chosen = selection or Selection(tenants=frozenset({"acme"}))
    given = ExportRequest(
        profile="operator",
        selection=chosen,
        exporter=Exporter(name="auditor@platform.example", by="ledger"),
        witnesses=(WITNESS_KEY,),
        **request,
    )
    return package_files(
        select(folder, chosen, trust=trust()),
        ledger=folder,
        request=given,
        pinned=() if seen is None else (seen,),
        signer=PackageSigner(key),
    )


def whole_log(site: Site) -> dict[str, bytes]:
    """Return records and proofs of all of a ledger, as no export writes them."""
    ledger = Ledger.open(site.folder)
    tree = ledger.tree()
    made = [ledger.read(n).data for n in range(ledger.size)]
    ledger.close()
    proofs = [
        InclusionLine(index=n, leaf=leaf_hash(data), path=tuple(tree.inclusion_proof(n))).encode()
        for n, data in enumerate(made)
    ]
    return {
        layout.RECORDS: b"".join(data + b"\n" for data in made),
        layout.PROOFS: b"".join(line + b"\n" for line in proofs),
    }


def payload(files: Mapping[str, bytes]) -> bytes:
    """Return the statement in a package's envelope."""
    return b64decode(json.loads(files[layout.STATEMENT])["payload"])


def said_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return a package's predicate."""
    return read_statement(payload(files), predicate_type=layout.PREDICATE_TYPE)[1]


def resigned(
    files: Mapping[str, bytes], *, key: PrivateKey = PACKAGE, **said: Any
) -> dict[str, bytes]:
    """Return the files under a new statement, as whoever has the package's key can sign it."""
    made = {n: c for n, c in files.items() if n not in {*layout.STATEMENT_FILES, layout.SUMS}}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}
    made[layout.SUMS] = layout.sums(digests)
    digests[layout.SUMS] = hashlib.sha256(made[layout.SUMS]).hexdigest()
    content = write_statement(
        digests, predicate=said_of(files) | said, predicate_type=layout.PREDICATE_TYPE
    )
    signer = PackageSigner(key)
    envelope = Envelope.sign(content, key=signer, keyid=signer.public.keyid)
    return made | {
        layout.STATEMENT: envelope.encode(),
        layout.STATEMENT_BODY: pae(content),
        layout.STATEMENT_SIGNATURE: envelope.signature,
    }
