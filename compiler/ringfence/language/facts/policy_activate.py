"""`policy.activate`: may this release become the one in force in an environment?"""

from ringfence.ir.schema import DecisionPoint, Fact, FactSource, FactType, Scalar

_STRING = FactType(scalar=Scalar.STRING)
_COUNT = FactType(scalar=Scalar.INTEGER)
_RESULT = FactType(scalar=Scalar.ENUM, values=("passed", "failed"))


def _always(name: str, description: str, *, personal: bool = False) -> Fact:
    return Fact(
        name=name,
        type=_STRING,
        required=True,
        binds=True,
        personal=personal,
        description=description,
    )


def _attested(name: str, kind: FactType, description: str) -> Fact:
    return Fact(name=name, type=kind, source=FactSource.ATTESTED, description=description)


POINT = DecisionPoint(
    name="policy.activate",
    description="A publisher asks, before it publishes a bundle to an environment.",
    governed_by=frozenset({"Release"}),
    facts=(
        _always("request.by", "identity of who asks", personal=True),
        _always("activation.bundle", "name of the release"),
        _always("activation.environment", "environment to activate it in"),
        _always("activation.content", "content digest of the bundle"),
        Fact(
            name="activation.baseline",
            type=_STRING,
            description="content digest that is in force there now",
        ),
        Fact(name="activation.change_ref", type=_STRING, description="approved change"),
        _attested("tested.environment", _STRING, "environment that the bundle was tested in"),
        _attested("tested.content", _STRING, "content digest that was tested"),
        _attested("tested.result", _RESULT, "result of the tests there"),
        _attested("tested.since", FactType(scalar=Scalar.TIMESTAMP), "when it became active there"),
        _attested("policy_tests.content", _STRING, "content digest whose policy tests were run"),
        _attested("policy_tests.result", _RESULT, "result of the policy tests"),
        _attested("policy_diff.content", _STRING, "content digest that was compared"),
        _attested("policy_diff.baseline", _STRING, "content digest that it was compared with"),
        _attested("policy_diff.loosened", _COUNT, "differences that allow more than before"),
        _attested("policy_replay.content", _STRING, "content digest that was replayed"),
        _attested("policy_replay.baseline", _STRING, "content digest that it was compared with"),
        _attested(
            "policy_replay.window",
            FactType(scalar=Scalar.DURATION),
            "from the first to the last event",
        ),
        _attested("policy_replay.events", _COUNT, "events that were replayed"),
        _attested("policy_replay.new_block", _COUNT, "events that are newly blocked"),
        _attested("policy_replay.not_replayable", _COUNT, "events that could not be replayed"),
    ),
)
