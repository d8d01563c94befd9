"""Facts about the policy in a package: bundles are those that decided, and of these tenants only."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.export.samples import LOG, ORIGIN, STRANGER, THEN, decided, package, resigned, verifier
from tests.export.test_tamper import refusals
from tests.ledger.samples import Clock

from ringfence.bundle.archive import pack, unpack
from ringfence.cli.build import command as build
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.export import layout
from ringfence.export.folder import write_folder
from ringfence.export.policy import revision_of, source_files
from ringfence.keys import generate, write_private
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

EXAMPLE = Path(__file__).parents[2] / "examples" / "data-platform"
NAME = "policy/bundle-1.tar.gz"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the example's signed bundle of all tenants, and a slice for each."""
    folder = tmp_path_factory.mktemp("built")
    write_private(folder / "key.pem", generate("es256"))
    arguments = [str(EXAMPLE), "-o", str(folder / "out"), "--release", "runtime", "--env", "prod",
                 "--signing-key", str(folder / "key.pem"), "--slices"]  # fmt: skip
    done = CliRunner().invoke(build, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.fixture(scope="module")
def ledger(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a ledger of decisions by both bundles."""
    folder = tmp_path_factory.mktemp("decided") / "ledger"
    made = Ledger.create(
        folder, origin=ORIGIN, settings=Settings(keys=(LOG,), clock=Clock(now=THEN))
    )
    names = ("runtime-acme.tar.gz", "runtime.tar.gz")
    revisions = [_revision(built / name) for name in names]
    made.append([decided(n, bundles={"runtime": one}) for n, one in enumerate(revisions)])
    made.checkpoint()
    made.close()
    return folder


def _revision(archive: Path) -> str:
    found: str = json.loads(unpack(archive.read_bytes())[".manifest"])["revision"]
    return found


def test_the_slice_that_decided_goes_along(ledger: Path, built: Path, tmp_path: Path) -> None:
    """The revision is computed anew from the bundle's files, and is the one that the records name."""
    archive = (built / "runtime-acme.tar.gz").read_bytes()
    files = package(ledger, bundles=(archive,))
    assert files[NAME] == archive
    assert revision_of(archive) == _revision(built / "runtime-acme.tar.gz")
    write_folder(tmp_path / "p", files)
    assert verifier().verify(tmp_path / "p").said["policy"] == {NAME: revision_of(archive)}
    assert revision_of(archive) in files[layout.SUMMARY_HTML].decode()


def test_a_bundle_of_other_tenants_does_not(ledger: Path, built: Path) -> None:
    """The bundle of all tenants decided too, but holds what is not the tenant's."""
    with pytest.raises(EvidenceError) as caught:
        package(ledger, bundles=((built / "runtime.tar.gz").read_bytes(),))
    assert caught.value.code == "RF960"


def _altered(archive: bytes) -> bytes:
    files = unpack(archive)
    files["ringfence/params/data.json"] = b"{}"
    return pack(files)


@pytest.mark.parametrize("other", ["another tenant's", "altered", "no bundle", "empty"])
def test_what_did_not_decide_is_refused(ledger: Path, built: Path, other: str) -> None:
    """Neither an exporter by mistake nor one by intent passes a bundle that no record names."""
    archive = {
        "another tenant's": (built / "runtime-globex.tar.gz").read_bytes(),
        "altered": _altered((built / "runtime-acme.tar.gz").read_bytes()),
        "no bundle": pack({"x": b"{}"}),
        "empty": b"",
    }[other]
    with pytest.raises(EvidenceError) as caught:
        package(ledger, bundles=(archive,))
    assert caught.value.code == "RF965"


def test_a_dishonest_exporter_is_caught(ledger: Path, built: Path, tmp_path: Path) -> None:
    """A bundle put in or exchanged under a new statement is refused by whoever verifies."""
    archive = (built / "runtime-acme.tar.gz").read_bytes()
    files, bare = package(ledger, bundles=(archive,)), package(ledger)
    altered = files | {NAME: _altered(archive)}
    assert refusals(resigned(altered), tmp_path) == {"RF965"}
    assert refusals(resigned(bare | {NAME: archive}), tmp_path) == {"RF927"}
    other = (built / "runtime-globex.tar.gz").read_bytes()
    forged = resigned(bare | {NAME: other}, policy={NAME: revision_of(other)})
    assert refusals(forged, tmp_path) == {"RF965"}


def test_any_bundle_raises_only_verify_errors(built: Path) -> None:
    """A bundle that is cut off anywhere, or is too large, is RF965."""
    archive = (built / "runtime-acme.tar.gz").read_bytes()
    for broken in (archive[:100], archive[:-9], archive + b"x", bytes(17 << 20)):
        with pytest.raises(VerifyError) as caught:
            revision_of(broken)
        assert caught.value.code == "RF965"


def test_sources_are_the_platforms_and_the_tenants(ledger: Path, tmp_path: Path) -> None:
    """The YAML of other tenants stays where it is; what is taken is verified byte by byte."""
    taken = source_files(EXAMPLE, tenants=frozenset({"acme"}))
    assert all(taken[name] == _source(name).read_bytes() for name in taken)
    tops = {name.split("/")[2] for name in taken}
    assert tops == {"platform", "releases", "ringfence.yaml", "tenants", "exceptions"}
    assert not any("globex" in name or "initech" in name for name in taken)
    files = package(ledger, files=taken)
    write_folder(tmp_path / "p", files)
    found = verifier().verify(tmp_path / "p")
    assert any("that `policy/sources/` is what" in one for one in found.not_shown)


def _source(name: str) -> Path:
    return EXAMPLE / name.removeprefix("policy/sources/")


@pytest.mark.parametrize("tenant", ["..", ".", "", "../tenants/globex", "/", "*"])
def test_a_tenants_name_leads_nowhere(tenant: str, tmp_path: Path) -> None:
    """A workload may call itself what it likes: that opens no folder beside its own."""
    taken = source_files(EXAMPLE, tenants=frozenset({tenant}))
    assert {name.split("/")[2] for name in taken} == {"platform", "releases", "ringfence.yaml"}


def test_links_in_a_repository_are_not_followed(tmp_path: Path) -> None:
    """A link to a file or folder elsewhere does not bring it into a package."""
    secret = tmp_path / "secret.yaml"
    secret.write_text("canary")
    tenant = tmp_path / "repository" / "tenants" / "acme"
    tenant.mkdir(parents=True)
    (tenant / "link.yaml").symlink_to(secret)
    (tenant / "up").symlink_to(tmp_path)
    (tmp_path / "repository" / "platform").symlink_to(tmp_path)
    assert source_files(tmp_path / "repository", tenants=frozenset({"acme"})) == {}


def test_a_strangers_package_key_does_not_help(ledger: Path, built: Path, tmp_path: Path) -> None:
    """The bundle's revision counts only under the trusted key."""
    archive = (built / "runtime-acme.tar.gz").read_bytes()
    files = package(ledger, bundles=(archive,), key=STRANGER)
    assert refusals(files, tmp_path) == {"RF928"}
