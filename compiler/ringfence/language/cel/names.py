"""Find what a dotted name stands for: a fact, a parameter, a derived value, a record's field."""

from collections.abc import Iterable, Mapping

from ringfence.ir.expression import Derived, FactRef, ItemRef, Now, ParamRef, TenantName
from ringfence.ir.schema import Fact, FactSource, FactType, Scalar
from ringfence.language.cel.checking import Checking
from ringfence.language.cel.syntax import Syntax
from ringfence.language.cel.value import STRING, TIMESTAMP, Value, item_type, param_type
from ringfence.language.suggest import did_you_mean

__all__ = ["ROOTS", "fact_problem", "field_of", "resolve", "usable"]

ROOTS = ("facts", "params", "derived", "tenant", "now")


def resolve(checking: Checking, syntax: Syntax) -> Value:
    """Return the value of a name."""
    root, *rest = checking.words(syntax)
    path = ".".join(rest)
    if checking.variable and root == checking.variable:
        return _item(checking, syntax, path)
    match root:
        case "facts":
            return _fact(checking, syntax, path)
        case "params":
            return _param(checking, syntax, path)
        case "derived":
            return _derived(checking, syntax, path)
        case "tenant" | "now":
            if rest:
                return checking.refuse(
                    syntax, "RF206", f"`{root}` has no field `{path}`", f"write `{root}` alone"
                )
            if root == "tenant":
                return Value(syntax, STRING, TenantName())
            return Value(syntax, TIMESTAMP, Now())
    return checking.refuse(
        syntax,
        "RF206",
        f"unknown name `{checking.source(syntax)}`",
        _unknown_help(checking, ".".join([root, *rest])),
    )


def _fact(checking: Checking, syntax: Syntax, name: str) -> Value:
    facts = checking.facts
    fact = facts.get(name)
    if fact is None:
        return checking.refuse(syntax, *fact_problem(facts, name))
    if not usable(checking, syntax, fact):
        return Value(syntax, None, FactRef(name))
    return Value(syntax, fact.type, FactRef(fact.name))


def fact_problem(facts: Mapping[str, Fact], name: str) -> tuple[str, str, str]:
    """Return the code, message and help for a name below `facts` that is no fact."""
    below = [other for other in facts if not name or other.startswith(f"{name}.")]
    if below:
        shown = ", ".join(f"`facts.{other}`" for other in below[:6])
        what = f"facts.{name}" if name else "facts"
        return "RF207", f"`{what}` is not a value", f"write one of its facts: {shown}"
    for index, char in enumerate(name):
        if char == "." and name[:index] in facts:
            return _below(facts[name[:index]], name[index + 1 :])
    near = did_you_mean(name, facts)
    hint = (
        f"did you mean `facts.{near}`?" if near else "the schema of the decision point lists them"
    )
    return "RF206", f"unknown fact `facts.{name}`", hint


def _below(fact: Fact, rest: str) -> tuple[str, str, str]:
    if fact.type.is_list:
        what = f"`facts.{fact.name}` is a list and has no field `{rest}`"
        return "RF207", what, f"write `facts.{fact.name}.exists(x, …)` or `.all(x, …)`"
    return "RF206", f"`facts.{fact.name}` has no field `{rest}`", f"write `facts.{fact.name}`"


def usable(checking: Checking, syntax: Syntax, fact: Fact) -> bool:
    """Tell whether the condition's role may read the fact, and report it where not."""
    if checking.scope.role == "require":
        return True
    name = checking.source(syntax)
    if fact.source is FactSource.ATTESTED:
        checking.refuse(
            syntax,
            "RF214",
            f"`where` reads the attested fact `{name}`",
            "move it to `require`: a missing attestation must not switch the rule off",
        )
    elif not fact.required:
        checking.refuse(
            syntax,
            "RF213",
            f"`where` reads `{name}`, which may be missing",
            "move it to `require`: a caller must not switch the rule off by leaving it out",
        )
    else:
        return True
    return False


def _param(checking: Checking, syntax: Syntax, name: str) -> Value:
    params = checking.scope.params
    if name in params:
        return Value(syntax, param_type(params[name]), ParamRef(name))
    if not name:
        return checking.refuse(syntax, "RF207", "`params` is not a value", _known("params", params))
    near = did_you_mean(name, params)
    return checking.refuse(
        syntax,
        "RF206",
        f"unknown parameter `params.{name}`",
        f"did you mean `params.{near}`?" if near else _known("params", params),
    )


def _derived(checking: Checking, syntax: Syntax, name: str) -> Value:
    derived = checking.scope.derived
    if name not in derived:
        near = did_you_mean(name, derived)
        return checking.refuse(
            syntax,
            "RF206" if name else "RF207",
            f"unknown derived value `derived.{name}`" if name else "`derived` is not a value",
            f"did you mean `derived.{near}`?" if near else _known("derived", derived),
        )
    if checking.scope.role == "where":
        return checking.refuse(
            syntax,
            "RF213",
            f"`where` reads `derived.{name}`, which may be missing",
            "move it to `require`",
        )
    scalar = derived[name]
    type_ = STRING if scalar is Scalar.ENUM else FactType(scalar=scalar)
    return Value(syntax, type_, Derived(name))


def _known(root: str, names: Iterable[str]) -> str:
    known = ", ".join(f"`{root}.{name}`" for name in sorted(names)[:6])
    return f"there are: {known}" if known else f"there are no {root} here"


def _item(checking: Checking, syntax: Syntax, name: str) -> Value:
    assert checking.items is not None
    items, variable = checking.items, checking.variable
    if not items.type.is_records:
        if name:
            return checking.refuse(
                syntax, "RF206", f"`{variable}` has no field `{name}`", f"write `{variable}`"
            )
        return Value(syntax, item_type(items.type), ItemRef(variable))
    field = field_of(checking, name)
    if field is None:
        return checking.refuse(syntax, *_field_problem(items, variable, name))
    if not usable(checking, syntax, field):
        return Value(syntax, None, ItemRef(variable, name))
    return Value(syntax, field.type, ItemRef(variable, name))


def field_of(checking: Checking, name: str) -> Fact | None:
    """Return the field of the records that the quantifier runs over, or None."""
    assert checking.items is not None
    return next((field for field in checking.items.type.fields if field.name == name), None)


def _field_problem(items: Fact, variable: str, name: str) -> tuple[str, str, str]:
    fields = [field.name for field in items.type.fields]
    known = "its fields are " + ", ".join(f"`{variable}.{field}`" for field in fields)
    if not name:
        return "RF207", f"`{variable}` is a record, not a value", known
    near = did_you_mean(name, fields)
    hint = f"did you mean `{variable}.{near}`?" if near else known
    return "RF206", f"records of `facts.{items.name}` have no field `{name}`", hint


def _unknown_help(checking: Checking, name: str) -> str:
    point, params = checking.facts, checking.scope.params
    if name in point or any(fact.startswith(f"{name}.") for fact in point):
        return f"write `facts.{name}`"
    if name in params:
        return f"write `params.{name}`"
    if any(name in fact.type.values for fact in point.values()):
        return f'put text in quotes: `"{name}"`'
    head, dot, rest = name.partition(".")
    near = did_you_mean(head, ROOTS)
    if near:
        return f"did you mean `{near}{dot}{rest}`?"
    return "a name starts with `facts.` or `params.`, or is `tenant` or `now`; quote text"
