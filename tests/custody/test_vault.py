"""Facts about keys of Vault; a loopback server gives the answers of its transit engine."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ringfence.custody.opening import open_ed25519, open_key, open_p256
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.note import NoteKey, open_note, sign_note
from ringfence.export.package_key import PackageKey
from ringfence.keys import PrivateKey, PublicKey, public_pem

pytest.importorskip("hvac", reason="hvac is not installed")
pytest.importorskip("securesystemslib", reason="securesystemslib is not installed")

KEYS = {n: Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2)}
P256 = ec.derive_private_key(20_41, ec.SECP256R1())
TOKEN = "vault-canary"
TEXT = b"example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def _shown(public: PublicKey) -> str:
    """Return a public key as transit shows it: Ed25519 raw in base64, others in PEM."""
    if isinstance(public, Ed25519PublicKey):
        return base64.b64encode(public.public_bytes_raw()).decode()
    return public_pem(public)


class _Vault(BaseHTTPRequestHandler):
    lies = False

    def do_GET(self) -> None:
        """Answer `transit/keys/NAME`."""
        known: dict[str, tuple[str, Mapping[int, PrivateKey]]] = {
            "/v1/transit/keys/log": ("ed25519", KEYS),
            "/v1/transit/keys/package": ("ecdsa-p256", {1: P256}),
        }
        said = known.get(self.path)
        if said is None or self.headers["X-Vault-Token"] != TOKEN:
            self._send(403, {})
            return
        keys = {str(n): {"public_key": _shown(k.public_key())} for n, k in said[1].items()}
        self._send(200, {"data": {"keys": keys, "type": said[0]}})

    def do_PUT(self) -> None:
        """Answer `transit/sign/NAME`."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        version = asked["key_version"]
        data = base64.b64decode(asked["input"])
        if self.path.startswith("/v1/transit/sign/package"):
            made = P256.sign(data, ec.ECDSA(hashes.SHA256()))
        else:
            made = KEYS[3 - version if _Vault.lies else version].sign(data)
        text = base64.b64encode(made).decode()
        self._send(200, {"data": {"signature": f"vault:v{version}:{text}"}})

    do_POST = do_PUT

    def _send(self, status: int, said: object) -> None:
        body = json.dumps(said if status == 200 else {"errors": [TOKEN]}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve on loopback, and name the server in the environment."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Vault)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    monkeypatch.setattr(_Vault, "lies", False)
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("version", [1, 2])
def test_the_version_that_is_named_signs(vault: None, version: int) -> None:
    """The note opens under the public key of that version, also where it is not the newest."""
    signer = open_ed25519(f"hv:log/{version}", secret=None)
    key = NoteKey("example.com/log", KEYS[version].public_key())
    assert open_note(sign_note(TEXT, name=key.name, key=signer), key=key).text == TEXT


def test_ecdsa_of_vault_is_passed_on_with_a_low_s(vault: None) -> None:
    """Whatever s Vault's DER has, what is passed on is the one form that packages take."""
    signer = open_p256("hv:package/1", secret=None)
    key = PackageKey(P256.public_key())
    assert signer.public_key() == P256.public_key()
    assert all(key.verifies(signer.sign(b"content"), b"content") for _ in range(8))
    assert open_key("hv:package/1", secret=None).public_key() == P256.public_key()
    with pytest.raises(UsageError, match="for ed25519"):
        open_ed25519("hv:package/1", secret=None)


def test_a_signature_of_another_key_is_not_passed_on(
    vault: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Vault answers is verified before it is used."""
    signer = open_ed25519("hv:log/1", secret=None)
    monkeypatch.setattr(_Vault, "lies", True)
    with pytest.raises(EvidenceError, match="RF999"):
        signer.sign(TEXT)


@pytest.mark.parametrize("uri", ["hv:log/3", "hv:other/1"])
def test_what_vault_does_not_give_is_a_usage_error(vault: None, uri: str) -> None:
    """An absent version or key is told, and nothing of the answer is shown."""
    with pytest.raises(UsageError) as caught:
        open_ed25519(uri, secret=None)
    assert TOKEN not in f"{caught.value.message} {caught.value.help}"


def test_a_vault_that_is_gone_is_an_evidence_error(
    vault: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature that cannot be had is one error, by which the ledger tries again later."""
    signer = open_ed25519("hv:log/1", secret=None)
    monkeypatch.setattr(_Vault, "do_PUT", lambda self: self._send(503, {}))
    monkeypatch.setattr(_Vault, "do_POST", lambda self: self._send(503, {}))
    with pytest.raises(EvidenceError, match="RF999 Vault does not sign") as caught:
        signer.sign(TEXT)
    assert TOKEN not in str(caught.value)
