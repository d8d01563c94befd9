"""Compile a message: text around references to facts, parameters and the tenant."""

import re
from collections.abc import Callable
from functools import partial

from ringfence.errors import Diagnostic, Span
from ringfence.ir.rule import Message
from ringfence.language.cel.finding import Finding, diagnostics
from ringfence.language.cel.names import fact_problem
from ringfence.language.cel.scope import ConditionScope
from ringfence.language.suggest import did_you_mean

__all__ = ["MAX_REFERENCES", "compile_message"]

MAX_REFERENCES = 16

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<reference>[^{}]*)\}|[{}]|[^{}]+")
_ROOTS = ("facts", "params", "derived", "tenant")
_Refuse = Callable[[str, str, str], Finding]


def compile_message(
    text: str, *, scope: ConditionScope, at: Callable[[int, int], Span]
) -> Message | tuple[Diagnostic, ...]:
    """Return the template of a message, or everything that is wrong with it.

    `{facts.run.timeout}` is replaced by the value; `{{` and `}}` stand for the braces themselves.
    """
    parts: list[str] = [""]
    findings: list[Finding] = []
    for piece in _PIECE.finditer(text):
        word = piece.group()
        reference = piece["reference"]
        refuse = partial(_finding, piece.start(), piece.end())
        if reference is not None:
            problem = _reference_problem(reference, scope)
            findings.extend([] if problem is None else [refuse(*problem)])
            parts += [reference, ""]
        elif word in ("{", "}"):
            findings.append(refuse("RF220", *_lone(word)))
        else:
            parts[-1] += word[0] if word in ("{{", "}}") else word
    if len(parts) // 2 > MAX_REFERENCES:
        findings.append(
            Finding(
                "RF220",
                0,
                len(text),
                f"message has more than {MAX_REFERENCES} references",
                "name the facts that matter",
            )
        )
    return diagnostics(findings, text=text, at=at) if findings else Message(tuple(parts))


def _finding(start: int, end: int, code: str, message: str, hint: str) -> Finding:
    return Finding(code, start, end, message, hint)


def _lone(brace: str) -> tuple[str, str]:
    other = "closed" if brace == "{" else "opened"
    return f"`{brace}` is never {other}", f"write `{brace}{brace}` for the brace itself"


def _reference_problem(reference: str, scope: ConditionScope) -> tuple[str, str, str] | None:
    stripped = reference.strip()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*", reference):
        if stripped != reference and stripped:
            return "RF220", f"`{{{reference}}}` has white space", f"write `{{{stripped}}}`"
        what = f"`{{{_short(reference)}}}` is not a name"
        return "RF220", what, "write `{facts.…}` or `{params.…}`; `{{` for the brace itself"
    root, _, name = reference.partition(".")
    match root:
        case "facts":
            return _fact_problem(name, scope)
        case "params":
            return _param_problem(name, scope)
        case "derived" if name in scope.derived:
            return None
        case "derived":
            return _unknown("derived", name, tuple(scope.derived))
        case "tenant" if not name:
            return None
    return "RF206", f"unknown name `{_short(reference)}`", _root_help(reference, scope)


def _root_help(reference: str, scope: ConditionScope) -> str:
    if reference in scope.point.by_name():
        return f"write `{{facts.{reference}}}`"
    if reference in scope.params:
        return f"write `{{params.{reference}}}`"
    root, dot, name = reference.partition(".")
    near = did_you_mean(root, _ROOTS)
    if near and root not in _ROOTS:
        return f"did you mean `{{{near}{dot}{name}}}`?"
    return "a reference starts with `facts.`, `params.` or `derived.`, or is `tenant`"


def _fact_problem(name: str, scope: ConditionScope) -> tuple[str, str, str] | None:
    facts = scope.point.by_name()
    fact = facts.get(name)
    if fact is None:
        return fact_problem(facts, name)
    if fact.secret:
        return (
            "RF221",
            f"the message would show the secret fact `facts.{name}`",
            "name the fact in words, without its value",
        )
    if fact.type.is_list:
        return (
            "RF207",
            f"`facts.{name}` is a list, which a message can't show",
            "name the list in words",
        )
    return None


def _param_problem(name: str, scope: ConditionScope) -> tuple[str, str, str] | None:
    param = scope.params.get(name)
    if param is None:
        return _unknown("params", name, tuple(scope.params))
    if param.many:
        what = f"`params.{name}` is a list, which a message can't show"
        return "RF207", what, "name the list in words"
    return None


def _unknown(root: str, name: str, known: tuple[str, ...]) -> tuple[str, str, str]:
    near = did_you_mean(name, known)
    hint = f"did you mean `{{{root}.{near}}}`?" if near else f"there is no such name in `{root}`"
    return "RF206", f"unknown name `{root}.{name}`", hint


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
