"""Facts about the archive: equal files give equal bytes, and nothing unsafe comes out."""

import gzip
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.bundle.archive import Limits, pack, unpack
from ringfence.bundle.error import BundleError

FILES = {
    ".manifest": b"{}",
    "a/b.rego": b"package a.b\n",
    "data.json": b"x" * 512,
    "e": b"",
    "é" * 120 + "/x" * 200: b"1",
}


def test_what_was_packed_comes_out() -> None:
    """Every file, with an empty one, one of a full block and one with a long name, comes back."""
    assert unpack(pack(FILES)) == FILES


def test_same_files_give_same_bytes_in_any_process() -> None:
    """Two processes with other hash seeds and time zones, and the reverse order, pack the same."""
    script = (
        "import sys; from ringfence.bundle.archive import pack\n"
        "names = {'a', 'b', 'c', 'data.json', '.manifest'}\n"
        "sys.stdout.buffer.write(pack({name: name.encode() for name in names}))"
    )
    source = str(Path(__file__).parents[2] / "compiler")
    made = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": source},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"), ("77", "UTC"))
    }
    assert len(made) == 1
    assert set(unpack(made.pop())) == {"a", "b", "c", "data.json", ".manifest"}
    assert pack(FILES) == pack(dict(reversed(FILES.items())))


def test_headers_are_fixed() -> None:
    """Neither owner nor time nor name gets into the archive."""
    packed = pack(FILES)
    assert packed[3] == 0  # no name, no comment
    assert packed[4:8] == bytes(4)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        found = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in tar}
    assert found == {(0, 0, 0, "", "", 0o644)}


def raw_tar(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """Return a tar archive of such members."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, link, len(content)
            tar.addfile(member, io.BytesIO(content))
    return raw.getvalue()


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../x", "//x", "a//x", "a/./b", "..", "", "/", "a\\b", "a\nb", "/../x", "a" * 1025],
)
def test_unsafe_path_is_refused(path: str) -> None:
    """A path that leaves the bundle, or is not in canonical form, is neither read nor written."""
    with pytest.raises(BundleError, match=r"RF70[13]"):
        unpack(gzip.compress(raw_tar((path, b"x"))))
    with pytest.raises(BundleError, match="RF703"):
        pack({path: b"x"})


@pytest.mark.parametrize("prefix", ["/", "./"])
def test_prefix_of_other_tools_is_dropped(prefix: str) -> None:
    """Archives of `opa build` and of `tar` are read."""
    assert unpack(gzip.compress(raw_tar((f"{prefix}.manifest", b"x")))) == {".manifest": b"x"}


def test_directories_are_skipped() -> None:
    """An entry for a directory is no file."""
    raw = raw_tar(("a", b""), kind=tarfile.DIRTYPE)
    assert unpack(gzip.compress(raw)) == {}


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, b"Z"],
)
def test_what_is_not_a_plain_file_is_refused(kind: bytes) -> None:
    """Links, devices and unknown kinds are refused."""
    with pytest.raises(BundleError, match="RF703"):
        unpack(gzip.compress(raw_tar(("a", b""), kind=kind, link="/etc/passwd")))


@pytest.mark.parametrize("names", [("a", "a"), ("a", "/a"), ("./a", "a")])
def test_repeated_path_is_refused(names: tuple[str, str]) -> None:
    """Of two files with one path, no reader may choose."""
    with pytest.raises(BundleError, match=r"RF703.*twice"):
        unpack(gzip.compress(raw_tar(*((name, b"x") for name in names))))


def test_limits_hold() -> None:
    """A bomb, and too many files, are refused; what is just allowed is read."""
    packed, bomb = pack({"a": b"", "b": b""}), gzip.compress(bytes(50 << 20))
    assert set(unpack(packed, limits=Limits(files=2))) == {"a", "b"}
    with pytest.raises(BundleError, match=r"RF702.*more than 1 files"):
        unpack(packed, limits=Limits(files=1))
    with pytest.raises(BundleError, match=r"RF702.*inflates"):
        unpack(bomb, limits=Limits(size=10 << 20))


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda packed: b"",
    "no gzip": gzip.decompress,
    "no tar": lambda packed: gzip.compress(b"hello" * 1000),
    "cut": lambda packed: packed[:-20],
    "bytes behind": lambda packed: packed + b"x",
    "second gzip": lambda packed: packed + gzip.compress(raw_tar(("x", b"x"))),
    "second tar": lambda packed: gzip.compress(gzip.decompress(packed) + raw_tar(("x", b"x"))),
    "tar cut in a file": lambda packed: gzip.compress(raw_tar(("a", b"x" * 2000))[:1000]),
    "tar without end": lambda packed: gzip.compress(raw_tar(("a", b"x"))[:1024]),
    "second header damaged": lambda packed: gzip.compress(
        raw_tar(("a", b"x"), ("b", b"y")).replace(b"b\0\0", b"c\0\0", 1)
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_archive_is_refused(name: str) -> None:
    """What is not one whole gzip of one whole tar is refused, not read in part."""
    with pytest.raises(BundleError, match="RF701"):
        unpack(DAMAGE[name](pack({"a": b"x", "b": b"y"})))


def test_flipped_bytes_raise_nothing_but_bundle_errors() -> None:
    """Whatever byte of the tar is flipped, a bundle comes out or a BundleError."""
    raw = bytearray(gzip.decompress(pack({"a": b"x", "é" * 80: b"y"})))
    refused = 0
    for at in range(len(raw)):
        raw[at] ^= 0xFF
        try:
            unpack(gzip.compress(bytes(raw), compresslevel=0))
        except BundleError:
            refused += 1
        raw[at] ^= 0xFF
    assert refused > 1500
