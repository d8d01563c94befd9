"""`tool.call`: may this agent call this tool with these arguments now?"""

from ringfence.ir.schema import DecisionPoint
from ringfence.language.facts._tools import BUDGETS, WHO, integer, string

POINT = DecisionPoint(
    name="tool.call",
    description="The enforcement point before a tool server asks for every call of an agent.",
    governed_by=frozenset({"ToolPolicy"}),
    facts=(
        *WHO,
        string("session.id", "session that the budgets count", binds=True),
        string("tool.server", "server that the call goes to", binds=True),
        string("tool.name", "tool that is called", binds=True),
        string(
            "tool.digest",
            "`sha256:` digest of the tool as its server describes it now",
            platform=True,
        ),
        string(
            "arguments.digest",
            "`sha256:` digest of the RFC 8785 bytes of the object of the covered arguments",
            binds=True,
        ),
        string(
            "arguments.covered",
            "names of the arguments that the digest covers, sorted, joined by `,`; `*` for all",
            binds=True,
        ),
        integer("workload.drifted", "tools that had drifted when servers last listed theirs"),
        *BUDGETS,
    ),
)
