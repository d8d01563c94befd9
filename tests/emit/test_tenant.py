"""One tenant's share of a bundle, and what several tenants share."""

from dataclasses import replace

from ringfence.emit.tenant import emit_tenant
from ringfence.errors import Span
from ringfence.ir.build import most
from ringfence.ir.expression import FactRef
from ringfence.ir.rule import Message, Rule, TenantProgram
from ringfence.lower.program import lower_platform

POINT = "runner.start"
RULE = Rule(
    id="acme.short",
    point=POINT,
    require=most(FactRef("run.timeout"), 3600),
    message=Message(("too long",)),
    fix="Split the run.",
    span=Span("tenants/acme/own.yaml", 12, 7),
)


def test_tenants_that_share_a_list_emit_the_same_module() -> None:
    """The module of a list depends on its shapes alone: it names no tenant, no rule and no file."""
    points = lower_platform((), facts=(), teams={})[0].points
    other = replace(RULE, id="zeta.brief", span=Span("tenants/zeta/more.yaml", 99, 1))
    units = [
        emit_tenant(
            TenantProgram(name=rule.id[:4], params={POINT: {}}, rules=(rule,)),
            points=points,
            known={},
        )
        for rule in (RULE, other)
    ]
    assert units[0].lists == units[1].lists
    (module,) = units[0].lists.values()
    assert "acme" not in module
    assert units[0].params != units[1].params


def test_a_list_that_is_known_is_not_emitted_again() -> None:
    """A module that an earlier tenant emitted is taken as it is."""
    points = lower_platform((), facts=(), teams={})[0].points
    program = TenantProgram(name="acme", params={POINT: {}}, rules=(RULE,))
    known: dict[str, str] = {}
    first = emit_tenant(program, points=points, known=known)
    assert known == first.lists
    (name,) = known
    known[name] = "# from before\n"
    assert emit_tenant(program, points=points, known=known).lists == {name: "# from before\n"}
