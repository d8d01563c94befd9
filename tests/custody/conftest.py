"""A SoftHSM token with an Ed25519 key, and a server that speaks as Vault's transit engine does."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = "pin-canary-4711"
_EDWARDS25519 = b"\x13\x0cedwards25519"


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its module, and the URIs of its keys.

    `uri` is the Ed25519 key `log`, `p256` the key `package` on P-256, `weak` one on P-384, and `both`
    the label of a key of either kind.
    """

    module: str
    uri: str
    p256: str
    weak: str
    both: str


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """Make a token with keys; the module reads its folder from the environment, once a process."""
    module = next((one for one in MODULES if Path(one).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM 2 is not installed")
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "ours"]
        command += ["--so-pin", "12345678", "--pin", PIN]
        subprocess.run(command, check=True, capture_output=True, env=os.environ)
        opened = pkcs11.lib(module).get_token(token_label="ours")
        with opened.open(user_pin=PIN, rw=True) as session:
            kind, point = pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: _EDWARDS25519}
            for number, label in enumerate(("log", "next", "both"), start=1):
                made = session.create_domain_parameters(kind, point, local=True)
                made.generate_keypair(store=True, label=label, id=bytes([number]))
            from pkcs11.util.ec import encode_named_curve_parameters

            for label, name in (
                ("package", "secp256r1"),
                ("both", "secp256r1"),
                ("weak", "secp384r1"),
            ):
                curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(name)}
                place = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
                place.generate_keypair(store=True, label=label)
        base = f"?module-path={module}"
        yield Token(
            module=module,
            uri=f"pkcs11:token=ours;object=log{base}",
            p256=f"pkcs11:token=ours;object=package{base}",
            weak=f"pkcs11:token=ours;object=weak{base}",
            both=f"pkcs11:token=ours;object=both{base}",
        )
