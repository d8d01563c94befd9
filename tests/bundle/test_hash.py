"""Facts about the hash of a file: it is OPA's own, however the JSON is written."""

import hashlib
import random
from collections.abc import Callable

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.bundle.samples import signed

from ringfence.bundle.error import BundleError
from ringfence.bundle.hash import file_hash
from ringfence.bundle.manifest import manifest

Refusal = Callable[..., str]

WAYS_TO_WRITE = {
    "spaces": b' { "b" : 1 ,\n "a" : [ ] } ',
    "order of keys": '{"z":1,"é":2,"a":3,"\U0001f600":4,"\uffee":5,"":6}'.encode(),
    "numbers": b'{"x":[1.0,1e5,1E+5,-0,0.10,100000000000000000000000,1e400,18446744073709551616]}',
    "separators": '{"x":"\u2028\u2029","\u2028":1}'.encode(),
    "escapes": rb'{"x":"\u2028\u003c\/\u007f\b\f\n\r\t\u0001\u001f\"\\\ud83d\ude00"}',
    "plain": '{"x":"<>&/\x7f\u0080\ufeff\ufffd"}'.encode(),
    "repeated keys": b'{"x":1,"y":2,"x":3}',
    "constants": b'{"x":[true,false,null,"",{},[]]}',
    "nested": b'{"x":' + b"[" * 300 + b"]" * 300 + b"}",
    "empty": b"{}",
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
def test_hash_is_the_one_that_opa_verifies(
    way: str, key: ec.EllipticCurvePrivateKey, opa_refusal: Refusal
) -> None:
    """OPA accepts the hash that we give JSON written in any way."""
    files = {
        ".manifest": manifest(revision="<&>\u2028", roots=["shop"], metadata={"x": 1.50}),
        "shop/data.json": WAYS_TO_WRITE[way],
    }
    assert opa_refusal(signed(files, key=key)) == ""


def test_random_json_is_hashed_as_opa_does(
    key: ec.EllipticCurvePrivateKey, opa_refusal: Refusal
) -> None:
    """OPA accepts 300 files of random strings and numbers, from a fixed seed, in one bundle."""
    chance = random.Random(22)
    letters = [chr(n) for n in (*range(0x20), *range(0x7E, 0xA1), 0x2028, 0x2029, 0xFFFF, 0x1F600)]
    files = {".manifest": manifest(revision="1", roots=["shop"], metadata={})}
    for at in range(300):
        texts = ["".join(chance.choices([*letters, *'"\\/<>&az'], k=6)) for _ in range(8)]
        numbers = [chance.uniform(-1, 1) * 10 ** chance.randint(-30, 30) for _ in range(8)]
        spread = orjson.OPT_INDENT_2 if at % 2 else 0
        content = orjson.dumps(dict(zip(texts, numbers, strict=True)) | {"t": texts}, option=spread)
        files[f"shop/f{at}/data.json"] = content
    assert opa_refusal(signed(files, key=key)) == ""


def test_our_own_json_is_hashed_by_its_bytes() -> None:
    """What orjson writes compact and sorted has the SHA-256 of its bytes."""
    content = orjson.dumps({"b": [1, 2.5, "é\x01"], "a": None}, option=orjson.OPT_SORT_KEYS)
    assert file_hash("a/data.json", content) == hashlib.sha256(content).hexdigest()


def test_other_files_are_hashed_by_their_bytes() -> None:
    """Only `data.json` and `.manifest` are hashed by their meaning."""
    content = b'{ "a": 1 }'
    plain = hashlib.sha256(content).hexdigest()
    paths = ("x/a.rego", "x/other.json", "x/data.json", ".manifest", "x/mydata.json")
    assert [file_hash(path, content) == plain for path in paths] == [True, True, False, False, True]


NOT_JSON = {
    "empty": b"",
    "cut": b'{"a":',
    "two values": b"{} {}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"a":"\xff"}',
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "half a surrogate pair": rb'{"a":"\ud800"}',
    "half a pair as a key": rb'{"\udc00":1}',
    "nested too deeply": b"[" * 20_000 + b"]" * 20_000,
    "single quotes": b"{'a':1}",
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_json_is_refused(name: str) -> None:
    """Data that is not strict JSON in UTF-8 has no hash."""
    with pytest.raises(BundleError, match="RF704"):
        file_hash("data.json", NOT_JSON[name])


@pytest.mark.parametrize("path", ["data.yaml", "a/data.yml"])
def test_yaml_data_is_refused(path: str) -> None:
    """YAML data has no hash of ours."""
    with pytest.raises(BundleError, match="RF704"):
        file_hash(path, b"a: 1\n")
