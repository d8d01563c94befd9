"""Facts about timestamps in packages."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.evidence.commands import evidence
from tests.export.samples import (
    LOG,
    PACKAGE,
    Site,
    decided,
    log_key,
    make_ledger,
    package,
    resigned,
    verifier,
)
from tests.export.test_tamper import refusals
from tests.timestamp.tsa import Authority, Serving, make_authority

from ringfence.evidence.error import VerifyError
from ringfence.export import layout
from ringfence.export.folder import write_folder
from ringfence.export.package_key import PackageKey
from ringfence.export.verify import ExportVerifier
from ringfence.keys import write_private, write_public
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger
from ringfence.ledger.trust import LedgerTrust
from ringfence.timestamp.authority import TrustedAuthority


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Write the ledger once; read only."""
    return make_ledger(tmp_path_factory.mktemp("stamped"))


@pytest.fixture(scope="module")
def files(site: Site, authority: Authority) -> dict[str, bytes]:
    """Export a package under a timestamp once; read only."""
    return site.files(timestamp=authority.stamp((site.folder / "checkpoint").read_bytes()))


def asking(authority: Authority) -> ExportVerifier:
    """Return a verifier that asks for a timestamp by this authority."""
    return ExportVerifier(
        trust=LedgerTrust(key=log_key()),
        package_key=PackageKey(PACKAGE.public_key()),
        authority=TrustedAuthority.of_pem(authority.root.read_bytes()),
    )


def test_a_stamped_package_tells_the_time(
    files: dict[str, bytes], authority: Authority, tmp_path: Path
) -> None:
    """Who trusts the authority is told when the checkpoint existed, and who does not, that it is open."""
    write_folder(tmp_path / "p", files)
    found = asking(authority).verify(tmp_path / "p")
    assert found.stamp is not None
    assert not any("timestamp authority" in one for one in found.not_shown)
    without = verifier().verify(tmp_path / "p")
    assert without.stamp is None
    assert any("no timestamp authority was asked for" in one for one in without.not_shown)


def test_decisions_after_the_stamp_are_told(authority: Authority, tmp_path: Path) -> None:
    """A decision under the checkpoint cannot be younger than its timestamp, whatever it claims."""
    settings = Settings(keys=(LOG,))
    ledger = Ledger.create(tmp_path / "ledger", origin=log_key().name, settings=settings)
    early = decided(1, timestamp="2020-01-01T00:00:00Z")
    ledger.append([early, decided(2, timestamp="2999-01-01T00:00:00Z")])
    note = ledger.checkpoint().note
    ledger.close()
    write_folder(tmp_path / "p", package(tmp_path / "ledger", timestamp=authority.stamp(note)))
    said = asking(authority).verify(tmp_path / "p").not_shown[-1]
    assert said == "that 1 decisions were made when they say: that is after the timestamp"


def test_a_timestamp_that_is_asked_for_must_be_there(
    site: Site, authority: Authority, tmp_path: Path
) -> None:
    """A package without one is refused where an authority is trusted."""
    assert refusals(site.files(), tmp_path, asking(authority)) == {"RF967"}


def test_another_authority_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    """The root is the reader's, never the package's."""
    assert refusals(files, tmp_path, asking(make_authority(tmp_path / "other"))) == {"RF969"}


def test_a_dishonest_exporter_cannot_exchange_it(
    site: Site, files: dict[str, bytes], authority: Authority, tmp_path: Path
) -> None:
    """A token of another checkpoint, or none, under a new statement is refused."""
    other = authority.stamp((site.older / "checkpoint").read_bytes())
    for token, code in ((other, "RF968"), (b"", "RF967")):
        forged = resigned(files | {layout.TIMESTAMP: token})
        assert refusals(forged, tmp_path, asking(authority)) == {code}


def test_an_exporter_does_not_take_another_checkpoints(site: Site, authority: Authority) -> None:
    """Nothing is signed over a timestamp that is not of the checkpoint."""
    other = authority.stamp((site.older / "checkpoint").read_bytes())
    with pytest.raises(VerifyError) as caught:
        site.files(timestamp=other)
    assert caught.value.code == "RF968"


def test_the_guides_openssl_command_verifies_and_refuses(
    files: dict[str, bytes], authority: Authority, tmp_path: Path
) -> None:
    """`openssl ts -verify` accepts what stands in the package, and no other checkpoint or root."""
    (block,) = re.findall(r"```sh timestamp\n(.*?)```", files[layout.GUIDE].decode(), re.DOTALL)
    stranger = make_authority(tmp_path / "other").root
    other = files[layout.CHECKPOINT].replace(b"\n24\n", b"\n25\n")
    found = []
    for number, (root, note) in enumerate(
        ((authority.root, files[layout.CHECKPOINT]), (stranger, files[layout.CHECKPOINT]),
         (authority.root, other))
    ):  # fmt: skip
        folder = tmp_path / str(number)
        write_folder(folder, {**files, layout.CHECKPOINT: note})
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", block],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "TSA": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        found.append((done.returncode == 0, "Time stamp:" in done.stdout))
    assert found == [(True, True), (False, False), (False, False)]


def test_the_commands_ask_and_verify(site: Site, serving: Serving, tmp_path: Path) -> None:
    """`export --timestamp-url` has the checkpoint stamped, and `verify --tsa` demands it."""
    write_private(tmp_path / "package.key.pem", PACKAGE)
    write_public(tmp_path / "package.pub.pem", PACKAGE.public_key())
    (tmp_path / "log.vkey").write_text(log_key().vkey)
    tsa = ("--tsa", str(serving.authority.root))
    given = ("--tenant", "acme", "--key", "log.vkey", "--signing-key", "package.key.pem")
    export = ("export", str(site.folder), *given)
    done = evidence(tmp_path, *export, "-o", "p", "--timestamp-url", serving.url, *tsa)
    assert (done.returncode, done.stderr) == (0, "")
    keys = ("--key", "log.vkey", "--package-key", "package.pub.pem")
    read = evidence(tmp_path, "verify", "p", *keys, *tsa, "--format", "json")
    assert (read.returncode, read.stderr) == (0, "")
    assert json.loads(read.stdout)["stamp"]["time"].startswith("20")
    assert "stamped at 20" in evidence(tmp_path, "verify", "p", *keys, *tsa).stdout
    for bad in (("--timestamp-url", serving.url), tsa):
        assert evidence(tmp_path, *export, "-o", "q", *bad).returncode == 1
    down = evidence(tmp_path, *export, "-o", "q", "--timestamp-url", "http://127.0.0.1:1", *tsa)
    assert (down.returncode, down.stderr.split()[1]) == (1, "RF967")
    assert not (tmp_path / "q").exists()
    assert evidence(tmp_path, *export, "-o", "bare").returncode == 0
    assert evidence(tmp_path, "verify", "bare", *keys, *tsa).returncode == 4
