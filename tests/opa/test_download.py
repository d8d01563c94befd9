"""A download is the whole right file, or nothing."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ringfence.errors import OpaError
from ringfence.opa.download import download

from .peers import Site, content

PROGRAM = b"#!/bin/sh\necho 'Version: 1.22.0'\n" + b"#" * 500_000
SHA256 = hashlib.sha256(PROGRAM).hexdigest()


def refuse(_: Path) -> None:
    """Refuse every program."""
    raise OpaError("not this one")


@pytest.mark.parametrize("digest", [SHA256, SHA256.upper()])
def test_the_right_file_is_put_in_place_and_may_run(tmp_path: Path, digest: str) -> None:
    """A file with the right digest is there whole and executable, and nothing else is."""
    target = tmp_path / "tools/opa"
    with Site(content(PROGRAM)) as site:
        assert download(site.url, sha256=digest, target=target) == target
    assert target.read_bytes() == PROGRAM
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert os.listdir(target.parent) == ["opa"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (content(PROGRAM + b"x"), "has SHA-256"),
        (content(PROGRAM[:-1]), "has SHA-256"),
        (content(b""), "has SHA-256"),
        (content(PROGRAM[:1000], length=len(PROGRAM)), "the connection ended before the file did"),
        (content(PROGRAM, status=404), "HTTP status 404"),
        (content(PROGRAM, status=500), "HTTP status 500"),
    ],
)
def test_another_file_leaves_what_was_there(tmp_path: Path, answer: Any, told: str) -> None:
    """A wrong, truncated or missing file is told, and the old program stays as it was."""
    target = tmp_path / "opa"
    target.write_bytes(b"old")
    with Site(answer) as site, pytest.raises(OpaError, match=told):
        download(site.url, sha256=SHA256, target=target)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["opa"]


def test_a_mismatch_names_both_digests(tmp_path: Path) -> None:
    """Whoever compares digests by eye sees the one due and the one found."""
    with Site(content(b"other")) as site, pytest.raises(OpaError) as told:
        download(site.url, sha256=SHA256, target=tmp_path / "opa")
    assert SHA256 in told.value.message
    assert hashlib.sha256(b"other").hexdigest() in told.value.message


def test_a_file_that_is_too_large_is_given_up(tmp_path: Path) -> None:
    """A download ends at its limit, right digest or not."""
    with Site(content(PROGRAM)) as site, pytest.raises(OpaError, match="over 1000 bytes"):
        download(site.url, sha256=SHA256, target=tmp_path / "opa", most=1000)
    assert os.listdir(tmp_path) == []


def test_a_program_that_is_refused_is_not_put_in_place(tmp_path: Path) -> None:
    """The right file that is not the right program leaves nothing behind."""
    with Site(content(PROGRAM)) as site, pytest.raises(OpaError, match="not this one"):
        download(site.url, sha256=SHA256, target=tmp_path / "opa", verify=refuse)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("digest", ["", "abc", SHA256[:-1], SHA256 + "0", "g" * 64, "é" * 64])
def test_without_a_digest_nothing_is_asked_for(tmp_path: Path, digest: str) -> None:
    """What is no SHA-256 is refused before the network is touched."""
    with Site(content(PROGRAM)) as site:
        with pytest.raises(OpaError, match="is no SHA-256"):
            download(site.url, sha256=digest, target=tmp_path / "opa")
        assert site.asked == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    """No connection is an OpaError."""
    with Site(content(b"")) as site:
        url = site.url
    with pytest.raises(OpaError, match="could not be downloaded"):
        download(url, sha256=SHA256, target=tmp_path / "opa")
