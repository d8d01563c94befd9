"""Facts about OPA itself that our bundles and its locked configuration stand on."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.bundle.samples import KEYID, bundle_files, signed
from tests.bundle.sidecar import BundleServer, Sidecar

from ringfence.bundle.archive import pack
from ringfence.bundle.sign import sign, verify_signature
from ringfence.keys import public_pem

Start = Callable[..., Sidecar]


def es256(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Return the entry of a key in OPA's configuration."""
    return {"algorithm": "ES256", "key": public_pem(key.public_key())}


def test_signed_bundle_is_activated(
    start_sidecar: Start, bundle_server: BundleServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """OPA serves what we packed and signed, under a pinned key id."""
    bundle_server.content["shop.tar.gz"] = pack(signed(bundle_files(), key=key))
    sidecar = start_sidecar(keys={KEYID: es256(key)}, signing={"keyid": KEYID})
    sidecar.activated("r1")
    assert sidecar.ask("shop/main/limit") == 8


def test_old_signed_bundle_is_activated_silently(
    start_sidecar: Start, bundle_server: BundleServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """OPA goes back to an older bundle with a valid signature, without a word in its status or log.

    This is why the live bundle names the release that is due.
    """
    old, new = (
        pack(signed(bundle_files(revision=revision, limit=limit), key=key))
        for revision, limit in (("r1", 100), ("r2", 8))
    )
    bundle_server.content["shop.tar.gz"] = new
    sidecar = start_sidecar(keys={KEYID: es256(key)}, signing={"keyid": KEYID})
    sidecar.activated("r2")
    bundle_server.content["shop.tar.gz"] = old
    status = sidecar.activated("r1")
    assert sidecar.ask("shop/main/limit") == 100
    assert "message" not in status
    assert "bundle" not in sidecar.log.read_text().lower()


@pytest.mark.parametrize("signing", [{"keyid": KEYID}, {}], ids=["pinned", "not pinned"])
def test_unsigned_bundle_is_refused_where_signing_is_configured(
    start_sidecar: Start,
    bundle_server: BundleServer,
    key: ec.EllipticCurvePrivateKey,
    signing: dict[str, str],
) -> None:
    """An unsigned bundle is refused as soon as the bundle has a `signing` block, pinned or not."""
    bundle_server.content["shop.tar.gz"] = pack(bundle_files())
    sidecar = start_sidecar(keys={KEYID: es256(key), "other": es256(key)}, signing=signing)
    assert "missing .signatures.json" in sidecar.refused()


@pytest.mark.parametrize("count", [1, 2])
def test_unsigned_bundle_without_signing_block(
    start_sidecar: Start, bundle_server: BundleServer, key: ec.EllipticCurvePrivateKey, count: int
) -> None:
    """Without a `signing` block, keys alone protect nothing."""
    bundle_server.content["shop.tar.gz"] = pack(bundle_files())
    keys = {f"k{at}": es256(key) for at in range(count)}
    start_sidecar(keys=keys).activated("r1")


def test_pinned_keyid_replaces_the_bundles(
    start_sidecar: Start, bundle_server: BundleServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """A pinned key id names the key, whatever the token says; else the token's own id must be known."""
    bundle_server.content["shop.tar.gz"] = pack(signed(bundle_files(), key=key, keyid="other"))
    start_sidecar(keys={KEYID: es256(key)}, signing={"keyid": KEYID}).activated("r1")
    reason = start_sidecar(keys={KEYID: es256(key)}, signing={}).refused()
    assert "verification key corresponding to ID other not found" in reason


def test_eddsa_bundle_key_is_refused(start_sidecar: Start) -> None:
    """OPA does not start with an EdDSA key, so bundles are signed with ES256."""
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    entry = {"algorithm": "EdDSA", "key": public_pem(edwards.public_key())}
    sidecar = start_sidecar(keys={KEYID: entry}, signing={"keyid": KEYID})
    assert "unsupported algorithm 'EdDSA'" in sidecar.wait()


@pytest.mark.parametrize(
    ("signed_for", "configured"), [("write", "write"), ("", "write"), ("write", "")]
)
def test_scope_must_be_equal(
    start_sidecar: Start,
    bundle_server: BundleServer,
    key: ec.EllipticCurvePrivateKey,
    signed_for: str,
    configured: str,
) -> None:
    """The scope of the configuration and the one that was signed must be the same, also if empty."""
    files = bundle_files()
    signatures = sign(files, key=key, keyid=KEYID, scope=signed_for)
    bundle_server.content["shop.tar.gz"] = pack({**files, ".signatures.json": signatures})
    signing = {"keyid": KEYID} | ({"scope": configured} if configured else {})
    sidecar = start_sidecar(keys={KEYID: es256(key)}, signing=signing)
    if signed_for != configured:
        assert "scope mismatch" in sidecar.refused()
    else:
        sidecar.activated("r1")


def test_unsigned_delta_bundle_is_refused(
    start_sidecar: Start, bundle_server: BundleServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """A patch, which no signature covers, is refused under a pinned key id."""
    bundle_server.content["shop.tar.gz"] = pack(signed(bundle_files(), key=key))
    sidecar = start_sidecar(keys={KEYID: es256(key)}, signing={"keyid": KEYID})
    sidecar.activated("r1")
    patch = {"data": [{"op": "upsert", "path": "/shop/limits/cpu", "value": 999}]}
    delta = {
        ".manifest": bundle_files(revision="r9")[".manifest"],
        "patch.json": orjson.dumps(patch),
    }
    bundle_server.content["shop.tar.gz"] = pack(delta)
    assert "delta bundles do not support signature verification" in sidecar.refused()
    assert sidecar.ask("shop/main/limit") == 8


@pytest.mark.parametrize(
    "spaced", [b' { "limits" :\n {"cpu": 8, "note": "x"} } ', b'{"limits":{"note":"x","cpu":8}}']
)
def test_spaces_and_order_of_data_are_not_signed(
    key: ec.EllipticCurvePrivateKey, opa_refusal: Callable[..., str], spaced: bytes
) -> None:
    """Both accept data that was only spaced or ordered anew: JSON is signed by its meaning."""
    data = b'{"limits":{"cpu":8,"note":"x"}}'
    bundle = signed({**bundle_files(), "shop/data.json": data}, key=key)
    bundle["shop/data.json"] = spaced
    assert verify_signature(bundle, keys={KEYID: key.public_key()}) == KEYID
    assert opa_refusal(bundle) == ""


def test_key_alone_binds_no_bundle_to_its_place(
    start_sidecar: Start, bundle_server: BundleServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """OPA activates any bundle that the pinned key signed; a scope ties it to one place.

    Two bundles with one key and no scope can be served in each other's stead.
    """
    files, keys = bundle_files(revision="other"), {KEYID: es256(key)}
    bundle_server.content["shop.tar.gz"] = pack(signed(files, key=key))
    start_sidecar(keys=keys, signing={"keyid": KEYID}).activated("other")
    scoped = {"keyid": KEYID, "scope": "shop"}
    assert start_sidecar(keys=keys, signing=scoped).refused() == "scope mismatch"
    for scope in ("live", "shop"):
        signatures = sign(files, key=key, keyid=KEYID, scope=scope)
        bundle_server.content["shop.tar.gz"] = pack({**files, ".signatures.json": signatures})
        sidecar = start_sidecar(keys=keys, signing=scoped)
        if scope == "shop":
            sidecar.activated("other")
        else:
            assert sidecar.refused() == "scope mismatch"
