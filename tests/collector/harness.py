"""A collector in a process of its own, and OPAs that upload to it."""

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.pipeline.serving import Site, build_bundles, open_site

from ringfence.collector.credential import digest_of, new_token
from ringfence.evidence.note import NoteKey
from ringfence.evidence.records import Record, RecordKind
from ringfence.keys import generate, write_private
from ringfence.ledger.fsck import check_frames, check_index, fsck
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

ORIGIN = "example.com/runners"
NAME = "sidecar-1"


@dataclass(kw_only=True)
class Place:
    """A folder with a ledger, its key, and a configuration that names one principal."""

    folder: Path
    token: str = field(default_factory=new_token)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        """Return the ledger's folder."""
        return self.folder / "ledger"

    def write(self, **changes: Any) -> Path:
        """Write the configuration, with some members replaced, and return its file."""
        self.config.update(changes)
        file = self.folder / "collector.yaml"
        file.write_text(yaml.safe_dump(self.config, sort_keys=False))
        return file

    def open(self) -> Ledger:
        """Open the ledger, which no collector has open."""
        key = load_pem_private_key((self.folder / "log.key.pem").read_bytes(), None)
        return Ledger.open(self.ledger, settings=Settings(keys=(key,)))  # type: ignore[arg-type] # Ed25519

    def records(self, kind: RecordKind = RecordKind.DECISION) -> list[Record]:
        """Check the ledger, and return its records of a kind; no collector has it open."""
        ledger = self.open()
        try:
            ledger.checkpoint()
            found = [ledger.read(position) for position in range(ledger.size)]
            key = NoteKey.of_vkey(json.loads((self.ledger / "ledger.json").read_text())["vkey"])
        finally:
            ledger.close()
        fsck(self.ledger, trusted=key)
        check_frames(self.ledger)
        check_index(self.ledger)
        return [one for one in found if one.kind is kind]

    def ids(self) -> list[str]:
        """Return the decision ids of the ledger, in order, each so often as it stands there."""
        return [one.body["decision_id"] for one in self.records()]


def make_place(folder: Path, *, revisions: list[str], **principal: Any) -> Place:
    """Make a ledger, and the configuration of a collector with one principal."""
    folder.mkdir(parents=True, exist_ok=True)
    private = generate("ed25519")
    write_private(folder / "log.key.pem", private)
    Ledger.create(
        folder / "ledger", origin=ORIGIN, settings=Settings(keys=(private,))  # type: ignore[arg-type] # Ed25519
    ).close()  # fmt: skip
    place = Place(folder=folder)
    one = {"name": NAME, "origin": ORIGIN, "tenants": ["example"], "environment": "prod"}
    place.config = {
        "apiVersion": "ringfence/v1",
        "kind": "Collector",
        "ledgers": [{"origin": ORIGIN, "folder": "ledger", "keys": ["log.key.pem"]}],
        "revisions": {"known": revisions},
        "principals": [{**one, "token": digest_of(place.token), **principal}],
    }
    place.write()
    return place


class Collector:
    """A running `ringfence collect`; `port` keeps its address over restarts."""

    def __init__(self, config: Path, *, log: Path) -> None:
        command = [sys.executable, "-m", "ringfence.cli.main", "collect", "--config", str(config)]
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env=dict(os.environ)
            )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        self._log = log
        assert self.url, self.said()

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return int(self.url.rpartition(":")[2])

    def said(self) -> str:
        """Return what was written to stderr so far."""
        return self._log.read_text()

    def findings(self) -> list[dict[str, Any]]:
        """Return the findings that were reported so far."""
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal, and return its exit code."""
        self.process.send_signal(number)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def collecting(place: Place) -> Iterator[Collector]:
    """Run a collector until the block ends."""
    one = Collector(place.folder / "collector.yaml", log=place.folder / "log")
    try:
        yield one
    finally:
        if one.process.poll() is None:
            assert one.stop() == 0, one.said()


def upload(
    url: str,
    token: str,
    body: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    path: str = "/logs",
) -> requests.Response:
    """Post bytes as OPA does."""
    said = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if path == "/logs":
        said["Content-Encoding"] = "gzip"
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            f"{url}{path}", data=body, headers={**said, **(headers or {})}, timeout=60
        )


def get(url: str, **options: Any) -> requests.Response:
    """Ask for a page, by no proxy."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=60, **options)


def zipped(value: Any) -> bytes:
    """Return the gzip of a value's JSON."""
    return gzip.compress(json.dumps(value).encode())


@contextlib.contextmanager
def policy_site(work: Path) -> Iterator[tuple[Site, Path, list[str]]]:
    """Serve the scaffold's bundles; yield the site, OPA's configuration and the bundles' revisions."""
    with open_site(work / "site") as site:
        config = build_bundles(site.folder, site.url, work)
        found = []
        for path in sorted(site.folder.glob("runtime*.tar.gz")):
            from ringfence.bundle.archive import unpack

            found.append(json.loads(unpack(path.read_bytes())[".manifest"])["revision"])
        yield site, config, found


def sidecar_config(base: Path, *, url: str, token: str, out: Path, **logs: Any) -> Path:
    """Write OPA's configuration with the collector as the place of logs and status."""
    config = yaml.safe_load(base.read_text())
    service = {"url": url, "credentials": {"bearer": {"token": token}}}
    config["services"] |= {"logs": service, "status": service}
    config["status"]["service"] = "status"
    config["decision_logs"]["reporting"] |= {"min_delay_seconds": 1, "max_delay_seconds": 1, **logs}
    out.write_text(yaml.safe_dump(config))
    return out
