"""Check `list.exists(x, …)` and `list.all(x, …)`."""

from typing import TYPE_CHECKING

from ringfence.ir.expression import (
    AnyPrefix,
    FactRef,
    ItemRef,
    ParamRef,
    Quantifier,
    QuantifierKind,
)
from ringfence.ir.logic import walk
from ringfence.language.cel.names import ROOTS
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.tokens import RESERVED
from ringfence.language.cel.value import Value, boolean, describe, family, poison

if TYPE_CHECKING:
    from ringfence.language.cel.checker import Checker

__all__ = ["MAX_QUANTIFIERS", "quantify"]

MAX_QUANTIFIERS = 4


def quantify(checker: "Checker", syntax: Syntax, name: str) -> Value:
    """Check a quantifier; its variable is visible in its body only."""
    receiver, variable, _ = syntax.operands
    if checker.variable:
        return checker.refuse_token(
            syntax,
            syntax.words[0],
            "RF222",
            "quantifiers can't be nested",
            "split the rule, or let the caller send the answer as a field of the record",
        )
    checker.quantifiers += 1
    if checker.quantifiers > MAX_QUANTIFIERS:
        return checker.refuse_token(
            syntax,
            syntax.words[0],
            "RF201",
            f"condition has more than {MAX_QUANTIFIERS} quantifiers",
            "split it into several rules",
        )
    problem = _variable_problem(checker, variable)
    if problem is not None:
        return checker.refuse(variable, "RF222", *problem)
    collection = checker.value(receiver)
    if isinstance(collection.expr, ParamRef) and collection.type is not None:
        return _any_prefix(checker, syntax, name, collection)
    if not isinstance(collection.expr, FactRef):
        return poison(syntax) if collection.type is None else _no_list(checker, collection, name)
    if collection.type is not None and not collection.type.is_list:
        return _no_list(checker, collection, name)
    return _over_fact(checker, syntax, name, collection.expr)


def _over_fact(checker: "Checker", syntax: Syntax, name: str, collection: FactRef) -> Value:
    _, variable, body = syntax.operands
    fact = checker.facts.get(collection.name)
    if fact is None or not fact.type.is_list:
        return poison(syntax)
    (word,) = checker.words(variable)
    checker.variable, checker.items = word, fact
    value = checker.boolean(body)
    checker.variable, checker.items = "", None
    if value.type is None:
        return poison(syntax)
    if not any(isinstance(node, ItemRef) for node in walk(value.expr)):
        return checker.refuse(
            body,
            "RF222",
            f"the condition does not read `{word}`",
            f"move it out of the quantifier, or write `size(facts.{collection.name}) > 0`",
        )
    expr = Quantifier(QuantifierKind(name), collection, word, value.expr)
    return boolean(syntax, expr, value)


def _variable_problem(checker: "Checker", variable: Syntax) -> tuple[str, str] | None:
    words = checker.words(variable)
    if variable.form is not Form.NAME or len(words) != 1:
        text = checker.source(variable)
        return f"`{text}` does not name the item", "write a short name first: `.exists(x, …)`"
    if words[0] in ROOTS or words[0] in RESERVED:
        return f"`{words[0]}` has another meaning", "choose another name for the item"
    return None


def _no_list(checker: "Checker", collection: Value, name: str) -> Value:
    return checker.refuse(
        collection.syntax,
        "RF209",
        f"`{name}` does not apply to `{checker.source(collection.syntax)}`, {describe(collection)}",
        "write it of a list fact: `facts.….exists(x, …)`",
    )


def _any_prefix(checker: "Checker", syntax: Syntax, name: str, collection: Value) -> Value:
    """Lower `params.list.exists(p, x.startsWith(p))`, the one quantifier over a parameter."""
    _, variable, body = syntax.operands
    assert isinstance(collection.expr, ParamRef)
    assert collection.type is not None
    if not collection.type.many:
        return _no_list(checker, collection, name)
    asks = body.form is Form.METHOD and checker.words(body) == ("startsWith",)
    argument = body.operands[1:] if asks else ()
    by_variable = len(argument) == 1 and _same_name(checker, argument[0], variable)
    if name != "exists" or not by_variable or family(collection.type) != "text":
        listed = checker.source(collection.syntax)
        return checker.refuse(
            syntax,
            "RF222",
            f"`{name}` runs over the parameter `{listed}`",
            f"write `x in {listed}`, or `{listed}.exists(p, x.startsWith(p))`",
        )
    subject = checker.value(body.operands[0])
    if subject.type is None:
        return poison(syntax)
    if subject.is_constant or subject.type.is_list or family(subject.type) != "text":
        return checker.refuse(
            subject.syntax,
            "RF209",
            f"`startsWith` does not apply to `{checker.source(subject.syntax)}`",
            "write it of a fact that is a text",
        )
    return boolean(syntax, AnyPrefix(subject.expr, collection.expr), subject, collection)


def _same_name(checker: "Checker", one: Syntax, other: Syntax) -> bool:
    return one.form is Form.NAME and checker.words(one) == checker.words(other)
