"""`policy.activate`: may this release become the one in force in an environment?"""

from ringfence.ir.schema import DecisionPoint, Fact, FactSource, FactType, Scalar

_STRING = FactType(scalar=Scalar.STRING)


def _always(name: str, description: str) -> Fact:
    return Fact(name=name, type=_STRING, required=True, binds=True, description=description)


def _attested(name: str, kind: FactType, description: str) -> Fact:
    return Fact(name=name, type=kind, source=FactSource.ATTESTED, description=description)


POINT = DecisionPoint(
    name="policy.activate",
    description="A publisher asks, before it publishes a bundle to an environment.",
    governed_by=frozenset({"Release"}),
    facts=(
        _always("request.by", "identity of who asks"),
        _always("activation.bundle", "name of the release"),
        _always("activation.environment", "environment to activate it in"),
        _always("activation.content", "content digest of the bundle"),
        Fact(name="activation.change_ref", type=_STRING, description="approved change"),
        _attested("tested.environment", _STRING, "environment that the bundle was tested in"),
        _attested("tested.content", _STRING, "content digest that was tested"),
        _attested(
            "tested.result",
            FactType(scalar=Scalar.ENUM, values=("passed", "failed")),
            "result of the tests there",
        ),
    ),
)
