"""Load cel-python's grammar of CEL into its LALR parser, without the rest of that package.

`import celpy` brings calendars, time zones and an evaluator that are not needed to parse, and
analysing the grammar takes as long again. So the grammar's tables are kept in `tables.json`, and
used only where grammar and parser generator are the very ones they were made from. After an
upgrade of either, write `render_tables()` into it anew; until then loading is slower, not wrong.
"""

import hashlib
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark

__all__ = ["TABLES", "build_parser", "load_parser", "made_from", "render_tables"]

TABLES = Path(__file__).with_name("tables.json")


@cache
def load_parser() -> "Lark":
    """Return the parser of CEL, from the kept tables where they fit the installed grammar."""
    from lark import Lark

    try:
        kept = json.loads(TABLES.read_bytes())
    except (OSError, ValueError):
        return build_parser()
    if kept.get("made_from") != made_from():
        return build_parser()
    kept["memo"] = {int(key): value for key, value in kept["memo"].items()}
    tables = kept["data"]["parser"]["parser"]
    tables["states"] = {int(key): value for key, value in tables["states"].items()}
    parser: Lark = Lark.load(kept)
    return parser


def build_parser() -> "Lark":
    """Return the parser of CEL, built from the installed grammar."""
    from lark import Lark

    return Lark(
        _grammar(),
        parser="lalr",
        start="expr",
        g_regex_flags=re.MULTILINE,
        propagate_positions=True,
        maybe_placeholders=False,
        priority="invert",
    )


def render_tables() -> str:
    """Return the text of `tables.json` for the installed grammar and parser generator.

    The numbering of its states differs from run to run; what it parses does not.
    """
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = build_parser().memo_serialize([TerminalDef, Rule])
    data["options"] = {**data["options"], "lexer_callbacks": {}}
    kept: dict[str, Any] = {"made_from": made_from(), "data": data, "memo": memo}
    return json.dumps(kept, separators=(",", ":")) + "\n"


def _grammar() -> str:
    # The package itself is not imported: only its place on disk is asked for.
    spec = find_spec("celpy")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("cel-python is not installed")
    return (Path(spec.submodule_search_locations[0]) / "cel.lark").read_text(encoding="utf-8")


def made_from() -> str:
    """Identify the installed grammar and parser generator."""
    import lark

    digest = hashlib.sha256(_grammar().encode()).hexdigest()
    return f"lark {lark.__version__}, cel.lark sha256:{digest}"
