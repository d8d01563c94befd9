"""Facts about the digest: it moves with what decides, and with nothing else."""

import hashlib

import pytest

from ringfence.bundle.digest import digest, without_comments

FILES = {
    ".manifest": b"{}",
    "data.json": b"{}",
    "a/a.rego": b'# METADATA\n# title: x\npackage a\n\nallow if input.x == "#" # why\n',
}


def changed(path: str, content: bytes) -> bool:
    """Tell whether the digest moves when a file does."""
    return digest({**FILES, path: content}) != digest(FILES)


def test_digest_is_as_defined() -> None:
    """The digest can be computed by hand."""
    rego = hashlib.sha256(b'package a\nallow if input.x == "#" # why\n').hexdigest()
    data = hashlib.sha256(b"{}").hexdigest()
    text = f'[["a/a.rego","{rego}"],["data.json","{data}"]]'
    assert digest(FILES) == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_comments_and_positions_do_not_count() -> None:
    """METADATA, other comments and blank lines may change."""
    text = b'\n# METADATA\n# custom: {source: "a.yaml:12:3"}\n\npackage a\n \t\n  # x\nallow if input.x == "#" # why\n'
    assert not changed("a/a.rego", text)
    assert not changed(".manifest", b"{1}")
    assert not changed(".signatures.json", b"{1}")


def test_what_decides_counts() -> None:
    """Code, indentation, data, a file's name and a file more or less count."""
    rego = FILES["a/a.rego"]
    assert changed("a/a.rego", rego.replace(b'"#"', b'"b"'))
    assert changed("a/a.rego", rego.replace(b"allow", b" allow"))
    assert changed("data.json", b"{ }")
    assert changed("b.rego", b"")
    assert digest({"x": b"1", "y": b"2"}) != digest({"x": b"2", "y": b"1"})
    assert digest({"a": b"", "b": b""}) != digest({"a": b""})


def test_comments_count_where_a_module_reads_them() -> None:
    """`rego.metadata.rule()` makes METADATA part of what decides, in every file."""
    files = {"a.rego": b"# 1\npackage a\n", "b.rego": b"package b\nx := rego.metadata.rule()\n"}
    assert digest(files) != digest({**files, "a.rego": b"# 2\npackage a\n"})


@pytest.mark.parametrize(
    ("module", "left"),
    [
        (b"x := `\n# in\n\n`\n# out\n\n", b"x := `\n# in\n\n`\n"),
        (b"# `\n# a\nx := 1\n", b"x := 1\n"),
        (b'x := "`"\n# a\n', b'x := "`"\n'),
        (b'x := "\\"`"\n# a\n', b'x := "\\"`"\n'),
        (b"x := 1 # `\n# a\n", b"x := 1 # `\n"),
        (b"x := `a` # `\n# a\n", b"x := `a` # `\n"),
        (b"x := `\\`\n# a\n", b"x := `\\`\n"),
        (b'x := `"`\n# a\n', b'x := `"`\n'),
        (b"x := `a\n# `; y := `\n# in\n`\n# out\n", b"x := `a\n# `; y := `\n# in\n`\n"),
        (b'x := $"{1}"\n# a\n', b'x := $"{1}"\n# a\n'),
        (b"x := $`{1}\n# in`\n# a\n", b"x := $`{1}\n# in`\n# a\n"),
        (b"x := `\n# a", b"x := `\n# a"),
        (b'x := "$"\n# a\n', b'x := "$"\n'),
        (b"\r\n# a\r\nx := 1\r\n", b"x := 1\r\n"),
        (b"x := 1\x0b# no line of its own\n", b"x := 1\x0b# no line of its own\n"),
        (b"x := 1", b"x := 1"),
        (b"", b""),
    ],
)
def test_only_comments_are_dropped(module: bytes, left: bytes) -> None:
    """Lines of raw strings stay, whatever they look like; what cannot be told stays whole."""
    assert without_comments(module) == left
