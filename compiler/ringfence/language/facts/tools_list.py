"""`tools.list`: which of a server's tools may this agent see?"""

from ringfence.ir.schema import DecisionPoint
from ringfence.language.facts._tools import WHO, listed, string

POINT = DecisionPoint(
    name="tools.list",
    description="The enforcement point asks when a server has answered `tools/list`.",
    governed_by=frozenset({"ToolPolicy"}),
    facts=(*WHO, string("tool.server", "server that lists these tools"), listed()),
)
