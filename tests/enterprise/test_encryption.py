"""Facts about encrypted packages: only a recipient opens one, and what is opened is verified as any."""

from pathlib import Path

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.export.samples import PACKAGE, trust, verifier
from tests.export.test_tamper import refusal

from ringfence.evidence.error import EvidenceError
from ringfence.evidence.package import Limits
from ringfence.export.archive import pack
from ringfence.export.encryption import encrypt, is_encrypted
from ringfence.export.package_key import PackageKey
from ringfence.export.verify import ExportVerifier


def opening(identity: Path, **limits: int) -> ExportVerifier:
    """Return a verifier with a private key of age."""
    return ExportVerifier(
        trust=trust(),
        package_key=PackageKey(PACKAGE.public_key()),
        identity=identity,
        limits=Limits(**{"depth": 16, "total": 1 << 30, **limits}),
    )


@pytest.fixture
def identity(tmp_path: Path) -> pyrage.x25519.Identity:
    """Make a key, and lay it out as `age-keygen` does."""
    made = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(
        f"# created: 2026\n# public key: {made.to_public()}\n{made}\n"
    )
    return made


@pytest.fixture
def sealed(files: dict[str, bytes], identity: pyrage.x25519.Identity, tmp_path: Path) -> Path:
    """Encrypt the package."""
    path = tmp_path / "p.tar.age"
    path.write_bytes(encrypt(pack(files), recipients=(str(identity.to_public()),)))
    return path


def test_a_recipient_opens_and_verifies(
    files: dict[str, bytes], sealed: Path, tmp_path: Path
) -> None:
    """What comes out is the archive, whose statement is then verified; nothing is left on the disk."""
    before = sorted(tmp_path.iterdir())
    assert is_encrypted(sealed)
    found = opening(tmp_path / "key.txt").verify(sealed)
    assert found.files == len(files)
    assert sorted(tmp_path.iterdir()) == before
    assert b"runner.timeout" not in sealed.read_bytes()


def test_nobody_else_opens_it(sealed: Path, tmp_path: Path) -> None:
    """Without an identity, with another one, with none in the file, and without the file: RF978."""
    other = pyrage.x25519.Identity.generate()
    (tmp_path / "other.txt").write_text(str(other))
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "broken.txt").write_text("AGE-SECRET-KEY-1XXX\n")
    assert refusal(sealed) == "RF978"
    for name in ("other.txt", "empty.txt", "broken.txt", "absent.txt"):
        assert refusal(sealed, opening(tmp_path / name)) == "RF978"


def test_a_package_that_is_not_encrypted_needs_no_identity(
    files: dict[str, bytes], identity: pyrage.x25519.Identity, tmp_path: Path
) -> None:
    """An identity beside a plain archive changes nothing."""
    (tmp_path / "p.tar").write_bytes(pack(files))
    assert opening(tmp_path / "key.txt").verify(tmp_path / "p.tar") == verifier().verify(
        tmp_path / "p.tar"
    )


def test_an_encrypted_package_over_a_limit_is_refused(sealed: Path, tmp_path: Path) -> None:
    """Before it is decrypted."""
    assert refusal(sealed, opening(tmp_path / "key.txt", total=1000)) == "RF938"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 1 << 30), st.integers(1, 255), st.booleans())
def test_an_altered_one_does_not_open(
    sealed: Path, tmp_path: Path, place: int, flip: int, cut: bool
) -> None:
    """A flipped byte anywhere, or a lost end, is found by age itself, or makes it no package."""
    content = bytearray(sealed.read_bytes())
    if cut:
        content = content[: place % len(content)]
    else:
        content[place % len(content)] ^= flip
    (tmp_path / "q.tar.age").write_bytes(content)
    assert refusal(tmp_path / "q.tar.age", opening(tmp_path / "key.txt")) in {
        "RF978", "RF920", "RF934", "RF936", "RF937",
    }  # fmt: skip


@pytest.mark.parametrize("recipient", ["", "age1", "ssh-ed25519 AAAA", "x" * 62])
def test_a_recipient_is_a_public_key_of_age(recipient: str) -> None:
    """Nothing else is encrypted to."""
    with pytest.raises(EvidenceError) as caught:
        encrypt(b"x", recipients=(recipient,))
    assert caught.value.code == "RF975"
