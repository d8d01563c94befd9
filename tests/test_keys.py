"""Facts about keys and `ringfence keygen`."""

import json
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ringfence.cli.keygen import command
from ringfence.errors import UsageError
from ringfence.keys import (
    KeyKind,
    generate,
    load_private,
    load_public,
    public_jwk,
    read_passphrase,
    thumbprint,
    write_private,
    write_public,
)
from ringfence.language.kinds.trust_root import TrustRoot

KINDS: tuple[KeyKind, ...] = ("es256", "ed25519")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_key_is_read_as_written(kind: KeyKind, passphrase: bytes | None, tmp_path: Path) -> None:
    """A key and its public half come back, with and without a passphrase."""
    key = generate(kind)
    write_private(tmp_path / "k.pem", key, passphrase=passphrase)
    write_public(tmp_path / "p.pem", key.public_key())
    again = load_private(tmp_path / "k.pem", passphrase=passphrase)
    assert public_jwk(again.public_key()) == public_jwk(key.public_key())
    assert public_jwk(load_public(tmp_path / "p.pem")) == public_jwk(key.public_key())


def test_private_key_is_its_owners_only(tmp_path: Path) -> None:
    """The file has mode 0600 whatever the umask, and nothing else is left beside it."""
    write_private(tmp_path / "k.pem", generate("ed25519"))
    assert stat.S_IMODE((tmp_path / "k.pem").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["k.pem"]


@pytest.mark.parametrize("target", ["file", "dangling link"])
def test_nothing_is_overwritten(tmp_path: Path, target: str) -> None:
    """An existing file, or a link that waits for one, is refused and left as it was."""
    path, other = tmp_path / "k.pem", tmp_path / "other"
    if target == "file":
        path.write_bytes(b"mine")
    else:
        path.symlink_to(other)
    with pytest.raises(UsageError, match="exists"):
        write_private(path, generate("es256"))
    assert path.read_bytes() == b"mine" if target == "file" else not other.exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_thumbprint_is_rfc_7638s() -> None:
    """The example of RFC 8037, appendix A.3 has the thumbprint that stands there."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
    assert public_jwk(key)["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_coordinates_keep_leading_zeros() -> None:
    """The coordinates of P-256 are 32 bytes each, also where they begin with zeros."""
    keys = (ec.derive_private_key(n, ec.SECP256R1()).public_key() for n in range(1, 600))
    jwks = [public_jwk(key) for key in keys]
    assert {(len(jwk["x"]), len(jwk["y"])) for jwk in jwks} == {(43, 43)}
    assert any(jwk["x"].startswith("A") for jwk in jwks)


def test_openssl_reads_our_keys(tmp_path: Path) -> None:
    """The files are what openssl takes for P-256 and Ed25519 keys."""
    names = ("prime256v1", "ED25519 Private-Key")
    for kind, name in zip(KINDS, names, strict=True):
        write_private(tmp_path / kind, generate(kind), passphrase=b"x")
        shell = [
            "openssl",
            "pkey",
            "-in",
            str(tmp_path / kind),
            "-passin",
            "pass:x",
            "-noout",
            "-text",
        ]
        done = subprocess.run(shell, capture_output=True, text=True, check=True)
        assert name in done.stdout


def test_passphrase_mistakes_are_told(tmp_path: Path) -> None:
    """A wrong, missing, empty or needless passphrase is a usage error."""
    locked, plain = tmp_path / "locked", tmp_path / "plain"
    write_private(locked, generate("es256"), passphrase=b"right")
    write_private(plain, generate("es256"))
    with pytest.raises(UsageError, match="the passphrase is wrong"):
        load_private(locked, passphrase=b"wrong")
    with pytest.raises(UsageError, match="is encrypted"):
        load_private(locked)
    with pytest.raises(UsageError, match="is not encrypted"):
        load_private(plain, passphrase=b"x")
    with pytest.raises(UsageError, match="passphrase is empty"):
        write_private(tmp_path / "new", generate("es256"), passphrase=b"")


def test_other_keys_are_refused(tmp_path: Path) -> None:
    """RSA, other curves, public for private, and nonsense are refused without showing their bytes."""
    pem, no = serialization.Encoding.PEM, serialization.NoEncryption()
    pkcs8, spki = serialization.PrivateFormat.PKCS8, serialization.PublicFormat.SubjectPublicKeyInfo
    for other in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        (tmp_path / "k").write_bytes(other.private_bytes(pem, pkcs8, no))
        (tmp_path / "p").write_bytes(other.public_key().public_bytes(pem, spki))
        with pytest.raises(UsageError, match="neither a P-256 nor an Ed25519 key"):
            load_private(tmp_path / "k")
        with pytest.raises(UsageError, match="neither a P-256 nor an Ed25519 key"):
            load_public(tmp_path / "p")
    for load in (load_private, load_public):
        (tmp_path / "x").write_bytes(b"top-secret")
        with pytest.raises(UsageError) as caught:
            load(tmp_path / "x")
        assert "top-secret" not in caught.value.message + caught.value.help
        with pytest.raises(UsageError, match="cannot read"):
            load(tmp_path / "absent")


def keygen(*arguments: object) -> str:
    """Return what `ringfence keygen` prints."""
    result = CliRunner().invoke(command, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_keygen_writes_both_halves(kind: KeyKind, tmp_path: Path) -> None:
    """`keygen` makes the folder, writes both files, and prints where they are and the key id."""
    out = tmp_path / "keys"
    found = json.loads(keygen("--type", kind, "--out", out, "--name", "prod", "--format", "json"))
    key = load_private(out / "prod.key.pem").public_key()
    assert found["keyid"] == thumbprint(key) == thumbprint(load_public(out / "prod.pub.pem"))
    assert found["jwk"] == public_jwk(key)
    assert (found["private"], found["public"]) == (
        str(out / "prod.key.pem"),
        str(out / "prod.pub.pem"),
    )


def test_keygen_prints_what_a_trust_root_takes(tmp_path: Path) -> None:
    """The printed entry is one of a TrustRoot, as it stands."""
    printed = keygen("--type", "ed25519", "--out", tmp_path, "--name", "lee")
    entries = yaml.load(printed.split("TrustRoot:\n\n")[1], yaml.BaseLoader)
    root = TrustRoot.model_validate({"max_exception_age": "90d", "keys": entries})
    key = load_public(tmp_path / "lee.pub.pem")
    assert (root.keys[0].kid, root.keys[0].public) == (thumbprint(key), public_jwk(key)["x"])


def test_keygen_takes_a_passphrase_from_a_file(tmp_path: Path) -> None:
    """The first line of the file, without its end, is the passphrase."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"correct horse\nnot this\n")
    keygen("--type", "es256", "--out", tmp_path, "--name", "k", "--passphrase-file", secret)
    load_private(tmp_path / "k.key.pem", passphrase=b"correct horse")


def test_keygen_takes_a_passphrase_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The value of the named variable, whole, is the passphrase."""
    monkeypatch.setenv("KEY_PASSPHRASE", " with spaces ")
    keygen("--type", "ed25519", "-o", tmp_path, "--passphrase-env", "KEY_PASSPHRASE")
    load_private(tmp_path / "ed25519.key.pem", passphrase=b" with spaces ")


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [(b"a b \n", b"a b "), (b"a\r\nb", b"a"), (b" a", b" a"), (b"\xff\n", b"\xff")],
)
def test_passphrase_is_the_first_line(content: bytes, passphrase: bytes, tmp_path: Path) -> None:
    """Only the line's end is left out: spaces belong to the passphrase."""
    (tmp_path / "p").write_bytes(content)
    assert read_passphrase(file=tmp_path / "p") == passphrase


def test_passphrase_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unset variable, an empty passphrase, an absent file and two sources are usage errors."""
    empty = tmp_path / "empty"
    empty.write_bytes(b"\nsecond line\n")
    monkeypatch.delenv("KEY_PASSPHRASE", raising=False)
    with pytest.raises(UsageError, match="`KEY_PASSPHRASE` is not set"):
        read_passphrase(variable="KEY_PASSPHRASE")
    monkeypatch.setenv("KEY_PASSPHRASE", "")
    with pytest.raises(UsageError, match="passphrase is empty"):
        read_passphrase(variable="KEY_PASSPHRASE")
    with pytest.raises(UsageError, match="passphrase is empty"):
        read_passphrase(file=empty)
    with pytest.raises(UsageError, match="cannot read"):
        read_passphrase(file=tmp_path / "absent")
    with pytest.raises(UsageError, match="file and a passphrase variable"):
        read_passphrase(file=empty, variable="KEY_PASSPHRASE")
    assert read_passphrase() is None


@pytest.mark.parametrize("kind", KINDS)
def test_keygen_takes_a_key_id(kind: KeyKind, tmp_path: Path) -> None:
    """A given key id is printed, and stands in the entry of a TrustRoot."""
    printed = keygen("--type", kind, "-o", tmp_path, "--keyid", "prod-1", "--format", "json")
    found = json.loads(printed)
    assert found["keyid"] == "prod-1"
    assert found["private"] == str(tmp_path / f"{kind}.key.pem")
    assert ('- kid: "prod-1"\n' in found.get("trust_root", "")) == (kind == "ed25519")


@pytest.mark.parametrize("keyid", ["", "a b", 'a"b', "a\n", "x" * 65])
def test_keygen_refuses_key_ids_that_no_trust_root_takes(tmp_path: Path, keyid: str) -> None:
    """A key id is refused before any file is written."""
    with pytest.raises(UsageError, match="is not a key id"):
        keygen("--type", "ed25519", "-o", tmp_path, "--keyid", keyid)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["k.key.pem", "k.pub.pem"])
def test_keygen_replaces_neither_half(tmp_path: Path, taken: str) -> None:
    """Where either file exists, nothing is written."""
    (tmp_path / taken).write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists"):
        keygen("--type", "es256", "--out", tmp_path, "--name", "k")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {taken: b"mine"}


def test_keygen_says_where_it_cannot_write(tmp_path: Path) -> None:
    """A folder that cannot be made is a usage error."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot make the folder"):
        keygen("--type", "es256", "--out", tmp_path / "file" / "keys", "--name", "k")


@pytest.mark.parametrize("name", ["../k", "a/b", "", ".k", "k\n"])
def test_keygen_refuses_names_that_are_paths(tmp_path: Path, name: str) -> None:
    """A name stays in its folder."""
    with pytest.raises(UsageError, match="is not a name for a key"):
        keygen("--type", "es256", "--out", tmp_path, "--name", name)
