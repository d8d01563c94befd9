"""Signed bundles, the real OPA that judges them, and a server that hands them out."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.bundle.samples import KEYID, Files, bundle_files
from tests.bundle.sidecar import BundleServer, Sidecar

from ringfence.bundle.archive import pack
from ringfence.keys import public_pem
from ringfence.opa import find_opa

Refusal = Callable[..., str]


@pytest.fixture(scope="session")
def key() -> ec.EllipticCurvePrivateKey:
    """Return a P-256 key that anyone may know."""
    return ec.derive_private_key(20_41, ec.SECP256R1())


@pytest.fixture(scope="session")
def stranger() -> ec.EllipticCurvePrivateKey:
    """Return another P-256 key."""
    return ec.derive_private_key(666, ec.SECP256R1())


@pytest.fixture
def files() -> Files:
    """Return the unsigned files of a small bundle."""
    return bundle_files()


@pytest.fixture
def opa_refusal(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> Refusal:
    """Return a function that says why OPA refuses a bundle, or "" where it loads it."""

    def ask(files: Mapping[str, bytes], *, keyid: str = KEYID, algorithm: str = "ES256") -> str:
        (tmp_path / "bundle.tar.gz").write_bytes(pack(files))
        (tmp_path / "pub.pem").write_text(public_pem(key.public_key()))
        command = [str(find_opa()), "build", "--bundle", "bundle.tar.gz", "--output", "out.tar.gz"]
        command += ["--verification-key", "pub.pem", "--signing-alg", algorithm]
        command += ["--verification-key-id", keyid] if keyid else []
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode == 0) == (not done.stdout)
        return done.stdout.strip()

    return ask


@pytest.fixture
def bundle_server() -> Iterator[BundleServer]:
    """Serve bundles on loopback while the test runs."""
    server = BundleServer()
    yield server
    server.close()


@pytest.fixture
def start_sidecar(bundle_server: BundleServer) -> Iterator[Callable[..., Sidecar]]:
    """Return a function that starts OPA on the bundle `shop` with keys and signing options."""
    running: list[Sidecar] = []

    def start(*, keys: Mapping[str, Any], signing: Mapping[str, Any] | None = None) -> Sidecar:
        bundle = {
            "service": "bundles",
            "resource": "shop.tar.gz",
            "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1},
        }
        bundle |= {"signing": dict(signing)} if signing is not None else {}
        running.append(
            Sidecar(
                {
                    "services": {"bundles": {"url": bundle_server.url}},
                    "keys": dict(keys),
                    "bundles": {"shop": bundle},
                    "status": {"prometheus": True},
                }
            )
        )
        return running[-1]

    yield start
    for sidecar in running:
        sidecar.close()
