"""`ToolPolicy`: which tools an agent may use, which of them need an approval, and when it stops."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from ringfence.language.kinds.kind import Kind, Merge
from ringfence.language.kinds.runner_policy import Loosening, Overridable
from ringfence.language.values import Duration, Identity, Line, Model, Name, Seq, Text

__all__ = ["CLASSES", "KIND", "AllowedTool", "ToolPolicy"]

Effect = Literal["read", "write", "spend", "execute"]
Capability = Literal[
    "access_grant",
    "browser_control",
    "code_execution",
    "credential_access",
    "credential_request",
    "cron_mutation",
    "data_export",
    "deletion",
    "device_control",
    "file_mutation",
    "infrastructure_control",
    "messaging",
    "payment",
    "pipeline_run",
    "shell",
]
CLASSES: tuple[str, ...] = Capability.__args__  # type: ignore[attr-defined] # a Literal has them
ToolRef = Annotated[
    str,
    Field(
        pattern=r"^(?:\*|(?:\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/(?:\*|[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}))$"
    ),
]
AgentId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:/-]{0,199}$")]
Limit = Annotated[int, Field(ge=0, le=10**12)]


class Server(Model):
    """A server, and the lock file that pins its tools; the file is relative to the policy."""

    lock: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,300}\.lock\.(?:yaml|json)$")]


class AllowedTool(Model):
    """One tool, as SERVER/TOOL; with `*` for one or both, every such tool that the locks pin.

    Without `approval`, a tool that only reads needs none and every other does. An approval binds the
    `arguments` named here, or all.
    """

    tool: ToolRef
    effect: Effect
    approval: Literal["required", "none"] | None = None
    approvers: Seq[Identity] = ()
    approval_ttl: Duration | None = None
    arguments: Seq[Line] = ()
    rationale: Text | None = None

    @property
    def needs_approval(self) -> bool:
        """Tell whether a call waits for a signed approval."""
        return self.approval == "required" or (self.approval is None and self.effect != "read")


class Budgets(Model):
    """What a session may use: reached means stop."""

    turns: Limit | None = None
    tokens: Limit | None = None
    tool_calls: Limit | None = None
    duration: Duration | None = None
    pipeline_runs: Limit | None = None
    credential_requests: Limit | None = None


class Instruction(Model):
    """A rule that stands in an agent's prompt, and the rules that enforce it.

    A prompt persuades; it neither grants nor stops anything.
    """

    text: Text
    enforced_by: Annotated[Seq[Line], Field(min_length=1)]


class ToolPolicy(Model):
    """What the named agents may call; at a tenant, `agents`, `servers` and `allow` are due.

    A denied tool stays denied, whoever allows it. `classes` says what tools can do, by class;
    `forbidden_classes` denies all of a class. `fail_closed` can be written out, and only be true.
    """

    agents: Seq[AgentId] = ()
    servers: dict[Name, Server] = {}
    allow: Seq[AllowedTool] = ()
    deny: Seq[ToolRef] = ()
    classes: dict[Capability, Seq[ToolRef]] = {}
    forbidden_classes: Seq[Capability] = ()
    stop_at: Budgets = Budgets()
    instructions: Seq[Instruction] = ()
    loosens: Seq[Loosening] = ()
    overridable: Seq[Overridable] = ()
    fail_closed: Literal[True] = True


def _locks(spec: Model) -> Iterable[tuple[tuple[str | int, ...], str]]:
    assert isinstance(spec, ToolPolicy)
    return [(("servers", name, "lock"), server.lock) for name, server in spec.servers.items()]


KIND = Kind(
    name="ToolPolicy",
    spec=ToolPolicy,
    scopes=frozenset({"platform", "tenant"}),
    description="Which tools an agent may use, which need an approval, and when it stops.",
    merge={
        "deny": Merge.UNION,
        "classes.*": Merge.UNION,
        "forbidden_classes": Merge.UNION,
        "stop_at.turns": Merge.MIN,
        "stop_at.tokens": Merge.MIN,
        "stop_at.tool_calls": Merge.MIN,
        "stop_at.duration": Merge.MIN,
        "stop_at.pipeline_runs": Merge.MIN,
        "stop_at.credential_requests": Merge.MIN,
    },
    files=_locks,
)
