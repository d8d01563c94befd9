"""The syntax tree of a condition: the parser's tree without its layers, with token positions.

The grammar depends on the kinds of tokens only, so the parser is shown `x` for every name and `1`
for every literal, and its result is kept: conditions that differ in names and numbers are parsed
once.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ringfence.language.cel.finding import Finding, Refused
from ringfence.language.cel.grammar import load_parser
from ringfence.language.cel.syntax_help import explain
from ringfence.language.cel.tokens import MAX_DEPTH, Token, TokenKind, too_deep

if TYPE_CHECKING:
    from lark import Tree

__all__ = ["MAX_NODES", "Form", "Syntax", "parse"]

MAX_NODES = 256


class Form(StrEnum):
    """The forms of an expression."""

    LITERAL = "literal"
    NAME = "ident"
    SELECT = "member_dot"
    CALL = "ident_arg"
    METHOD = "member_dot_arg"
    INDEX = "member_index"
    LIST = "list_lit"
    MAP = "map_lit"
    MESSAGE = "member_object"
    ROOT_NAME = "dot_ident"
    ROOT_CALL = "dot_ident_arg"
    NOT = "unary_not"
    NEGATE = "unary_neg"
    OR = "conditionalor"
    AND = "conditionaland"
    TERNARY = "expr"
    LT = "relation_lt"
    LE = "relation_le"
    GT = "relation_gt"
    GE = "relation_ge"
    EQ = "relation_eq"
    NE = "relation_ne"
    IN = "relation_in"
    ADD = "addition_add"
    SUB = "addition_sub"
    MUL = "multiplication_mul"
    DIV = "multiplication_div"
    MOD = "multiplication_mod"


@dataclass(frozen=True, slots=True)
class Syntax:
    """One expression from the token `first` to the token `last`, both included.

    `words` are the tokens of its names: a dotted name's parts, a call's function.
    A method's receiver is its first operand. `depth` and `size` count the nodes below.
    """

    form: Form
    first: int
    last: int
    operands: "tuple[Syntax, ...]" = ()
    words: tuple[int, ...] = ()
    depth: int = 1
    size: int = 1


@dataclass(frozen=True, slots=True)
class _Unexpected:
    """The parser met the token at `index`, which is the number of tokens at the end of the text."""

    index: int


def parse(tokens: tuple[Token, ...]) -> Syntax:
    """Return the syntax tree of a condition; raise Refused for a wrong or too large one."""
    spelled = " ".join(_spelling(token) for token in tokens)
    result = _parse_shape(spelled)
    if isinstance(result, _Unexpected):
        raise Refused(explain(tokens, result.index))
    if result.depth > MAX_DEPTH:
        raise Refused(too_deep(tokens[0].start, tokens[-1].end))
    if result.size > MAX_NODES:
        raise Refused(
            Finding(
                "RF201",
                tokens[0].start,
                tokens[-1].end,
                f"condition has {result.size} names, values and operators, more than {MAX_NODES}",
                "split it into several rules, or put values into a list parameter",
            )
        )
    return result


def _spelling(token: Token) -> str:
    if token.kind is TokenKind.NAME:
        return "in" if token.text == "in" else "x"
    return token.text if token.kind is TokenKind.SIGN else "1"


@lru_cache(maxsize=4096)
def _parse_shape(spelled: str) -> Syntax | _Unexpected:
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    at = 0
    for index, word in enumerate(spelled.split(" ")):
        starts[at], ends[at + len(word)] = index, index
        at += len(word) + 1
    try:
        tree = load_parser().parse(spelled)
    except UnexpectedToken as error:
        if error.token.type == "$END":
            return _Unexpected(len(starts))
        return _Unexpected(starts[error.token.start_pos or 0])
    except UnexpectedCharacters as error:
        return _Unexpected(starts[error.pos_in_stream or 0])
    return _convert(tree, starts, ends)


def _convert(tree: "Tree[Any]", starts: dict[int, int], ends: dict[int, int]) -> Syntax:
    # Bottom up and without recursion: the parser's tree can be thousands of levels deep.
    from lark import Token as Leaf

    built: dict[int, tuple[Syntax, ...]] = {}
    for node in tree.iter_subtrees():
        if getattr(node.meta, "empty", False):
            built[id(node)] = ()
            continue
        operands: list[Syntax] = []
        words: list[int] = []
        for child in node.children:
            if isinstance(child, Leaf):
                words.append(starts[child.start_pos or 0])
            else:
                operands.extend(built[id(child)])
        first, last = starts[node.meta.start_pos], ends[node.meta.end_pos]
        built[id(node)] = _node(node.data, first, last, tuple(operands), tuple(words))
    (whole,) = built[id(tree)]
    return whole


def _node(
    name: str, first: int, last: int, operands: tuple[Syntax, ...], words: tuple[int, ...]
) -> tuple[Syntax, ...]:
    """Return what a node of the parser's tree stands for: nothing, its operands, or one node."""
    if name in _SIGNS and not operands:
        return (_build(Form(name), first, last, (), ()),)
    if name in _LAYERS and len(operands) < 2:
        if name == "paren_expr":
            return tuple(_widened(operand, first, last) for operand in operands)
        return operands
    if name in ("relation", "addition", "multiplication", "unary"):
        # The operator came with the operand before it: `a <` and `b`, or `!` and `b`.
        operator, right = operands
        return (_build(operator.form, first, last, (*operator.operands, right), ()),)
    if name in ("exprlist", "fieldinits", "mapinits"):
        return operands
    if name in ("conditionalor", "conditionaland"):
        return (_joined(Form(name), first, last, operands),)
    if name == "member_dot" and operands[0].form is Form.NAME and operands[0].last + 2 == last:
        return (_build(Form.NAME, first, last, (), (*operands[0].words, *words)),)
    return (_build(Form(name), first, last, operands, words),)


_LAYERS = frozenset(
    (
        "expr",
        "conditionalor",
        "conditionaland",
        "relation",
        "addition",
        "multiplication",
        "unary",
        "member",
        "primary",
        "paren_expr",
    )
)
_SIGNS = frozenset(("unary_not", "unary_neg"))


def _joined(form: Form, first: int, last: int, operands: tuple[Syntax, ...]) -> Syntax:
    left, right = operands
    parts = left.operands if left.form is form else (left,)
    return _build(form, first, last, (*parts, right), ())


def _widened(syntax: Syntax, first: int, last: int) -> Syntax:
    return Syntax(
        syntax.form, first, last, syntax.operands, syntax.words, syntax.depth, syntax.size
    )


def _build(
    form: Form, first: int, last: int, operands: tuple[Syntax, ...], words: tuple[int, ...]
) -> Syntax:
    depth = 1 + max((operand.depth for operand in operands), default=0)
    # A list of constants is one value, with a limit of its own.
    plain = form is Form.LIST and all(o.form is Form.LITERAL for o in operands)
    size = 1 + (0 if plain else sum(operand.size for operand in operands))
    return Syntax(form, first, last, operands, words, depth, size)
