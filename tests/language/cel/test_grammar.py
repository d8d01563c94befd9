"""Facts about loading the grammar."""

import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.language.cel import grammar, syntax

SHAPES = [
    "x . x == 1 && ! ( x - 1 > - 1 ) || x ? x : x",
    "x . x ( x , x . x in [ 1 , 1 ] ) . x [ 1 ]",
    "x { x : 1 } + { 1 : 1 } * . x - . x ( ) / x % 1",
    "x < x <= x >= x != x",
]


def test_the_kept_tables_fit_the_installed_grammar() -> None:
    """The tables that are shipped were made from the grammar and the parser that are installed."""
    assert grammar.made_from() in grammar.TABLES.read_text(encoding="utf-8")


def test_the_kept_tables_parse_as_the_grammar_does() -> None:
    """The parser from the tables and the parser from the grammar give the same trees."""
    kept, built = grammar.load_parser(), grammar.build_parser()
    assert kept is not built
    for shape in SHAPES:
        assert kept.parse(shape) == built.parse(shape)


@pytest.mark.parametrize("kept", ['{"made_from": "another grammar"}', "not json"])
def test_tables_of_another_grammar_are_not_used(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the tables do not fit, the parser is built from the grammar itself."""
    tables = tmp_path / "tables.json"
    tables.write_text(kept, encoding="utf-8")
    monkeypatch.setattr(grammar, "TABLES", tables)
    parser = grammar.load_parser.__wrapped__()
    assert parser.parse(SHAPES[0]) == grammar.load_parser().parse(SHAPES[0])


def test_conditions_of_one_shape_are_parsed_once() -> None:
    """Names and literals do not reach the parser."""
    from ringfence.language.cel.tokens import tokens_of

    one = syntax.parse(tokens_of('facts.a == "x" && facts.b > 1'))
    other = syntax.parse(tokens_of('facts.c=="yy"&&facts.d>2.5'))
    assert one is other


def test_the_rest_of_celpy_stays_out() -> None:
    """Compiling a condition imports neither celpy nor its evaluator, and importing no parser."""
    script = (
        "import sys, ringfence.language.cel as c\n"
        "assert not {'lark', 'celpy', 're2'} & set(sys.modules)\n"
        "from ringfence.language.cel.grammar import load_parser\n"
        "load_parser()\n"
        "assert 'lark' in sys.modules and 'celpy' not in sys.modules\n"
    )
    path = str(Path(grammar.__file__).parents[3])
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": path})
