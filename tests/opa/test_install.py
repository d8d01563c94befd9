"""The order in which an OPA is looked for, downloaded or built."""

import dataclasses
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.errors import OpaError
from ringfence.opa.install import OPA, REGAL, Tool, build, install, platform_name, provide

from .peers import Site, content, program

TEXT = "#!/bin/sh\necho 'Version: 1.22.0'\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take away every OPA and Go of this machine."""
    monkeypatch.setenv("RINGFENCE_TOOLS", str(tmp_path / "tools"))
    (tmp_path / "bin").mkdir()
    for name in ("cat", "sh"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def go(folder: Path, script: str) -> None:
    """Put a `go` on PATH that writes down how it was called, then runs a script."""
    folder.joinpath("go").write_text(
        f'#!/bin/sh\ncat go.mod > "{folder}/../go.mod"\n'
        f'echo "$GOFLAGS $*" > "{folder}/../called"\n{script}\n'
    )
    folder.joinpath("go").chmod(0o755)


WRITES = f'cat > "$4" <<"END"\n{TEXT}END\n/bin/chmod 755 "$4"'


def test_a_new_enough_one_on_path_is_taken(bare: Path) -> None:
    """An OPA on PATH that is new enough is not installed again."""
    found = program(bare / "bin/opa", "Version: 1.21.3")
    assert install(OPA) == found
    assert provide(OPA).resolve() == found
    assert provide(OPA) == bare / "tools/opa"


def test_a_too_old_one_on_path_is_passed_over(bare: Path) -> None:
    """An OPA that is too old leads to a build of the pinned version."""
    program(bare / "bin/opa", "Version: 1.21.2")
    go(bare / "bin", WRITES)
    assert install(OPA) == bare / "tools/opa"


def test_the_pinned_module_is_built_through_one_that_requires_it(bare: Path) -> None:
    """Go is asked to build the pinned version, from a module of its own, and once only."""
    go(bare / "bin", WRITES)
    assert install(OPA).read_text() == TEXT
    assert (bare / "go.mod").read_text().splitlines()[-1] == f"require {OPA.module} {OPA.version}"
    called = (bare / "called").read_text()
    assert called.startswith("-mod=mod")
    assert called.rstrip().endswith(OPA.module)
    (bare / "called").unlink()
    assert install(OPA) == bare / "tools/opa"
    assert not (bare / "called").exists()


def test_another_pinned_version_is_installed_anew(bare: Path) -> None:
    """A tool of another version than the pinned one does not count as installed."""
    go(bare / "bin", WRITES)
    install(REGAL)
    (bare / "called").unlink()
    install(dataclasses.replace(REGAL, version="v0.43.0"))
    assert "v0.43.0" in (bare / "go.mod").read_text()
    assert (bare / "called").exists()


@pytest.mark.parametrize("broken", ["", "#!/bin/sh\nexit 1\n", "#!/bin/sh\necho Version: 1.9.0\n"])
def test_a_broken_installation_is_replaced(bare: Path, broken: str) -> None:
    """What is in our directory and does not run as OPA is built again."""
    go(bare / "bin", WRITES)
    target = install(OPA)
    target.write_text(broken)
    assert install(OPA).read_text() == TEXT


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'no such module' >&2; exit 1", "could not be built: no such module"),
        ("exit 1", "could not be built: no output"),
        (WRITES.replace("1.22.0", "1.9.0"), r"is OPA 1\.9\.0"),
    ],
)
def test_a_failed_build_leaves_nothing(bare: Path, script: str, told: str) -> None:
    """A build that fails, or makes something else, is told in Go's last line."""
    go(bare / "bin", script)
    with pytest.raises(OpaError, match=told):
        build(OPA, target=bare / "tools/opa")
    assert list((bare / "tools").iterdir()) == []


def test_without_a_digest_and_without_go_both_are_told() -> None:
    """No digest is invented: the message says that none is pinned for the platform."""
    with pytest.raises(OpaError, match=f"no pinned digest for {platform_name()}.*no `go`") as told:
        install(OPA)
    assert "--sha256" in told.value.help


def test_a_mirror_needs_a_digest(bare: Path) -> None:
    """A file from a URL is taken with the digest given, or the pinned one, or not at all."""
    with Site(content(TEXT.encode())) as site:
        with pytest.raises(OpaError, match="no pinned digest"):
            install(OPA, url=site.url)
        assert site.asked == []
        assert install(OPA, url=site.url, sha256=SHA256) == bare / "tools/opa"
        pinned = dataclasses.replace(OPA, digests={platform_name(): SHA256})
        assert install(pinned, url=site.url) == bare / "tools/opa"
        wrong = dataclasses.replace(OPA, digests={platform_name(): "0" * 64})
        with pytest.raises(OpaError, match="has SHA-256"):
            install(wrong, url=site.url)


def test_a_mirror_of_another_program_is_refused(bare: Path) -> None:
    """A file whose digest is right must still be an OPA that is new enough."""
    old = TEXT.replace("1.22.0", "1.9.0").encode()
    with Site(content(old)) as site, pytest.raises(OpaError, match=r"is OPA 1\.9\.0"):
        install(OPA, url=site.url, sha256=hashlib.sha256(old).hexdigest())
    assert list((bare / "tools").iterdir()) == []


@pytest.mark.parametrize("tool", [OPA, REGAL])
def test_pinned_digests_are_of_released_assets(tool: Tool) -> None:
    """Every digest is a SHA-256 and belongs to an asset of the release."""
    assert set(tool.digests) <= set(tool.assets)
    assert all(len(bytes.fromhex(one)) == 32 for one in tool.digests.values())


def test_the_command_downloads_from_a_mirror(bare: Path) -> None:
    """`ringfence opa install --from` prints the path, and its mistakes have help and exit 1."""
    command = [sys.executable, "-m", "ringfence.cli.main", "opa", "install", "--from"]
    with Site(content(TEXT.encode())) as site:
        right = subprocess.run(
            [*command, site.url, "--sha256", SHA256], capture_output=True, text=True, check=False
        )
        wrong = subprocess.run(
            [*command, site.url, "--sha256", "0" * 64], capture_output=True, text=True, check=False
        )
    assert (right.returncode, right.stdout) == (0, f"{bare / 'tools/opa'}\n")
    assert wrong.returncode == 1
    assert [line.split(":")[0] for line in wrong.stderr.splitlines()] == ["error", "help"]
