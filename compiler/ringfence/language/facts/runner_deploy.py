"""`runner.deploy`: may this workload be deployed to a runner?"""

from ringfence.ir.schema import DecisionPoint, Fact, FactSource
from ringfence.language.facts._runner import RUNNER_FACTS, STRING, enum

POINT = DecisionPoint(
    name="runner.deploy",
    description="A pipeline's deployment asks whether its runner conforms to policy.",
    governed_by=frozenset({"RunnerPolicy"}),
    facts=(
        *RUNNER_FACTS,
        Fact(
            name="artifact.digest",
            type=STRING,
            required=True,
            binds=True,
            description="digest of the artifact that is deployed",
        ),
        Fact(
            name="scan.status",
            type=enum("passed", "failed"),
            source=FactSource.ATTESTED,
            description="result of the vulnerability scan",
        ),
        Fact(
            name="scan.digest",
            type=STRING,
            source=FactSource.ATTESTED,
            description="digest of the artifact that was scanned",
        ),
        Fact(name="dlq.ref", type=STRING, description="dead letter queue"),
    ),
)
