"""`workload.serve`: may this agent begin to serve with these tools?"""

from ringfence.ir.schema import DecisionPoint, Fact
from ringfence.language.facts._tools import BOOLEAN, WHO, always, listed

POINT = DecisionPoint(
    name="workload.serve",
    description="An agent's runtime asks before it serves, and whenever a server's list changed.",
    governed_by=frozenset({"ToolPolicy"}),
    facts=(
        *WHO,
        always(
            "policy.loaded",
            BOOLEAN,
            "the enforcement point has loaded this policy and enforces it",
            platform=True,
        ),
        listed(Fact(name="server", required=True, description="server that lists the tool")),
    ),
)
