"""The compiler on the real OPA, beside what the IR means: random rules, tenants and requests."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from tests.emit.differential import CLOCK, UNREADABLE_NUMBER, Tally, argue
from tests.emit.site import POINTS, Site, Size, open_site

from ringfence.emit import simplify
from ringfence.ir import logic
from ringfence.ir.expression import Compare, CompareOp, Expr, FactRef, ItemRef, StringTest
from ringfence.ir.logic import walk
from ringfence.ir.schema import Fact

BARE = Size(tenants=6, shared_rules=0, own_rules=5)
FULL = Size(tenants=6, shared_rules=5, own_rules=5)


@pytest.fixture(scope="module", params=[(BARE, 41), (FULL, 45)], ids=["bare", "full"])
def drawn(request: pytest.FixtureRequest) -> Iterator[tuple[Site, Tally]]:
    """Ask 400 requests at each of two decision points."""
    size, seed = request.param
    with open_site(size, seed=seed) as site:
        yield site, argue(site, 400)


def test_decisions_are_what_the_ir_means(drawn: tuple[Site, Tally]) -> None:
    """Action, reasons, clauses, unknown facts, obligations and messages are the reference's."""
    _, tally = drawn
    assert tally.mismatches == []
    assert tally.decisions == 400 * len(POINTS)


def test_the_requests_reach_every_kind_of_decision(drawn: tuple[Site, Tally]) -> None:
    """Drawn requests are clean, blocked by the gate, and violate many rules: refuted and unknown ones."""
    site, tally = drawn
    assert tally.kinds["ungated"] > 100
    assert tally.kinds["hits"] > 400
    assert tally.kinds["clean"] >= (
        1 if any("shared" in one.meant.id for one in site.drawn) else 30
    )
    assert min(tally.refuted[True], tally.refuted[False]) > 100
    assert len(tally.violated) > 25


def test_most_rules_come_through_the_front_end(drawn: tuple[Site, Tally]) -> None:
    """CEL that was drawn beside a tree compiles, so that the front end is judged too."""
    site, _ = drawn
    assert sum(one.is_from_cel for one in site.drawn) > 0.75 * len(site.drawn)


def test_a_number_that_opa_does_not_read_has_no_decision(drawn: tuple[Site, Tally]) -> None:
    """A request that holds it is answered by none, which blocks, and its neighbours are decided."""
    site, _ = drawn
    asked = site.generators[POINTS[0]].request().text
    strange = f'{{"strange":{UNREADABLE_NUMBER},{asked[1:]}'
    answers = site.server.decide([(orjson.Fragment(text), CLOCK) for text in (asked, strange)])
    assert [answer is None for answer in answers] == [False, True]


_HONEST = logic._outcome


def _unguarded(_: logic.Optionals, _expr: Expr, _items: dict[str, Fact]) -> tuple[Expr, ...]:
    """Ask for no fact's presence: what stands for missing is compared like any other value."""
    return ()


def _unguarded_items(self: logic.Optionals, expr: Expr, items: dict[str, Fact]) -> tuple[Expr, ...]:
    """Ask for the presence of facts, and forget the fields of records."""
    return tuple(one for one in _GUARDS(self, expr, items) if not _is_of_item(one))


def _is_of_item(expr: Expr) -> bool:
    return any(isinstance(node, ItemRef) for node in walk(expr))


_GUARDS = logic.Optionals.guards


def _two_valued(expr: Expr, *, want: bool, **named: Any) -> Expr:
    """Take what is not shown for refuted: `!x` holds where `x` is missing."""
    shown = _HONEST(expr, want=True, **named)
    return shown if want else logic.complement(shown)


def _lenient(expr: Expr, *, want: bool, **named: Any) -> Expr:
    """Take a comparison that is not refuted for shown: `not (x > 5)` where `x <= 5` is required."""
    if want and isinstance(expr, (Compare, StringTest)):
        return logic.complement(_HONEST(expr, want=False, **named))
    return _HONEST(expr, want=want, **named)


def _all_proven(_: Any, clause: Expr) -> list[FactRef | ItemRef]:
    """Believe that a clause proves whatever it reads to be there."""
    return [node for node in walk(clause) if isinstance(node, (FactRef, ItemRef))]


def _first_mismatch() -> str:
    """Name the first mismatch of at most eight draws of rules; fail where there is none."""
    for seed in range(8):
        with open_site(FULL, seed=seed) as site:
            tally = argue(site, 100)
        if tally.mismatches:
            return tally.mismatches[0].name
    raise AssertionError("the mutant survived")


@pytest.mark.parametrize(
    ("owner", "name", "naive"),
    [
        (logic.Optionals, "guards", _unguarded),
        (logic.Optionals, "guards", _unguarded_items),
        (logic, "_outcome", _two_valued),
        (logic, "_outcome", _lenient),
        (simplify.Simplifier, "proven", _all_proven),
    ],
    ids=["unguarded", "unguarded items", "two-valued", "lenient", "all proven"],
)
def test_a_naive_compiler_is_caught(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, naive: Callable[..., Any]
) -> None:
    """With one step of the compiler done naively, the same comparison finds a mismatch."""
    monkeypatch.setattr(owner, name, naive)
    print(f"\n{naive.__name__}: {_first_mismatch()}")


def test_a_swapped_comparison_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that takes `<=` and `>=` for opposites, off by the boundary, is caught."""
    monkeypatch.setitem(logic._OPPOSITE, CompareOp.LE, CompareOp.GE)
    print(f"\nswapped: {_first_mismatch()}")
