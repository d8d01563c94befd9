r"""Cut a condition into CEL's tokens, strictly.

cel-python's own lexer reads `a -1` as two operands, ends `"a\"` at the escaped quote where that
helps, and lets `r"\"` run into the next string. The language definition (CEL, section Syntax) does
none of that, so the text is cut here and only the grammar is left to the parser.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from ringfence.language.cel.finding import Finding, Refused

__all__ = ["MAX_DEPTH", "MAX_TEXT", "RESERVED", "Token", "TokenKind", "tokens_of"]

MAX_TEXT = 4096
MAX_DEPTH = 32

RESERVED = frozenset(
    (
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    )
)


class TokenKind(StrEnum):
    """The kinds of tokens that the checks tell apart."""

    NAME = "name"
    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    REFUSED = "refused"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text as written, and its character offsets."""

    kind: TokenKind
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""(?P<space>[\t\n\f\r ]+|//[^\n]*)
      | (?P<triple>[rRbB]{0,2}(?:\"{3}|'{3}))
      | (?P<string>(?P<prefix>[rRbB]{0,2})(?P<quote>["']))
      | (?P<number>(?:0[xX][0-9a-fA-F]+|[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?P<tail>[A-Za-z0-9_]*))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>\|\||&&|==|!=|<=|>=|[-<>!+*/%?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_COOKED = {q: re.compile(rf"(?:[^\\\n{q}]|\\[^\n])*{q}") for q in "\"'"}
_RAW = {q: re.compile(rf"[^\n{q}]*{q}") for q in "\"'"}
_QUOTES = "\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb`\u00b4"
_MISTAKES = {
    "=": ("`=` compares nothing", "write `==` to compare"),
    "&": ("`&` is no operator", "write `&&` for and"),
    "|": ("`|` is no operator", "write `||` for or"),
    "#": ("`#` starts no comment in a condition", "write `//` before a comment"),
    ";": ("`;` is no operator", "join conditions by `&&`"),
    "\\": ("`\\` stands outside a string", "remove it; a condition may go over several lines"),
    "\u2212": ("`\u2212` is not the minus sign", "type `-`"),
}
_OPENING = {"(": ")", "[": "]", "{": "}"}


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the tokens of a condition; raise Refused at the first that is none.

    Checks the length of the text and the depth of its brackets before anything recurses.
    """
    if len(text) > MAX_TEXT:
        raise Refused(
            Finding(
                "RF201",
                0,
                1,
                f"condition has {len(text)} characters, more than {MAX_TEXT}",
                "split it into several rules",
            )
        )
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Refused(_stray(text, at))
        token = _token(text, match)
        at = match.end() if token is None else token.end
        if token is not None:
            found.append(token)
    if not found:
        raise Refused(Finding("RF202", 0, 1, "condition is empty", "write what must be true"))
    _check_brackets(found)
    return tuple(found)


def _token(text: str, match: re.Match[str]) -> Token | None:
    start, end = match.span()
    match match.lastgroup:
        case "space":
            return None
        case "triple":
            raise Refused(
                Finding(
                    "RF208",
                    start,
                    end,
                    "strings in three quotes are not part of the language",
                    'write the text in one line between `"` and `"`',
                )
            )
        case "string" | "prefix" | "quote":
            return _string(text, match)
        case "number" | "tail":
            return _number(match)
        case "name":
            word = match.group()
            if word in ("true", "false"):
                return Token(TokenKind.BOOLEAN, word, start, end)
            kind = TokenKind.REFUSED if word == "null" else TokenKind.NAME
            return Token(kind, word, start, end)
        case _:
            return Token(TokenKind.SIGN, match.group(), start, end)


def _string(text: str, match: re.Match[str]) -> Token:
    prefix, quote, start = match["prefix"].lower(), match["quote"], match.start()
    body = (_RAW if "r" in prefix else _COOKED)[quote].match(text, match.end())
    if body is None:
        stop = text.find("\n", start)
        raise Refused(
            Finding(
                "RF203",
                start,
                len(text) if stop < 0 else stop,
                f"string has no closing `{quote}`",
                f"close it on the same line; a `{quote}` inside it is written `\\{quote}`",
            )
        )
    kind = TokenKind.REFUSED if "b" in prefix else TokenKind.STRING
    return Token(kind, text[start : body.end()], start, body.end())


def _number(match: re.Match[str]) -> Token:
    word, tail = match.group(), match["tail"]
    start, end = match.span()
    if tail in ("u", "U"):
        message, hint = f"`{word}` is unsigned", f"write `{word[:-1]}`; every integer is signed"
    elif re.fullmatch(r"[smhd]([0-9]+[smhd])*", tail):
        message, hint = f"`{word}` is not a number", f'write `duration("{word}")`'
    elif re.match(r"[eE]", tail):
        message, hint = f"`{word}` has an exponent", "write the number out"
    elif tail:
        message, hint = f"`{word}` is neither a number nor a name", "separate the two, or quote it"
    elif word[:2] in ("0x", "0X"):
        message, hint = f"`{word}` is hexadecimal", f"write `{int(word, 16)}`"
    elif re.match(r"0[0-9]", word):
        message, hint = f"`{word}` starts with a zero", "remove the leading zeros"
    else:
        kind = TokenKind.DECIMAL if "." in word else TokenKind.INTEGER
        return Token(kind, word, start, end)
    raise Refused(Finding("RF204", start, end, message, hint))


def _stray(text: str, at: int) -> Finding:
    char = text[at]
    if char in _QUOTES:
        return Finding(
            "RF203", at, at + 1, f"`{char}` is not a quotation mark of CEL", "type `\"` or `'`"
        )
    message, hint = _MISTAKES.get(
        char, (f"`{char}` has no meaning here", "names are letters, digits and `_`; quote text")
    )
    return Finding("RF202", at, at + 1, message, hint)


def _check_brackets(tokens: list[Token]) -> None:
    open_: list[Token] = []
    for token in tokens:
        if token.kind is not TokenKind.SIGN:
            continue
        if token.text in _OPENING:
            open_.append(token)
            if len(open_) > MAX_DEPTH:
                raise Refused(too_deep(token.start, token.end))
        elif token.text in ")]}":
            if not open_ or _OPENING[open_[-1].text] != token.text:
                raise Refused(_unmatched(token, open_))
            open_.pop()
    if open_:
        raise Refused(
            Finding(
                "RF202",
                open_[-1].start,
                open_[-1].end,
                f"`{open_[-1].text}` is never closed",
                f"add the missing `{_OPENING[open_[-1].text]}`",
            )
        )


def _unmatched(token: Token, open_: list[Token]) -> Finding:
    if not open_:
        message, hint = f"`{token.text}` closes nothing", "remove it, or open it before"
    else:
        due = _OPENING[open_[-1].text]
        message = f"`{token.text}` closes a `{open_[-1].text}`"
        hint = f"write `{due}` here, or check the brackets before"
    return Finding("RF202", token.start, token.end, message, hint)


def too_deep(start: int, end: int) -> Finding:
    """Report a condition that nests more than `MAX_DEPTH` levels."""
    return Finding(
        "RF201",
        start,
        end,
        f"condition nests more than {MAX_DEPTH} levels",
        "split it into several rules",
    )
