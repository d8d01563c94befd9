"""A timestamp authority on loopback: openssl's own, with certificates made for a test."""

import datetime
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OPENSSL = shutil.which("openssl")
_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True, slots=True)
class Authority:
    """A folder with a root, a certificate for timestamps under it, and openssl's configuration."""

    folder: Path

    @property
    def root(self) -> Path:
        """Return the file with the root's certificate."""
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        """Let openssl answer a query."""
        (self.folder / "query.tsq").write_bytes(query)
        command = [str(OPENSSL), "ts", "-reply", "-config", "tsa.cnf", "-section", "one",
                   "-queryfile", "query.tsq", "-out", "answer.tsr"]  # fmt: skip
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "answer.tsr").read_bytes()

    def stamp(self, content: bytes, *, digest: str = "sha256") -> bytes:
        """Let openssl ask and answer, without any client of ours."""
        (self.folder / "content").write_bytes(content)
        command = [str(OPENSSL), "ts", "-query", "-data", "content", f"-{digest}", "-cert",
                   "-out", "own.tsq"]  # fmt: skip
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return self.answer((self.folder / "own.tsq").read_bytes())


def make_authority(
    folder: Path,
    *,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
    days: int = 30,
) -> Authority:
    """Make keys and certificates; with negative `days` the authority's own has expired."""
    folder.mkdir()
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    root_name, name = _name(f"root of {folder.name}"), _name(folder.name)
    root = _signed(
        x509.CertificateBuilder()
        .subject_name(root_name)
        .issuer_name(root_name)
        .public_key(root_key.public_key())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=400))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False
        ),
        root_key,
    )
    leaf = _signed(
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(root_name)
        .public_key(key.public_key())
        .not_valid_before(now - datetime.timedelta(days=300))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        ),
        root_key,
    )
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(root.public_bytes(pem))
    (folder / "tsa.pem").write_bytes(leaf.public_bytes(pem))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    return Authority(folder)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.serial_number(x509.random_serial_number()).sign(key, hashes.SHA256())


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answer queries with what a function gives for them."""

    def __init__(self, serving: "Serving", *arguments: object, **named: object) -> None:
        self._serving = serving
        super().__init__(*arguments, **named)  # type: ignore[arg-type] # as the server calls it

    def do_POST(self) -> None:
        query = self.rfile.read(int(self.headers["Content-Length"]))
        self._serving.queries.append((self.headers["Content-Type"], query))
        content = self._serving.authority.answer(query)
        if self._serving.replay:
            content = self._serving.replay
        self.send_response(self._serving.status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class Serving:
    """A served authority. `replay` is answered instead, and `status` told."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.queries: list[tuple[str, bytes]] = []
        self.replay = b""
        self.status = 200
        self.url = ""


@contextmanager
def serve(authority: Authority) -> Iterator[Serving]:
    """Serve an authority on a free loopback port until the block ends."""
    serving = Serving(authority)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, serving))
    serving.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield serving
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
