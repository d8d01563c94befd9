"""Facts about reading strict YAML with positions."""

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import Diagnostic
from ringfence.language.source import (
    Document,
    Limits,
    SpanMap,
    Style,
    load,
    read_document,
)

CASES = Path(__file__).parents[1] / "cases" / "source"
SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "language"
EXPECTATION = re.compile(r"E:(RF\d{3}): (.*)$")


def opened(text: str | bytes, *, limits: Limits | None = None) -> Document:
    """Return the document of a text that is valid."""
    raw = text.encode() if isinstance(text, str) else text
    result = load("p.yaml", raw, limits=limits or Limits())
    assert isinstance(result, Document), result
    return result


def refused(text: str | bytes, *, limits: Limits | None = None) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a text that is not valid."""
    raw = text.encode() if isinstance(text, str) else text
    result = load("p.yaml", raw, limits=limits or Limits())
    assert isinstance(result, tuple)
    assert result
    return result


def underlined(document: Document, line: int, column: int, end_column: int) -> str:
    """Return the source text of a span on one line."""
    return document.text.split("\n")[line - 1][column - 1 : end_column - 1]


@pytest.mark.parametrize("case", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_mistake_is_found_on_its_line_and_no_other(case: Path) -> None:
    """Every expected mistake of a case file is reported on its line, and nothing else is."""
    raw = case.read_bytes()
    expected = [
        (number, match[1], match[2])
        for number, line in enumerate(raw.decode().split("\n"), start=1)
        if (match := EXPECTATION.search(line))
    ]
    result = load(case.name, raw)
    found = [] if isinstance(result, Document) else list(result)
    assert [(d.span.line, d.code) for d in found] == [(line, code) for line, code, _ in expected]
    for diagnostic, (_, _, text) in zip(found, expected, strict=True):
        assert text in diagnostic.message
        assert "\n" not in diagnostic.message
        assert diagnostic.help


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
def test_the_sample_files_are_read_without_a_complaint() -> None:
    """The six sample files, comments beside plain values included, raise no false alarm."""
    files = sorted(SAMPLES.rglob("*.yaml"))
    assert len(files) == 6
    for file in files:
        assert isinstance(read_document(SAMPLES, file.relative_to(SAMPLES)), Document)


def test_values_are_those_of_the_core_schema() -> None:
    """Plain scalars become strings, integers, exact decimals, booleans and null."""
    data = opened((CASES / "valid.yaml").read_bytes()).data
    assert data["plain"] == "container"
    assert data["version"] == "1.21.3"
    assert data["negative"] == -3
    assert data["decimal"] == Decimal("0.85")
    assert type(data["decimal"]) is Decimal
    assert data["wide"] == 123456789012345678901234567890
    assert data["on"] is True
    assert data["unset"] is data["tilde"] is data["empty"] is None
    assert data["quoted"] == "it's"
    assert data["escaped"] == "tab\tand é"
    assert data["folded"] == "one two"
    assert data["list"] == ["a", "no", {"b": "c"}]
    assert data["nested"] == [[1, {}]]


def test_keys_and_values_are_underlined_exactly() -> None:
    """A key's span covers the key and a value's span the value, in characters."""
    document = opened('é: {a: "b c", d: [1, xyz]}\nlist:\n  - name: nn\n')
    for path, key, value in (
        (("é", "a"), "a", '"b c"'),
        (("é", "d", 1), "xyz", "xyz"),
        (("é",), "é", '{a: "b c", d: [1, xyz]}'),
        (("list", 0, "name"), "name", "nn"),
    ):
        for span, text in ((document.spans.key(path), key), (document.spans.value(path), value)):
            assert span.line == span.end_line
            assert underlined(document, span.line, span.column, span.end_column) == text


def test_the_span_of_a_block_ends_with_its_last_value() -> None:
    """A block collection's span does not reach over the comments that follow it."""
    spans = opened("a:\n  b: 1\n  # comment\n\nc: 2\n").spans
    span = spans.value(("a",))
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 3, 2, 7)


def test_a_path_that_is_missing_is_shown_at_its_nearest_parent() -> None:
    """The longest prefix that exists is shown at its key; a list item at its start."""
    spans = opened("spec:\n  rules:\n    - id: x\n").spans
    assert str(spans.nearest(("spec", "rules", 0, "fix"))) == "p.yaml:3:7"
    assert str(spans.nearest(("spec", "matrix", 3))) == "p.yaml:1:1"
    assert str(spans.nearest(("spec", "rules", 0, "id"))) == "p.yaml:3:11"
    assert ("spec", "rules", 0) in spans
    with pytest.raises(KeyError):
        spans.value(("spec", "rules", 1))


def test_a_value_left_out_is_shown_at_its_key() -> None:
    """`key:` without a value has the key's span."""
    assert str(opened("a:\nbcd:\ne: 1\n").spans.value(("bcd",))) == "p.yaml:2:1"


def test_wide_collections_are_found_by_index() -> None:
    """Positions in a list of thousands are right from first to last."""
    spans = opened("a:\n" + "".join(f"  - k: {i}\n" for i in range(5000))).spans
    assert [spans.value(("a", i, "k")).line for i in (0, 31, 32, 33, 4999)] == [
        2,
        33,
        34,
        35,
        5001,
    ]
    assert ("a", 5000) not in spans


@pytest.mark.parametrize(
    "header", ["|", "|-", "|+", "|4", "|4-"], ids=["clip", "strip", "keep", "indent", "both"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_each_character_of_a_literal_block_is_found_in_the_file(header: str, newline: str) -> None:
    """Lines and columns in a `|` block map to the exact file column, whatever its header."""
    indent = "      " if "4" in header else "    "
    lines = ["a:", f"  require: {header}  # note", "", f'{indent}facts.é == "x #y" &&']
    lines += ["", f"{indent}  facts.b", "  after: 1", ""]
    document = opened(newline.join(lines))
    block = document.spans.block(("a", "require"))
    assert block is not None
    assert block.style is Style.LITERAL
    for number, line in enumerate(block.text.rstrip("\n").split("\n"), start=1):
        for column, character in enumerate(line, start=1):
            span = block.at(number, column)
            assert underlined(document, span.line, span.column, span.end_column) == character
    assert block.at(4, 99).line == 6


def test_a_literal_block_with_an_indentation_indicator_keeps_its_own_spaces() -> None:
    """With `|2` the spaces beyond the indicator belong to the text, and columns count them."""
    document = opened("a: |2\n    x\n   y\n")
    block = document.spans.block(("a",))
    assert block is not None
    assert block.text == "  x\n y\n"
    assert (block.at(1, 3).line, block.at(1, 3).column) == (2, 5)
    assert (block.at(2, 1).line, block.at(2, 1).column) == (3, 3)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("facts.a == b", "facts.a == b"),
        ("'it''s x'", "it's x"),
        (r'"a\tb\x41\u00e9\U0001F600 c"', "a\tbAé😀 c"),
        ('"one\n   two \\\n   three"', "one two three"),
        ("one\n   two", "one two"),
        (">-\n   one\n   two\n", "one two"),
    ],
    ids=["plain", "single", "double", "double-lines", "plain-lines", "folded"],
)
def test_each_word_of_other_scalars_is_found_in_the_file(source: str, text: str) -> None:
    """Plain, quoted and folded text maps back: letters exactly, escapes to their backslash."""
    document = opened(f"k: {source}")
    block = document.spans.block(("k",))
    assert block is not None
    assert block.text == text
    for offset, character in enumerate(text):
        span = block.at_offset(offset)
        written = underlined(document, span.line, span.column, span.end_column)
        if character.isascii() and character.isalpha() and "\\x41" not in source:
            assert written == character
        elif "\\x41" in source and character in "\tAé😀":
            assert written == "\\"


def test_what_is_not_a_string_has_no_text() -> None:
    """Numbers, collections and missing paths have no text to point into."""
    spans = opened("a: 1\nb: {c: x}\n").spans
    assert spans.block(("a",)) is None
    assert spans.block(("b",)) is None
    assert spans.block(("zzz",)) is None


def test_a_duplicate_key_names_the_line_of_the_first() -> None:
    """The help of a duplicate key says where the first one stands."""
    (found,) = refused("a:\n  x: {k: 1}\n  b: 1\n  x: 2\n")
    assert str(found.span) == "p.yaml:4:3"
    assert "line 2" in found.help


@pytest.mark.parametrize("case", ["cel-has", "cel-in", "cel-ternary"])
def test_a_syntax_error_of_cel_names_the_trap(case: str) -> None:
    """CEL that is not YAML gets a help that says to use a `|` block."""
    (found,) = refused((CASES / f"{case}.yaml").read_bytes())
    assert "CEL" in found.help
    assert "`|` block" in found.help


def test_a_message_in_braces_names_the_trap() -> None:
    """A message that starts with `{facts.` gets a help that says to use double quotes."""
    (found,) = refused((CASES / "message-braces.yaml").read_bytes())
    assert "double quotes" in found.help


def test_a_condition_that_holds_braces_stands_in_a_block() -> None:
    """CEL with `{` on one line is refused even where YAML happens to keep it."""
    (found,) = refused('spec:\n  require: facts.m == {"k":1}\n')
    assert (found.code, str(found.span)) == ("RF020", "p.yaml:2:12")
    assert "require: |" in found.help


def test_a_missing_key_is_refused() -> None:
    """An explicit key without text is no string."""
    assert [(d.code, d.message) for d in refused("?\n: d\n")] == [
        ("RF011", "a key is missing before `:`")
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_file_is_refused(text: str) -> None:
    """A file without a value is empty, whatever comments and markers it holds."""
    assert [d.code for d in refused(text)] == ["RF007"]


def test_a_byte_order_mark_is_accepted_and_moves_no_column() -> None:
    """A leading BOM is dropped and columns count from the first visible character."""
    assert str(opened(b"\xef\xbb\xbfa: 1\n").spans.value(("a",))) == "p.yaml:1:4"


def test_invalid_utf8_is_shown_at_its_byte() -> None:
    """The line and the column in characters of the first bad byte are given."""
    (found,) = refused("a: 1\nbé: ".encode() + b"\xff\n")
    assert (found.code, str(found.span)) == ("RF003", "p.yaml:2:5")


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\r"]
)
def test_invisible_characters_are_refused_anywhere(character: str) -> None:
    """Control characters, odd line breaks and bidi overrides are refused, in comments too."""
    (found,) = refused(f"a: 1\nb: 2 # x{character}y\n")
    assert (found.code, str(found.span)) == ("RF004", "p.yaml:2:9")


def test_depth_nodes_text_and_size_are_limited() -> None:
    """Each limit stops the file with its own code, at the value that passes it."""
    assert [d.code for d in refused("a: " + "[" * 500_000)] == ["RF015"]
    assert [d.code for d in refused("a: [1, 2, 3]", limits=Limits(nodes=4))] == ["RF016"]
    assert [d.code for d in refused("a: abcdef", limits=Limits(text=5))] == ["RF017"]
    assert [d.code for d in refused("a: abcdef", limits=Limits(size=8))] == ["RF002"]
    opened("a: [1, 2, 3]", limits=Limits(nodes=5))
    opened("a: " + "[" * 31 + "]" * 31)


def test_a_file_of_many_mistakes_ends_after_a_hundred() -> None:
    """A flood of mistakes is cut, so that output stays readable."""
    assert len(refused("a: 1\n" * 1000)) == 100


def test_a_huge_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    """A sparse file of 100 MB is refused without being read."""
    with open(tmp_path / "big.yaml", "wb") as file:
        file.truncate(100 * 1000 * 1000)
    result = read_document(tmp_path, "big.yaml")
    assert isinstance(result, tuple)
    assert [d.code for d in result] == ["RF002"]
    assert "100000000 bytes" in result[0].message


def test_only_regular_files_below_the_root_are_read(tmp_path: Path) -> None:
    """Links that lead out, `..`, pipes, directories and missing files are refused."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.yaml").write_text("a: 1\n")
    (root / "ok.yaml").write_text("a: 1\n")
    (root / "inside.yaml").symlink_to("ok.yaml")
    (root / "outside.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(root / "pipe.yaml")
    (root / "directory.yaml").mkdir()
    names = ["outside", "../secret", "loop", "pipe", "directory", "missing"]
    for name in names:
        result = read_document(root, f"{name}.yaml")
        assert isinstance(result, tuple), name
        assert [d.code for d in result] == ["RF001"], name
    for name in ("ok", "inside"):
        result = read_document(root, root / f"{name}.yaml")
        assert isinstance(result, Document)
        assert result.file == f"{name}.yaml"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text, loading it returns a document or diagnostics and raises nothing."""
    result = load("p.yaml", text.encode("utf-8", "surrogatepass"))
    if isinstance(result, tuple):
        assert all(d.code.startswith("RF0") and d.span.line >= 1 for d in result)


@given(st.text(alphabet=":-?[]{}&*!|>'\"%@`#, \nab01~=<.", max_size=60))
def test_any_yaml_like_text_is_read_or_refused(text: str) -> None:
    """Text made of YAML's own indicators raises nothing, and all spans lie in the text."""
    result = load("p.yaml", text.encode())
    lines = text.split("\n")
    if isinstance(result, tuple):
        for found in result:
            assert 1 <= found.span.line <= len(lines)
            assert found.span.column <= len(lines[found.span.line - 1]) + 1
    else:
        assert all(_spans_lie_inside(result.spans, key, lines) for key in result.data)


def _spans_lie_inside(spans: SpanMap, key: str, lines: list[str]) -> bool:
    span = spans.key((key,))
    return 1 <= span.line <= len(lines) and span.end_column <= len(lines[span.end_line - 1]) + 1
