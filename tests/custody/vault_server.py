"""A real Vault or OpenBao for tests: `python -m tests.custody.vault_server` builds Vault 1.13.0.

That version is under MPL-2.0, and those since 1.15 are not. It is found as `vault` in the folder of tools,
or by RINGFENCE_VAULT, which may name another version, or OpenBao's `bao`.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from ringfence.opa.find import tools_directory

__all__ = ["VaultServer", "find_vault", "started"]

# Vault is built with an SDK from a folder beside it, which is no part of the module; with the one that it
# requires, 1.13.0 builds and runs, and 1.14 does not. One of its libraries carries a certificate with a
# negative serial number.
_MODULE = """\
module build

go 1.24

godebug x509negativeserial=1

require github.com/hashicorp/vault v1.13.0
"""


@dataclass(frozen=True, slots=True)
class VaultServer:
    """A server on loopback, what its program says of itself, and the token that may do everything."""

    url: str
    version: str
    token: str

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        """Send a request as any client does, and return the answer's `data`."""
        answer = requests.post(
            f"{self.url}/v1/{path}", json=body, headers={"X-Vault-Token": self.token}, timeout=30
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["data"] if answer.content else {}
        return found

    def limited_token(self, name: str) -> str:
        """Return a token that may only read one key of transit and sign with it."""
        rules = "\n".join(
            f'path "transit/{what}/{name}" {{ capabilities = ["{may}"] }}'
            for what, may in (("keys", "read"), ("sign", "update"))
        )
        self.ask(f"sys/policies/acl/signs-{name}", policy=rules)
        answer = requests.post(
            f"{self.url}/v1/auth/token/create",
            json={"policies": [f"signs-{name}"], "no_default_policy": True},
            headers={"X-Vault-Token": self.token},
            timeout=30,
        )
        return str(answer.json()["auth"]["client_token"])


def find_vault() -> Path | None:
    """Return the program, where it is installed."""
    named = os.environ.get("RINGFENCE_VAULT")
    found = Path(named) if named else tools_directory() / "vault"
    return found if found.is_file() else None


@contextmanager
def started(program: Path) -> Iterator[VaultServer]:
    """Serve in memory on loopback at a free port, with an empty transit engine."""
    token = "vault-root-canary"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    said = subprocess.run([str(program), "version"], capture_output=True, text=True, check=True)
    command = [
        str(program), "server", "-dev", f"-dev-listen-address=127.0.0.1:{port}",
        f"-dev-root-token-id={token}", "-dev-no-store-token", "-log-level=error",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        # The root token is printed once the server is unsealed and answers.
        if not any(line.startswith("Root Token") for line in process.stdout):
            raise OSError("the server did not start")
        try:
            server = VaultServer(f"http://127.0.0.1:{port}", said.stdout.strip(), token)
            server.ask("sys/mounts/transit", type="transit")
            yield server
        finally:
            process.kill()


def build() -> Path:
    """Build Vault into the folder of tools with Go, which takes five to ten minutes on two cores."""
    go, target = shutil.which("go"), tools_directory() / "vault"
    if go is None:
        raise SystemExit("no `go` on PATH")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-vault-") as folder:
        (Path(folder) / "go.mod").write_text(_MODULE)
        flags = {"GOFLAGS": "-mod=mod -buildvcs=false", "CGO_ENABLED": "0", "GOWORK": "off"}
        module = "github.com/hashicorp/vault"
        command = [go, "build", "-p", "2", "-trimpath", "-o", "vault", module]
        subprocess.run(command, cwd=folder, env=os.environ | flags, check=True)
        (Path(folder) / "vault").replace(target)
    return target


if __name__ == "__main__":
    print(build())
