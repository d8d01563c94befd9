"""Keys that anyone may know, and the trust root that counts them, for tests on the real OPA."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.keys import public_jwk
from ringfence.trust.written import write_document

__all__ = ["IDENTITIES", "key_of", "trust_root"]

# Each key id and whose it is.
IDENTITIES = {
    "lee": "user:lee@platform.example",
    "robin": "user:robin@platform.example",
    "maria": "user:maria@acme.example",
    "scanner": "service:scanner@platform.example",
    "globex-only": "user:lee@platform.example",
    "staging-only": "user:lee@platform.example",
    "old": "user:lee@platform.example",
    "retired": "user:lee@platform.example",
}
_PEOPLE = (*IDENTITIES, "stranger")
_REVIEWERS = ("user:lee@platform.example", "user:robin@platform.example")


def key_of(kid: str) -> Ed25519PrivateKey:
    """Return the private key of an id; `stranger` has one that no trust root names."""
    return Ed25519PrivateKey.from_private_bytes(bytes([_PEOPLE.index(kid) + 101]) * 32)


def trust_root() -> str:
    """Return the trust root as YAML."""
    keys = [_key(kid) for kid in IDENTITIES]
    spec = {"max_exception_age": "31d", "max_lifetime": {"approval": "7d", "attestation": "1d"}}
    head = write_document(
        "TrustRoot",
        metadata={"name": "trust", "scope": "platform", "owner": "platform"},
        spec=spec,
    )
    return head + "  keys:\n" + "".join(keys)


def _groups(kid: str) -> Sequence[str]:
    return ['"group:policy-reviewers"'] if IDENTITIES[kid] in _REVIEWERS else []


def _key(kid: str) -> str:
    def listed(*names: str) -> str:
        return f"[{', '.join(names)}]"

    uses: Sequence[str] = ["attestation"] if kid == "scanner" else ["approval", "exception"]
    lines = (
        f"kid: {kid}",
        f'public: "{public_jwk(key_of(kid).public_key())["x"]}"',
        f'identity: "{IDENTITIES[kid]}"',
        f"uses: {listed(*uses)}",
        f"groups: {listed(*_groups(kid))}",
        f"tenants: {listed('globex' if kid == 'globex-only' else chr(34) + '*' + chr(34))}",
        f"environments: {listed('staging' if kid == 'staging-only' else chr(34) + '*' + chr(34))}",
        'not_before: "2026-01-01T00:00:00Z"',
        f'not_after: "{"2026-06-01" if kid == "old" else "2027-01-01"}T00:00:00Z"',
    )
    return "    - " + "\n      ".join(lines) + "\n"
