"""Check `list.exists(x, …)` and `list.all(x, …)`."""

from ringfence.ir.expression import (
    AnyPrefix,
    FactRef,
    ItemRef,
    ParamRef,
    Quantifier,
    QuantifierKind,
)
from ringfence.ir.logic import walk
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.names import ROOTS
from ringfence.language.cel.syntax import Form, Syntax
from ringfence.language.cel.tokens import RESERVED
from ringfence.language.cel.value import Value, boolean, describe, family, poison

__all__ = ["MAX_QUANTIFIERS", "quantify"]

MAX_QUANTIFIERS = 4


def quantify(checking: Checking, syntax: Syntax, name: str) -> Value:
    """Check a quantifier; its variable is visible in its body only."""
    receiver, variable, _ = syntax.operands
    if checking.variable:
        return checking.refuse_token(
            syntax,
            syntax.words[0],
            "RF222",
            "quantifiers can't be nested",
            "split the rule, or let the caller send the answer as a field of the record",
        )
    checking.quantifiers += 1
    if checking.quantifiers > MAX_QUANTIFIERS:
        return checking.refuse_token(
            syntax,
            syntax.words[0],
            "RF201",
            f"condition has more than {MAX_QUANTIFIERS} quantifiers",
            "split it into several rules",
        )
    problem = _variable_problem(checking, variable)
    if problem is not None:
        return checking.refuse(variable, "RF222", *problem)
    collection = checking.value(receiver)
    if isinstance(collection.expr, ParamRef) and collection.type is not None:
        return _any_prefix(checking, syntax, name, collection)
    if not isinstance(collection.expr, FactRef):
        return poison(syntax) if collection.type is None else _no_list(checking, collection, name)
    if collection.type is not None and not collection.type.is_list:
        return _no_list(checking, collection, name)
    return _over_fact(checking, syntax, name, collection.expr)


def _over_fact(checking: Checking, syntax: Syntax, name: str, collection: FactRef) -> Value:
    _, variable, body = syntax.operands
    fact = checking.facts.get(collection.name)
    if fact is None or not fact.type.is_list:
        return poison(syntax)
    (word,) = checking.words(variable)
    checking.variable, checking.items = word, fact
    value = checking.boolean(body)
    checking.variable, checking.items = "", None
    if value.type is None:
        return poison(syntax)
    if not any(isinstance(node, ItemRef) for node in walk(value.expr)):
        return checking.refuse(
            body,
            "RF222",
            f"the condition does not read `{word}`",
            f"move it out of the quantifier, or write `size(facts.{collection.name}) > 0`",
        )
    expr = Quantifier(QuantifierKind(name), collection, word, value.expr)
    return boolean(syntax, expr, value)


def _variable_problem(checking: Checking, variable: Syntax) -> tuple[str, str] | None:
    words = checking.words(variable)
    if variable.form is not Form.NAME or len(words) != 1:
        text = checking.source(variable)
        return f"`{text}` does not name the item", "write a short name first: `.exists(x, …)`"
    if words[0] in ROOTS or words[0] in RESERVED:
        return f"`{words[0]}` has another meaning", "choose another name for the item"
    return None


def _no_list(checking: Checking, collection: Value, name: str) -> Value:
    return checking.refuse(
        collection.syntax,
        "RF209",
        f"`{name}` does not apply to `{checking.source(collection.syntax)}`, {describe(collection)}",
        "write it of a list fact: `facts.….exists(x, …)`",
    )


def _any_prefix(checking: Checking, syntax: Syntax, name: str, collection: Value) -> Value:
    """Lower `params.list.exists(p, x.startsWith(p))`, the one quantifier over a parameter."""
    _, variable, body = syntax.operands
    assert isinstance(collection.expr, ParamRef)
    assert collection.type is not None
    if not collection.type.many:
        return _no_list(checking, collection, name)
    asks = body.form is Form.METHOD and checking.words(body) == ("startsWith",)
    argument = body.operands[1:] if asks else ()
    by_variable = len(argument) == 1 and _same_name(checking, argument[0], variable)
    if name != "exists" or not by_variable or family(collection.type) != "text":
        listed = checking.source(collection.syntax)
        return checking.refuse(
            syntax,
            "RF222",
            f"`{name}` runs over the parameter `{listed}`",
            f"write `x in {listed}`, or `{listed}.exists(p, x.startsWith(p))`",
        )
    subject = checking.value(body.operands[0])
    if subject.type is None:
        return poison(syntax)
    if subject.is_constant or subject.type.is_list or family(subject.type) != "text":
        return checking.refuse(
            subject.syntax,
            "RF209",
            f"`startsWith` does not apply to `{checking.source(subject.syntax)}`",
            "write it of a fact that is a text",
        )
    return boolean(syntax, AnyPrefix(subject.expr, collection.expr), subject, collection)


def _same_name(checking: Checking, one: Syntax, other: Syntax) -> bool:
    return one.form is Form.NAME and checking.words(one) == checking.words(other)
