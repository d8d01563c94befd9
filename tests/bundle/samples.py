"""A small bundle, and its signature."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.bundle.manifest import manifest
from ringfence.bundle.sign import sign

KEYID = "env-test"
Files = dict[str, bytes]


def bundle_files(*, revision: str = "r1", limit: int = 8) -> Files:
    """Return a policy, its data and a manifest."""
    return {
        ".manifest": manifest(revision=revision, roots=["shop"], metadata={"release": "x"}),
        "shop/main/main.rego": b"package shop.main\n\n# most\nlimit := data.shop.limits.cpu\n",
        "shop/data.json": b'{"limits":{"cpu":%d,"note":"caf\xc3\xa9 <b> & / \x7f"}}' % limit,
    }


def signed(
    files: Mapping[str, bytes], *, key: ec.EllipticCurvePrivateKey, keyid: str = KEYID
) -> Files:
    """Return the files with their signature."""
    return {**files, ".signatures.json": sign(files, key=key, keyid=keyid)}
