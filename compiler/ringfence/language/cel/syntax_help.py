"""Say what to write where the parser found something that can't stand there."""

from ringfence.language.cel.finding import Finding
from ringfence.language.cel.tokens import Token, TokenKind

__all__ = ["explain"]

_WORDS = {"and": "&&", "AND": "&&", "or": "||", "OR": "||", "not": "!", "NOT": "!"}
_OTHER_LANGUAGES = {
    "is": "write `==`",
    "equals": "write `==`",
    "like": 'write `x.matches("…")` or `x.contains("…")`',
    "between": "write `x >= a && x <= b`",
    "if": "write `condition ? a : b`",
    "then": "write `condition ? a : b`",
    "else": "write `condition ? a : b`",
}


def explain(tokens: tuple[Token, ...], index: int) -> Finding:
    """Describe the syntax error at the token `index`; the number of tokens means the end."""
    if index >= len(tokens):
        last = tokens[-1]
        return Finding(
            "RF202",
            last.start,
            last.end,
            f"condition ends after `{shown(last)}`",
            "complete it, or remove the last operator",
        )
    token = tokens[index]
    before = tokens[index - 1] if index else None
    advice = _advice(token, before)
    token = _foreign(token, before) or token
    return Finding("RF202", token.start, token.end, *advice)


def _advice(token: Token, before: Token | None) -> tuple[str, str]:
    word = _foreign(token, before)
    if word is not None:
        if word.text in _WORDS:
            return f"`{word.text}` is no operator", f"write `{_WORDS[word.text]}`"
        return f"`{word.text}` is no operator", _OTHER_LANGUAGES[word.text]
    if token.text in ("in", "true", "false", "null") and before and before.text == ".":
        return f"`{token.text}` can't be a name", "names may not be words of the language"
    if before is None:
        return f"condition starts with `{token.text}`", "write a fact or a value before it"
    if token.kind is TokenKind.SIGN:
        return (
            f"`{token.text}` can't follow `{shown(before)}`",
            "write a fact, a parameter or a value between them",
        )
    return (
        f"`{shown(token)}` can't follow `{shown(before)}`",
        "write an operator between them, such as `&&` or `==`; put text in quotes",
    )


def _foreign(token: Token, before: Token | None) -> Token | None:
    """Return the operator of another language that stands at or just before the error."""
    for word in (token, before):
        if word is not None and (word.text in _WORDS or word.text in _OTHER_LANGUAGES):
            return word
    return None


def shown(token: Token) -> str:
    """Return a token's text, shortened for a message."""
    return token.text if len(token.text) <= 40 else token.text[:39] + "…"
