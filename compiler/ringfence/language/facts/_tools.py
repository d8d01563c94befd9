"""The facts that the decision points of tools share."""

from ringfence.ir.schema import Fact, FactSource, FactType, Scalar

__all__ = ["BUDGETS", "WHO", "always", "integer", "listed", "string"]

STRING = FactType(scalar=Scalar.STRING)
BOOLEAN = FactType(scalar=Scalar.BOOLEAN)
INTEGER = FactType(scalar=Scalar.INTEGER)
DURATION = FactType(scalar=Scalar.DURATION)
_DIGEST = "`sha256:` digest of the tool as its server describes it now"


def always(
    name: str,
    kind: FactType,
    description: str,
    *,
    binds: bool = False,
    platform: bool = False,
    personal: bool = False,
) -> Fact:
    """Describe an always-present fact, of the caller or of the platform's enforcement point."""
    source = FactSource.PLATFORM if platform else FactSource.CALLER
    return Fact(
        name=name,
        type=kind,
        required=True,
        binds=binds,
        personal=personal,
        source=source,
        description=description,
    )


def string(name: str, description: str, *, binds: bool = False, platform: bool = False) -> Fact:
    """Describe an always-present string."""
    return always(name, STRING, description, binds=binds, platform=platform)


def integer(name: str, description: str) -> Fact:
    """Describe an always-present count that the platform keeps."""
    return always(name, INTEGER, description, platform=True)


def listed(*more: Fact) -> Fact:
    """Describe the tools that servers list, with further fields."""
    fields = (
        *more,
        Fact(name="name", required=True, description="the tool's name"),
        Fact(name="digest", required=True, description=_DIGEST),
        Fact(
            name="shown",
            type=BOOLEAN,
            required=True,
            description="true where the agent already sees the tool",
        ),
    )
    return Fact(
        name="tools",
        type=FactType(fields=fields, max_items=1000),
        required=True,
        source=FactSource.PLATFORM,
        description="every tool that is listed; may be empty",
    )


WHO = (
    always(
        "request.by",
        STRING,
        "identity for whom the agent works, such as `user:maria@acme.example`",
        binds=True,
        personal=True,
    ),
    string("agent.id", "the agent, as policies name it", binds=True),
)  # fmt: skip
BUDGETS = (
    integer("usage.turns", "turns of the model in this session, before this call"),
    integer("usage.tokens", "tokens used in this session"),
    integer("usage.tool_calls", "tool calls made in this session"),
    always(
        "usage.duration", DURATION, "seconds since the session began, rounded up", platform=True
    ),
    integer("usage.pipeline_runs", "pipeline runs that this session triggered"),
    integer("usage.credential_requests", "credentials that this session asked for"),
)
