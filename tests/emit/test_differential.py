"""The compiler on the real OPA, beside the meaning of the IR: random rules, tenants and requests."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.emit.differential import Tally, compare, open_site

from ringfence.emit import simplify
from ringfence.ir import logic
from ringfence.ir.expression import CompareOp, Expr, FactRef, ItemRef
from ringfence.ir.logic import walk


@pytest.mark.parametrize(("point", "seed"), [("runner.start", 11), ("runner.deploy", 12)])
def test_decisions_are_what_the_ir_means(point: str, seed: int) -> None:
    """Action, reasons with their clauses, and unknown facts are the same for 1,500 random requests."""
    tally = Tally()
    with open_site(point, tenants=12, own_rules=6, seed=seed) as site:
        compare(site, 1500, tally)
    assert tally.mismatches == []
    assert tally.kinds["violated"] > 500
    assert tally.kinds["not evaluated"] > 200
    assert len(tally.rules) > 50


def _no_guards(*_: Any) -> tuple[Expr, ...]:
    """Ask for no fact's presence: what is missing is compared like any other value."""
    return ()


def _all_there(_: Any, clause: Expr) -> list[FactRef | ItemRef]:
    """Believe that a clause proves whatever it reads."""
    return [node for node in walk(clause) if isinstance(node, (FactRef, ItemRef))]


@pytest.mark.parametrize(
    ("owner", "name", "naive"),
    [
        (logic.Optionals, "guards", _no_guards),
        (simplify.Simplifier, "proven", _all_there),
    ],
    ids=["two-valued", "all proven"],
)
def test_a_naive_emitter_is_caught(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, naive: Callable[..., Any]
) -> None:
    """With one step of the compiler done naively, the same comparison finds a mismatch."""
    monkeypatch.setattr(owner, name, naive)
    tally = Tally()
    with open_site("runner.start", tenants=12, own_rules=6, seed=11) as site:
        compare(site, 1500, tally)
    assert tally.mismatches


def test_a_swapped_comparison_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emitter that negates `<=` to `>=`, off by the boundary, is caught."""
    monkeypatch.setitem(logic._OPPOSITE, CompareOp.LE, CompareOp.GE)
    tally = Tally()
    with open_site("runner.start", tenants=12, own_rules=6, seed=11) as site:
        compare(site, 1500, tally)
    assert tally.mismatches
