"""`runner.start`: may this run start now?"""

from ringfence.ir.schema import DecisionPoint, Fact, FactSource
from ringfence.language.facts._runner import BOOLEAN, RUNNER_FACTS, TIMESTAMP

POINT = DecisionPoint(
    name="runner.start",
    description="The scheduler asks whether a run may start now.",
    governed_by=frozenset({"RunnerPolicy"}),
    facts=(
        *RUNNER_FACTS,
        Fact(
            name="evidence.sink_reachable",
            type=BOOLEAN,
            source=FactSource.PLATFORM,
            description="the evidence sink acknowledged a probe",
        ),
        Fact(
            name="host.healthy",
            type=BOOLEAN,
            source=FactSource.PLATFORM,
            description="the dedicated host passed its health check",
        ),
        Fact(
            name="host.checked_at",
            type=TIMESTAMP,
            source=FactSource.PLATFORM,
            description="when the host was checked",
        ),
    ),
)
