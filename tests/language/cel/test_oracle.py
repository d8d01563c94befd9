"""Facts about what conditions mean, argued against the C++ implementation of CEL."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.language.cel import compile_condition

from .interpret import Request, outcome
from .schema import at, scope

cel = pytest.importorskip("cel_expr_python.cel")

NOW = 1_780_000_000
PARAMS: dict[str, Any] = {
    "limit": 5,
    "min_score": Decimal("0.75"),
    "strict": True,
    "cap": 3600,
    "top": "l2-internal",
    "registries": ["registry.internal/", "ü"],
}
ENVIRONMENT = cel.NewEnv(
    variables={
        "facts": cel.Type.DYN,
        "params": cel.Type.DYN,
        "tenant": cel.Type.STRING,
        "now": cel.Type.TIMESTAMP,
        # The binding takes times as variables only, not inside of maps.
        "facts.run.timeout": cel.Type.DURATION,
        "facts.run.started": cel.Type.TIMESTAMP,
        "params.cap": cel.Type.DURATION,
    }
)
MISSING = ("Key not found in map", 'No value with name "facts.run.timeout"')


def asked(text: str, facts: dict[str, Any]) -> bool | None:
    """Return the oracle's verdict, or None where it ends in an error."""
    nested: dict[str, Any] = {"runner": {}}
    data: dict[str, Any] = {
        "facts": nested,
        "params": {name: _native(value) for name, value in PARAMS.items()},
        "tenant": "acme",
        "now": datetime.fromtimestamp(NOW, UTC),
        "facts.run.started": datetime.fromtimestamp(facts["run.started"], UTC),
        "params.cap": timedelta(seconds=PARAMS["cap"]),
    }
    if "run.timeout" in facts:
        data["facts.run.timeout"] = timedelta(seconds=facts["run.timeout"])
    for name, value in facts.items():
        *outer, last = name.split(".")
        (nested.setdefault(outer[0], {}) if outer else nested)[last] = _native(value)
    result = ENVIRONMENT.compile(text).eval(data=data)
    if result.type() == cel.Type.ERROR:
        # INVARIANT: a missing fact is the only error that a well-typed condition can meet.
        assert any(reason in result.value() for reason in MISSING), (text, result.value())
        return None
    return bool(result.value())


def _native(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def quoted(text: str) -> str:
    """Write a string literal of CEL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


WORDS = ["registry.internal/a", "main", "release/1", "ü", "😀x", "a\\b", 'say "hi"']
QUARTERS = st.integers(-8, 8).map(lambda n: Decimal(n) / 4)
COUNTS = st.sampled_from(
    ["facts.count", "facts.spare", "params.limit", "size(facts.labels)", "facts.hosts.size()"]
    + ["size(facts.branch)", "facts.image.size()", "-facts.count", "facts.count*2-1"]
    + ["(facts.count + facts.spare)", "facts.count - -1", "(facts.spare - 3) * facts.count"]
)
INTEGERS = COUNTS | st.integers(-9, 9).map(str) | st.sampled_from(["2 -1", "(1+2*3)"])
SCORES = st.sampled_from(["facts.score", "params.min_score", "(facts.score * 2.0)", "-facts.score"])
DECIMALS = SCORES | QUARTERS.map(lambda number: f"{number:.2f}")
NAMES = st.sampled_from(["facts.image", "facts.branch", "tenant"])
TEXTS = NAMES | st.sampled_from(WORDS).map(quoted)
SPENT = st.sampled_from(["facts.run.timeout", "params.cap", "now - facts.run.started"])
SPANS = SPENT | st.sampled_from(
    ['duration("1h")', "facts.run.timeout + params.cap", 'duration("90m") - duration("1s")']
)
TIMES = st.sampled_from(["now", "facts.run.started", "facts.run.started + facts.run.timeout"])
MOMENTS = TIMES | st.sampled_from(
    ['now - duration("1h")', 'timestamp("2026-05-28T20:26:40Z")', "params.cap + facts.run.started"]
)
RANKS = st.sampled_from(["facts.level", "facts.ceiling", "params.top"])
LEVELS = RANKS | st.just('"l2-internal"')
ORDERS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
EQUALITIES = st.sampled_from(["==", "!="])
PATTERNS = st.sampled_from(['"^re"', 'r"\\d$"', '"(?i)MAIN"', '"a.b"', 'r"^\\PM+$"', '"^(a|ü)"'])


def compared(
    ones: st.SearchStrategy[str], others: st.SearchStrategy[str], ops: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    """Write comparisons of two different values, on either side."""
    pairs = st.tuples(ones, others).filter(lambda pair: pair[0] != pair[1])
    sides = st.builds(lambda pair, turn: pair[::-1] if turn else pair, pairs, st.booleans())
    return st.builds(lambda pair, op: f"{pair[0]} {op} {pair[1]}", sides, ops)


def lists(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Write lists of constants."""
    return st.lists(items, min_size=1, max_size=3, unique=True).map(lambda i: f"[{', '.join(i)}]")


ATOMS = st.one_of(
    compared(COUNTS, INTEGERS, ORDERS),
    compared(SCORES, DECIMALS, ORDERS),
    compared(NAMES, TEXTS, EQUALITIES),
    compared(SPENT, SPANS, ORDERS),
    compared(TIMES, MOMENTS, ORDERS),
    compared(RANKS, LEVELS, ORDERS),
    st.sampled_from(['facts.runner.class != "container"', 'facts.runner.size in ["small"]']),
    st.sampled_from(["facts.urgent", "facts.reviewed", "params.strict", "true", "false"]),
    st.sampled_from(["has(facts.branch)", "!has(facts.spare)", "has(facts.runner.size)"]),
    st.sampled_from(["facts.urgent == facts.reviewed", "facts.reviewed != true"]),
    st.sampled_from(["params.registries.exists(p, facts.image.startsWith(p))"]),
    st.sampled_from(["facts.branch in params.registries", '"a" in facts.labels']),
    st.sampled_from(["facts.branch in facts.labels", '"small" in facts.sizes']),
    st.builds(lambda a, b: f"{a} in {b}", NAMES, lists(st.sampled_from(WORDS).map(quoted))),
    st.builds(lambda a, b: f"{a} in {b}", COUNTS, lists(st.integers(-3, 6).map(str))),
    st.builds(
        lambda a, op, b: f"{a}.{op}({b})",
        NAMES,
        st.sampled_from(["startsWith", "endsWith", "contains"]),
        TEXTS,
    ),
    st.builds(lambda a, b: f"{a}.matches({b})", NAMES, PATTERNS),
)
ITEM_ATOMS = st.one_of(
    st.sampled_from(["h.private", "has(h.port)", "h.port > facts.count", "h.port == 443"]),
    st.sampled_from(['h.name.startsWith("a")', "h.name == facts.branch", "size(h.aliases) > 0"]),
    st.sampled_from(['"x" in h.aliases', "h.name in facts.labels", "h.port - 1 < facts.spare"]),
    ATOMS,
)


def combined(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Write logic over atoms, with and without brackets."""
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds(lambda a, b: f"{a} && {b}", inner, inner),
            st.builds(lambda a, b: f"({a}) || {b}", inner, inner),
            st.builds(lambda a: f"!({a})", inner),
            st.builds(lambda a, b, c: f"(({a}) ? {b} : {c})", inner, inner, inner),
            st.builds(lambda a, b: f"(({a}) == ({b}))", inner, inner),
            st.builds(
                lambda a, x, y, z: f"(({a}) ? {x} : {y}) < {z}", inner, INTEGERS, INTEGERS, COUNTS
            ),
        ),
        max_leaves=6,
    )


QUANTIFIED = st.builds(
    lambda kind, body: f"facts.hosts.{kind}(h, {body})",
    st.sampled_from(["exists", "all"]),
    combined(ITEM_ATOMS),
) | st.sampled_from(
    ['facts.labels.all(x, x.startsWith("a"))', 'facts.sizes.exists(x, x == "small")']
)
CONDITIONS = combined(st.one_of(ATOMS, ATOMS, QUANTIFIED))

HOST = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "main"]),
        "private": st.booleans(),
        "aliases": st.lists(st.sampled_from(["x", "y"]), max_size=2),
    },
    optional={"port": st.sampled_from([1, 80, 443])},
)
FACTS = st.fixed_dictionaries(
    {
        "runner.class": st.sampled_from(["serverless", "container"]),
        "level": st.sampled_from(["l1-public", "l2-internal", "l3-restricted"]),
        "image": st.sampled_from(WORDS),
        "count": st.integers(0, 8),
        "urgent": st.booleans(),
        "run.started": st.sampled_from([NOW - 7200, NOW - 3600, NOW, NOW - 1]),
        "labels": st.lists(st.sampled_from(["a", "b", "main"]), max_size=3),
        "hosts": st.lists(HOST, max_size=3),
    },
    optional={
        "runner.size": st.sampled_from(["small", "large"]),
        "ceiling": st.sampled_from(["l1-public", "l2-internal", "l3-restricted"]),
        "branch": st.sampled_from(WORDS),
        "spare": st.integers(0, 8),
        "score": QUARTERS,
        "reviewed": st.booleans(),
        "run.timeout": st.sampled_from([0, 3599, 3600, 3601]),
        "sizes": st.lists(st.sampled_from(["small", "large"]), max_size=2),
    },
)

CONSTANT = {"RF201", "RF219", "RF222"}


@settings(max_examples=400, deadline=None)
@given(text=CONDITIONS, requests=st.lists(FACTS, min_size=3, max_size=3))
def test_a_condition_means_what_the_outside_implementation_says(
    text: str, requests: list[dict[str, Any]]
) -> None:
    """Shown, refuted and unknown agree with true, false and error, missing facts included."""
    result = compile_condition(text, scope=scope(), at=at)
    if isinstance(result, tuple):
        # Well-typed by construction: only constants and limits may be refused.
        assert {d.code for d in result} <= CONSTANT, (text, result)
        return
    for facts in requests:
        request = Request(facts=facts, params=PARAMS, now=NOW)
        assert outcome(result, request) == asked(text, facts), (text, facts)


@pytest.mark.parametrize(
    ("literal", "plain"),
    [
        (r'"a\tb"', "a\tb"),
        (r'"\u00e9\U0001F600"', "é😀"),
        (r'"\x41\101\"\'\\\?\`"', "AA\"'\\?`"),
        (r"r'\n\d'", r"\n\d"),
        (r'R"\u0041"', r"\u0041"),
        (r"'it\'s'", "it's"),
        ("'\"'", '"'),
        ('"// no comment"', "// no comment"),
    ],
)
def test_the_oracle_reads_string_literals_as_we_do(literal: str, plain: str) -> None:
    """Escapes and raw strings have the values that the outside implementation gives them."""
    from ringfence.language.cel.finding import Refused
    from ringfence.language.cel.literals import string_value
    from ringfence.language.cel.tokens import tokens_of

    assert ENVIRONMENT.compile(literal).eval(data={}).value() == plain
    (token,) = tokens_of(literal)
    if "\t" in plain:
        with pytest.raises(Refused, match="U\\+0009"):
            string_value(token)
    else:
        assert string_value(token) == plain
