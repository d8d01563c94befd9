"""A batch of questions to the real OPA, and keys whose seeds anyone may know."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.opa import find_opa
from ringfence.resources import rego_root

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Return a function that evaluates `data.ask.answer` of a module on OPA, in one process."""
    opa = str(find_opa())

    def evaluate(
        module: str, question: object = None, *, modules: Mapping[str, str] | None = None
    ) -> Any:
        directory = tmp_path_factory.mktemp("ask")
        for name, text in (modules or {}).items():
            (directory / name).write_text(text, encoding="utf-8")
        (directory / "ask.rego").write_text(f"package ask\n{module}", encoding="utf-8")
        (directory / "input.json").write_text(_json(question), encoding="utf-8")
        command = [
            opa,
            "eval",
            "--format=json",
            *(f"--data={path}" for path in directory.glob("*.rego")),
        ]
        command += [f"--data={rego_root() / 'lib'}", f"--input={directory / 'input.json'}"]
        done = subprocess.run(
            [*command, "data.ask.answer"], capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode != 0:
            raise OSError(done.stdout + done.stderr)
        result = json.loads(done.stdout).get("result")
        return result[0]["expressions"][0]["value"] if result else None

    return evaluate


def _json(value: object) -> str:
    """Write JSON in which decimals keep every digit."""
    return "".join(_parts(value))


def _parts(value: object) -> Iterator[str]:
    from decimal import Decimal

    match value:
        case Decimal():
            yield format(value, "f")
        case dict():
            for at, (name, member) in enumerate(value.items()):
                yield ("{" if at == 0 else ",") + json.dumps(name) + ":"
                yield from _parts(member)
            yield "}" if value else "{}"
        case list() | tuple():
            for at, item in enumerate(value):
                yield "[" if at == 0 else ","
                yield from _parts(item)
            yield "]" if value else "[]"
        case _:
            yield json.dumps(value)


@pytest.fixture(scope="session")
def keys() -> Mapping[str, Ed25519PrivateKey]:
    """Return a key for each of some names."""
    names = ("lee", "robin", "maria", "scanner", "dev", "stranger")
    return {
        name: Ed25519PrivateKey.from_private_bytes(bytes([at + 1]) * 32)
        for at, name in enumerate(names)
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return an empty policy repository."""
    (tmp_path / "ringfence.yaml").write_text("", encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def trust(keys: Mapping[str, Ed25519PrivateKey]) -> dict[str, Any]:
    """Return compiled trust: lee and robin approve, a scanner attests, each within limits."""
    from ringfence.language.kinds.trust_root import TrustRoot
    from ringfence.trust.root import compile_trust

    def entry(name: str, identity: str, uses: list[str], **limits: Any) -> dict[str, Any]:
        return {
            "kid": name,
            "public": public_x(keys[name]),
            "identity": identity,
            "uses": uses,
            "tenants": ["*"],
            "environments": ["*"],
            "not_before": "2026-01-01T00:00:00Z",
            "not_after": "2027-01-01T00:00:00Z",
            **limits,
        }

    root = TrustRoot.model_validate(
        {
            "max_exception_age": "90d",
            "keys": [
                entry("lee", "user:lee@platform.example", ["approval", "exception"]),
                entry("robin", "user:robin@acme.example", ["approval"], tenants=["acme"]),
                entry("dev", "user:dev@acme.example", ["approval"], environments=["dev"]),
                entry("maria", "user:maria@acme.example", ["approval"]),
                entry("scanner", "service:scanner", ["attestation"], max_lifetime="6h"),
            ],
        }
    )
    return compile_trust([root])


def public_x(key: Ed25519PrivateKey) -> str:
    """Return the `x` of the key's JWK."""
    import base64

    raw = key.public_key().public_bytes_raw()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
