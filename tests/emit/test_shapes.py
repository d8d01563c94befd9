"""Conditions over facts of unusual names and ranges, decided on OPA."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from tests.bench.fleet import START, generous_params, request, tenant_name
from tests.emit.differential import CLOCK
from tests.emit.raw import Raw, json_text

from ringfence.emit.files import about_file, platform_files, policy_files
from ringfence.emit.tenant import emit_tenant
from ringfence.errors import Span
from ringfence.ir.rule import Message, Rule, TenantProgram
from ringfence.ir.schema import Fact, FactType, Scalar
from ringfence.language.cel import ConditionScope, ParamType, compile_condition
from ringfence.lower.program import lower_platform
from ringfence.opa.policies import PolicyServer

_WHOLE, _DECIMAL = FactType(scalar=Scalar.INTEGER), FactType(scalar=Scalar.DECIMAL)
FACTS = (
    Fact(name="cost.used", type=_DECIMAL),
    Fact(name="cost.more", type=_DECIMAL),
    Fact(name="cost.change", type=replace(_DECIMAL, minimum=-5)),
    Fact(name="cost.share", type=replace(_DECIMAL, minimum=1)),
    Fact(name="disks", type=FactType(fields=(Fact(name="digest", type=_WHOLE),))),
    Fact(name="ranks", type=replace(_WHOLE, minimum=-1, many=True)),
    Fact(name="item.name"),
    Fact(name="labels", type=FactType(many=True)),
    Fact(name="labels_given"),
    Fact(name="satisfied"),
    Fact(name="violates.sum"),
)
RULES = {
    "sum": "!has(facts.cost.used) || facts.cost.used + facts.cost.more <= 3.3",
    "sum-by-param": "!has(facts.cost.used) || facts.cost.used + params.budget <= facts.cost.more",
    "product": "!has(facts.cost.used) || facts.cost.used * 3 >= 3.3",
    "product-of-decimals": "!has(facts.cost.used) || facts.cost.used * facts.cost.used != 1.21",
    "change": "!has(facts.cost.change)",
    "share": "!has(facts.cost.share)",
    "disks": "!has(facts.disks) || facts.disks.all(d, d.digest >= 0)",
    "ranks": "!has(facts.ranks)",
    "item": '!has(facts.item.name) || facts.images.exists(i, i.repository == facts.item.name)',
    "secret": "!has(facts.item.name) || facts.secrets.all(s, s.name == facts.item.name)",
    "flag": "params.flag || has(facts.labels_given)",
    "given": '!("a" in facts.labels) || facts.labels_given == "a"',
    "names": '!has(facts.satisfied) || facts.satisfied == "a"',
    "violates": '!has(facts.violates.sum) || facts.violates.sum == "a"',
}  # fmt: skip
_PARAMS = {"flag": ParamType(scalar=Scalar.BOOLEAN), "budget": ParamType(scalar=Scalar.DECIMAL)}
NOTHING: set[str] = set()


def _rule(name: str, text: str, scope: ConditionScope) -> Rule:
    require = compile_condition(text, scope=scope, at=lambda _line, _column: Span("test"))
    assert not isinstance(require, tuple), require
    return Rule(id=name, point=START, require=require, message=Message((name,)), fix="-")


@pytest.fixture(scope="module", params=["shared", "own"])
def server(request: pytest.FixtureRequest) -> Iterator[PolicyServer]:
    """Serve the rules, as every tenant's or as one tenant's own."""
    platform, _ = lower_platform((), facts=(), teams={})
    program = platform.points[START]
    program = replace(program, point=replace(program.point, facts=(*program.point.facts, *FACTS)))
    scope = ConditionScope(point=program.point, params=_PARAMS)
    rules = tuple(_rule(name, text, scope) for name, text in RULES.items())
    if request.param == "shared":
        program, rules = replace(program, rules=(*program.rules, *rules)), ()
    params = {**generous_params(1), "flag": True, "budget": Decimal("2.2")}
    tenant = TenantProgram(name=tenant_name(1), params={START: params}, rules=rules)
    points = {START: program}
    release = {"environment": "prod", "levels": {}, "default_level": "enforce", "trust": {}}
    files = policy_files(
        points,
        [emit_tenant(tenant, points=points, known={})],
        release=release,
        platform=platform_files(points, fresh=False),
    )
    policy = {"bundle": "b", "content": "-", "release": "-", "environment": "prod"}
    with PolicyServer({**files.all(), **about_file(policy=policy, points=points)}) as running:
        yield running


@pytest.mark.parametrize(
    ("facts", "violated"),
    [
        ({"cost": {"used": "1.1", "more": "2.2"}}, {"sum-by-param", "product-of-decimals"}),
        ({"cost": {"used": "1.1", "more": "3.3"}}, {"sum", "product-of-decimals"}),
        ({"cost": {"used": "1.099999", "more": "3.3"}}, {"sum", "product"}),
        ({"cost": {"used": "1.100001", "more": "2.2"}}, {"sum", "sum-by-param"}),
        ({"cost": {"change": "-5"}}, {"change"}),
        ({"cost": {"change": "-5.5"}}, NOTHING),
        ({"cost": {"change": "-6"}}, NOTHING),
        ({"cost": {"share": "1"}}, {"share"}),
        ({"cost": {"share": "0.5"}}, NOTHING),
        ({"cost": {"share": "0"}}, NOTHING),
        ({"disks": [{"digest": 0}]}, NOTHING),
        ({"disks": [{}]}, {"disks"}),
        ({"ranks": [-1]}, {"ranks"}),
        ({"ranks": [-2]}, NOTHING),
        ({"item": {"name": "a"}, "images": [{"repository": "b"}]}, {"item"}),
        ({"item": {"name": "a"}, "secrets": [{"name": "b"}]}, {"item", "secret"}),
        ({"labels": ["b"], "labels_given": "b"}, NOTHING),
        ({"labels": ["a"], "labels_given": "b"}, {"given"}),
        ({"satisfied": "b"}, {"names"}),
        ({"violates": {"sum": "b"}}, {"violates"}),
    ],
)
def test_the_rules_that_are_violated(
    server: PolicyServer, facts: dict[str, Any], violated: set[str]
) -> None:
    """Of the rules above exactly those are violated whose condition is not shown."""
    asked: Any = request(1)
    asked["facts"] |= {"labels": ["b"], **facts}
    if "cost" in facts:
        asked["facts"]["cost"] = {name: Raw(text) for name, text in facts["cost"].items()}
    (decision,) = server.decide([(orjson.Fragment(json_text(asked)), CLOCK)])
    assert decision is not None
    assert decision["evaluated"]
    assert {reason["rule"] for reason in decision["reasons"]} & RULES.keys() == violated
