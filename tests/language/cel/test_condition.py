"""Facts about the expressions that conditions become."""

from decimal import Decimal

import pytest

from ringfence.errors import Span
from ringfence.ir.expression import (
    And,
    AnyPrefix,
    Arithmetic,
    ArithmeticOp,
    Compare,
    CompareOp,
    Derived,
    Expr,
    FactRef,
    Has,
    IfElse,
    ItemRef,
    Literal,
    Matches,
    Member,
    Not,
    Now,
    Or,
    ParamRef,
    Quantifier,
    QuantifierKind,
    Size,
    StringTest,
    StringTestOp,
    TenantName,
)
from ringfence.language.cel import compile_condition

from .schema import at, scope

COUNT, SPARE, SCORE = FactRef("count"), FactRef("spare"), FactRef("score")
URGENT, REVIEWED, IMAGE = FactRef("urgent"), FactRef("reviewed"), FactRef("image")
CLASS, LEVEL, CEILING = FactRef("runner.class"), FactRef("level"), FactRef("ceiling")
TIMEOUT, STARTED, LABELS = FactRef("run.timeout"), FactRef("run.started"), FactRef("labels")
EQ, LT, LE, GT = CompareOp.EQ, CompareOp.LT, CompareOp.LE, CompareOp.GT
ADD, SUB, MUL = ArithmeticOp.ADD, ArithmeticOp.SUB, ArithmeticOp.MUL
L1, L2, L3 = "l1-public", "l2-internal", "l3-restricted"


def compiled(text: str) -> Expr:
    """Return the expression of a condition that is valid."""
    result = compile_condition(text, scope=scope(), at=at)
    assert not isinstance(result, tuple), result
    return result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("facts.urgent", URGENT),
        ("facts.urgent == true", URGENT),
        ("false == facts.urgent", Not(URGENT)),
        ("facts.urgent != true", Not(URGENT)),
        ("!!facts.urgent", URGENT),
        ("!(!facts.urgent)", URGENT),
        ("true", Literal(True)),
        ("derived.over", Derived("over")),
        ("derived.used.total < 5", Compare(LT, Derived("used.total"), Literal(5))),
        ('facts.runner.class == "container"', Compare(EQ, CLASS, Literal("container"))),
        ('"container" == facts.runner.class', Compare(EQ, CLASS, Literal("container"))),
        ("5 < facts.count", Compare(GT, COUNT, Literal(5))),
        ("facts.count < 2.50", Compare(LT, COUNT, Literal(Decimal("2.5")))),
        ("facts.count == facts.score", Compare(EQ, COUNT, SCORE)),
        ("facts.image == tenant", Compare(EQ, IMAGE, TenantName())),
        (
            "facts.urgent && facts.reviewed && params.strict",
            And((URGENT, REVIEWED, ParamRef("strict"))),
        ),
        (
            "facts.urgent && (facts.reviewed && params.strict)",
            And((URGENT, REVIEWED, ParamRef("strict"))),
        ),
        (
            "facts.urgent || facts.reviewed && params.strict",
            Or((URGENT, And((REVIEWED, ParamRef("strict"))))),
        ),
        ("!facts.urgent && facts.reviewed", And((Not(URGENT), REVIEWED))),
        ("!has(facts.spare)", Not(Has(SPARE))),
        (
            "facts.urgent ? facts.reviewed : params.strict ? true : false",
            IfElse(URGENT, REVIEWED, IfElse(ParamRef("strict"), Literal(True), Literal(False))),
        ),
        (
            "(facts.urgent ? 1 : 2) < facts.count",
            IfElse(URGENT, Compare(GT, COUNT, Literal(1)), Compare(GT, COUNT, Literal(2))),
        ),
        (
            "facts.urgent == (facts.count > 5)",
            IfElse(
                URGENT,
                Compare(GT, COUNT, Literal(5)),
                Not(Compare(GT, COUNT, Literal(5))),
            ),
        ),
        ("facts.urgent != facts.reviewed", Compare(CompareOp.NE, URGENT, REVIEWED)),
        (
            "facts.count - 1 - facts.spare > 0",
            Compare(
                GT,
                Arithmetic(SUB, Arithmetic(SUB, COUNT, Literal(1)), SPARE),
                Literal(0),
            ),
        ),
        ("facts.count -1 > 0", Compare(GT, Arithmetic(SUB, COUNT, Literal(1)), Literal(0))),
        ("facts.count-1 > -2", Compare(GT, Arithmetic(SUB, COUNT, Literal(1)), Literal(-2))),
        ("-facts.count < 1", Compare(LT, Arithmetic(SUB, Literal(0), COUNT), Literal(1))),
        ("facts.count > --1", Compare(GT, COUNT, Literal(1))),
        ("facts.count < 2 + 3 * 4 - 1", Compare(LT, COUNT, Literal(13))),
        (
            "1 + facts.count * 2 < 9",
            Compare(
                LT, Arithmetic(ADD, Literal(1), Arithmetic(MUL, COUNT, Literal(2))), Literal(9)
            ),
        ),
        ('facts.run.timeout <= duration("1h30m")', Compare(LE, TIMEOUT, Literal(5400))),
        (
            'now - facts.run.started < duration("1d")',
            Compare(LT, Arithmetic(SUB, Now(), STARTED), Literal(86400)),
        ),
        (
            'facts.run.started > timestamp("1970-01-02T00:00:00Z")',
            Compare(GT, STARTED, Literal(86400)),
        ),
        ('facts.image in ["b", "a"]', Member(IMAGE, Literal(("b", "a")))),
        ("facts.score in [1, 0.50]", Member(SCORE, Literal((Decimal(1), Decimal("0.5"))))),
        ("facts.image in params.registries", Member(IMAGE, ParamRef("registries"))),
        ('"a" in facts.labels', Member(Literal("a"), LABELS)),
        (f'facts.level < "{L2}"', Compare(EQ, LEVEL, Literal(L1))),
        (f'facts.level <= "{L2}"', Member(LEVEL, Literal((L1, L2)))),
        (f'"{L2}" <= facts.level', Member(LEVEL, Literal((L2, L3)))),
        (
            "facts.level > facts.ceiling",
            IfElse(
                Compare(EQ, CEILING, Literal(L1)),
                Member(LEVEL, Literal((L2, L3))),
                IfElse(
                    Compare(EQ, CEILING, Literal(L2)),
                    Member(LEVEL, Literal((L3,))),
                    Member(LEVEL, Literal(())),
                ),
            ),
        ),
        (
            'facts.image.startsWith("a")',
            StringTest(StringTestOp.STARTS_WITH, IMAGE, Literal("a")),
        ),
        (
            "facts.image.contains(facts.branch)",
            StringTest(StringTestOp.CONTAINS, IMAGE, FactRef("branch")),
        ),
        (r'facts.image.matches(r"^\d+$")', Matches(IMAGE, r"^\d+$")),
        ("size(facts.labels) > 0", Compare(GT, Size(LABELS), Literal(0))),
        ("facts.image.size() > 0", Compare(GT, Size(IMAGE), Literal(0))),
        (
            "params.registries.exists(p, facts.image.startsWith(p))",
            AnyPrefix(IMAGE, ParamRef("registries")),
        ),
        (
            "facts.hosts.all(h, h.private || has(h.port) && size(h.aliases) > 0)",
            Quantifier(
                QuantifierKind.ALL,
                FactRef("hosts"),
                "h",
                Or(
                    (
                        ItemRef("h", "private"),
                        And(
                            (
                                Has(ItemRef("h", "port")),
                                Compare(GT, Size(ItemRef("h", "aliases")), Literal(0)),
                            )
                        ),
                    )
                ),
            ),
        ),
        (
            'facts.labels.exists(x, x == "a")',
            Quantifier(QuantifierKind.EXISTS, LABELS, "x", Compare(EQ, ItemRef("x"), Literal("a"))),
        ),
        (r'facts.image == "a\\\"\u00e9\101"', Compare(EQ, IMAGE, Literal('a\\"éA'))),
        (r"facts.image == r'a\n'", Compare(EQ, IMAGE, Literal(r"a\n"))),
        (
            r'facts.image == r"a\" || facts.image == "b"',
            Or((Compare(EQ, IMAGE, Literal("a\\")), Compare(EQ, IMAGE, Literal("b")))),
        ),
        ('facts.image == "a // b" // a comment', Compare(EQ, IMAGE, Literal("a // b"))),
    ],
)
def test_a_condition_becomes_its_expression(text: str, expected: Expr) -> None:
    """Each part of the language lowers to one expression, constants folded and on the right."""
    assert compiled(text) == expected


def test_white_space_and_comments_change_nothing() -> None:
    """A condition over several lines with comments is the condition on one line."""
    spread = "facts.urgent // first\n  &&\n\tfacts.count>5\n"
    assert compiled(spread) == compiled("facts.urgent && facts.count > 5")


def test_decimals_are_exact_and_without_trailing_zeros() -> None:
    """`0.10` and `0.1` are one constant, and no float comes between."""
    assert repr(compiled("facts.score < 0.10")) == repr(compiled("facts.score < 0.1"))
    assert compiled("facts.score < 0.1 + 0.2") == Compare(LT, SCORE, Literal(Decimal("0.3")))
    assert "Decimal('10')" in repr(compiled("facts.score < 10.0"))


def test_conditions_of_one_scope_are_compiled_once() -> None:
    """Equal texts in equal scopes share one expression; another role is another scope."""
    text = "facts.count > 5 && facts.spare > 5"
    assert compiled(text) is compiled(text)
    assert isinstance(compile_condition(text, scope=scope("where"), at=at), tuple)


def test_positions_come_from_the_caller() -> None:
    """Each diagnostic stands where the caller's file has the text, its end included."""

    def block(line: int, column: int) -> Span:
        return Span("p.yaml", line + 10, column + 4, line + 10, column + 5)

    result = compile_condition("facts.urgent &&\n  facts.nope", scope=scope(), at=block)
    assert isinstance(result, tuple)
    (diagnostic,) = result
    span = diagnostic.span
    assert (span.line, span.column, span.end_line, span.end_column) == (12, 7, 12, 17)
