"""Facts about the canonical form of policy files."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.cli.fmt import command
from ringfence.errors import CompileError, UsageError
from ringfence.language.fmt import format_document, list_comments
from ringfence.language.source import Document, load

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "language"

UNTIDY = """\
# yaml-language-server: $schema=x.json
kind: PolicySet   # which
apiVersion: ringfence/v1
spec:
    at: runtime.control
    rules:
    - id: a.b
      where: "facts.service == \\"rag\\""   # plain words
      require: facts.score >= params.min
      message: it's {facts.score}
      fix: 'say "please"'
    # no more rules
# who
metadata:
  # the team
  owner: team-a
  name: grounding
  description: Text.
  scope: platform
# the end
"""

TIDY = """\
# yaml-language-server: $schema=x.json
apiVersion: ringfence/v1
kind: PolicySet   # which
# who
metadata:
  name: grounding
  scope: platform
  # the team
  owner: team-a
  description: Text.
spec:
  at: runtime.control
  rules:
    - id: a.b
      where: |-  # plain words
        facts.service == "rag"
      require: |-
        facts.score >= params.min
      message: "it's {facts.score}"
      fix: "say \\"please\\""
    # no more rules
# the end
"""


def formatted(text: str) -> str:
    """Return the canonical form of a text that has one."""
    result = format_document("p.yaml", text.encode())
    assert isinstance(result, str), result
    return result


def opened(text: str) -> Document:
    """Return the document of a text that is valid."""
    result = load("p.yaml", text.encode())
    assert isinstance(result, Document), result
    return result


def test_keys_come_in_order_and_comments_move_with_them() -> None:
    """Envelope and metadata are ordered, CEL stands in blocks, messages in double quotes."""
    assert formatted(UNTIDY) == TIDY


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
def test_the_sample_files_are_canonical_already() -> None:
    """Each of the six sample files is left as it is, to the byte."""
    files = sorted(SAMPLES.rglob("*.yaml"))
    assert len(files) == 6
    for file in files:
        assert formatted(file.read_text()) == file.read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", "a: 1\n"),
        ("a: 1\r\nb: |\r\n  x\r\n", "a: 1\nb: |\n  x\n"),
        ("---\na: 1\n...\n", "a: 1\n"),
        ("--- # c\na: 1\n", "# c\na: 1\n"),
        ("a: 1\n\n\n", "a: 1\n"),
        ("a:\nb: ~\nc: [~]\n", "a: null\nb: null\nc: [null]\n"),
        ("a:  [ {b:  c} ]\n", "a: [{b: c}]\n"),
        ("a: 1.500\nb: -0\nc: 123456789012345678901234.5\n", None),
        ('a: "1.5"\nb: "no"\nc: \'x\'\n', None),
        ("message: |\n  two\n  lines\nrequire: |\n  x\n", None),
        ("spec: {where: x, message: xx}\n", 'spec: {where: x, message: "xx"}\n'),
        ('require: " edges "\n', None),
        ("a: " + "word " * 99 + "end\n", None),
        ("\ufeffa: 1\n", "a: 1\n"),
        ("where: x\n\n   # deep\nb: 1\n", "where: |-\n  x\n\n# deep\nb: 1\n"),
    ],
)
def test_layout_changes_and_data_do_not(text: str, expected: str | None) -> None:
    """Markers, line ends, empty values and spacing are settled; numbers and quotes are kept."""
    assert formatted(text) == (text if expected is None else expected)


def test_a_file_whose_comments_would_be_lost_is_left_alone() -> None:
    """Where a rewrite would drop a comment the file is refused with a diagnostic."""
    text = b"# head\n---\n# after\nspec: {a: b, l: [1, 2,\n  # inside\n  3]}\nkind: x\n"
    result = format_document("p.yaml", text)
    assert isinstance(result, tuple)
    assert [d.code for d in result] == ["RF023"]


def test_an_invalid_file_gives_its_own_diagnostics() -> None:
    """What cannot be read is not formatted, and says why."""
    result = format_document("p.yaml", b"a: 1\na: 2\n")
    assert isinstance(result, tuple)
    assert [d.code for d in result] == ["RF010"]


def test_comments_are_told_from_text_that_holds_a_hash() -> None:
    """`#` in quotes, blocks and words is text; after white space elsewhere it is a comment."""
    document = opened('# 1\na: "x # no" # 2\nb: | # 3\n  # no\n  y # no\nc: d#no\n  # 4\n')
    assert list_comments(document) == ["# 1", "# 2", "# 3", "# 4"]


WORDS = st.sampled_from(
    ["alpha", "b-c", "facts.a", "x y", "é", "platform/**", "a: b", "#x", "it's"]
)
PLAIN = st.sampled_from(["alpha", "b-c", "x y z", "é", "1", "-3", "0.50", "true", "null", "~", ""])
KEYS = st.lists(
    st.sampled_from(
        ["kind", "apiVersion", "metadata", "spec", "where", "require", "message", "fix", "a", "bb"]
    ),
    min_size=1,
    max_size=5,
    unique=True,
)
COMMENTS = st.sampled_from(["", "", "", " # note", "   # it's: [a]"])


@st.composite
def scalars(draw: st.DrawFn, indent: int) -> str:
    """Write one scalar in some style, its line's end included."""
    kind = draw(st.sampled_from(["plain", "single", "double", "literal", "folded", "flow"]))
    comment = draw(COMMENTS)
    pad = " " * indent
    lines = draw(st.lists(WORDS, min_size=1, max_size=3))
    if kind in ("literal", "folded"):
        header = "|" if kind == "literal" else ">"
        header += draw(st.sampled_from(["", "-", "+"]))
        return f"{header}{comment}\n" + "".join(f"{pad}{line}\n" for line in lines)
    if kind == "single":
        return "'" + lines[0].replace("'", "''") + f"'{comment}\n"
    if kind == "double":
        return f'"{lines[0]}\\t\\u00e9"{comment}\n'
    if kind == "flow":
        return f'[ {draw(PLAIN)} ,  {{a: 1, bb: "{lines[0]}"}} ]{comment}\n'
    return f"{draw(PLAIN)}\n"


@st.composite
def mappings(draw: st.DrawFn, indent: int = 0, depth: int = 0) -> str:
    """Write a block mapping with random layout and comments."""
    pad = " " * indent
    text = ""
    for key in draw(KEYS):
        text += draw(st.sampled_from(["", "", "\n", f"{pad}# above\n", f"{pad}  # deep\n"]))
        shape = (
            draw(st.sampled_from(["scalar", "scalar", "map", "list"])) if depth < 2 else "scalar"
        )
        step = draw(st.sampled_from([1, 2, 4]))
        if shape == "map":
            comment = draw(COMMENTS)
            text += f"{pad}{key}:{comment}\n" + draw(mappings(indent + step, depth + 1))
        elif shape == "list":
            inner = indent + draw(st.sampled_from([0, 2]))
            text += f"{pad}{key}:\n"
            for _ in range(draw(st.integers(1, 3))):
                item = draw(mappings(inner + 2, depth + 1)).lstrip("\n")
                body = item[inner + 2 :] if item[: inner + 2].isspace() else item
                text += f"{' ' * inner}- {body}"
        else:
            text += f"{pad}{key}: " + draw(scalars(indent + step))
    return text


@settings(max_examples=300, deadline=None)
@given(mappings())
def test_formatting_keeps_data_and_comments_and_settles_at_once(text: str) -> None:
    """For any file that has a canonical form, data and comments stay and it is a fixed point."""
    before = load("p.yaml", text.encode())
    if not isinstance(before, Document):
        assert isinstance(format_document("p.yaml", text.encode()), tuple)
        return
    result = format_document("p.yaml", text.encode())
    if isinstance(result, tuple):
        assert [d.code for d in result] == ["RF023"]
        return
    after = opened(result)
    assert typed(after.data) == typed(before.data)
    assert sorted(list_comments(after)) == sorted(list_comments(before))
    assert formatted(result) == result
    assert result.endswith("\n")
    assert not result.endswith("\n\n") or "|+" in result or ">+" in result


def typed(value: Any) -> Any:
    """Return data in which numbers of different types and digits differ."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (type(value).__name__, str(value) if isinstance(value, Decimal) else value)


def test_files_are_rewritten_in_place_and_listed(tmp_path: Path) -> None:
    """Only *.yaml files below the paths change, with their mode, and no other file appears."""
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    untidy = tmp_path / "sub" / "a.yaml"
    for file in (untidy, tmp_path / "b.yml", tmp_path / ".hidden" / "c.yaml"):
        file.write_text(UNTIDY)
    untidy.chmod(0o640)
    result = CliRunner().invoke(command, [str(tmp_path)], catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, f"reformatted {untidy.as_posix()}\n")
    assert untidy.read_text() == TIDY
    assert untidy.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "b.yml").read_text() == UNTIDY
    assert (tmp_path / ".hidden" / "c.yaml").read_text() == UNTIDY
    assert sorted(path.name for path in untidy.parent.iterdir()) == ["a.yaml"]


def test_check_and_diff_write_nothing(tmp_path: Path) -> None:
    """`--check` exits 2 where a file would change, `--diff` shows how; neither writes."""
    file = tmp_path / "a.yaml"
    file.write_text("a:  1\n")
    runner = CliRunner()
    assert runner.invoke(command, ["--check", str(file)]).exit_code == 2
    shown = runner.invoke(command, ["--diff", str(file)])
    assert shown.exit_code == 0
    assert "-a:  1\n+a: 1\n" in shown.stdout
    assert runner.invoke(command, ["--check", "--diff", str(file)]).exit_code == 2
    assert file.read_text() == "a:  1\n"
    file.write_text("a: 1\n")
    assert runner.invoke(command, ["--check", str(file)]).exit_code == 0


def test_standard_input_goes_to_standard_output() -> None:
    """`-` reads a policy from stdin and prints its canonical form."""
    result = CliRunner().invoke(command, ["-"], input=UNTIDY, catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, TIDY)


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    """All good files are formatted, then all diagnostics are raised together."""
    (tmp_path / "a.yaml").write_text("a: 1\na: 2\n")
    (tmp_path / "b.yaml").write_text("b:  1\n")
    with pytest.raises(CompileError) as caught:
        CliRunner().invoke(command, [str(tmp_path)], catch_exceptions=False)
    assert [d.code for d in caught.value.diagnostics] == ["RF010"]
    assert (tmp_path / "b.yaml").read_text() == "b: 1\n"


def test_other_files_are_a_usage_error(tmp_path: Path) -> None:
    """A path that is neither a directory nor *.yaml is refused."""
    with pytest.raises(UsageError):
        CliRunner().invoke(command, [str(tmp_path / "a.json")], catch_exceptions=False)
