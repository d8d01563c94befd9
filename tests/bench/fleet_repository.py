"""A fleet as a policy repository: the scaffold's platform, and tenants with rules of their own."""

from pathlib import Path

__all__ = ["change_tenant", "write_repository"]

_SCAFFOLD = Path(__file__).resolve().parents[2] / "compiler" / "ringfence" / "scaffold"
_HEAD = """apiVersion: ringfence/v1
kind: PolicySet
metadata: {{name: own, scope: tenant/{tenant}, owner: example-team}}
spec:
  at: runner.start
  params:
"""
_PARAMETER = "    limit_{number}: {{type: duration, value: {hours}h}}\n"
_RULE = """    - id: {tenant}.rule-{number}
      category: preventive
      rationale: Measured with the others.
      where: |
        facts.pipeline.id.startsWith("p{number}-")
      require: |
        facts.run.estimate <= params.limit_{number}
      otherwise: human_review
      message: "an estimate of {{facts.run.estimate}} s is too long"
      fix: "Split the run."
      waivable: true
"""


def write_repository(root: Path, *, tenants: int, rules: int) -> Path:
    """Write a repository whose tenants have a `RunnerPolicy` and `rules` rules of their own each."""
    for source in _SCAFFOLD.rglob("*.yaml"):
        target = root / source.relative_to(_SCAFFOLD)
        if "tenants" not in target.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    runners = (_SCAFFOLD / "tenants" / "example" / "runners.yaml").read_text()
    for number in range(tenants):
        tenant = f"t{number:05}"
        folder = root / "tenants" / tenant
        folder.mkdir(parents=True)
        (folder / "runners.yaml").write_text(runners.replace("tenant/example", f"tenant/{tenant}"))
        (folder / "own.yaml").write_text(_own(tenant, rules=rules))
    return root


def change_tenant(root: Path, number: int) -> None:
    """Change a number in one tenant's rules."""
    file = root / "tenants" / f"t{number:05}" / "own.yaml"
    file.write_text(file.read_text().replace("value: 1h}", "value: 99h}"))


def _own(tenant: str, *, rules: int) -> str:
    return "".join(
        [
            _HEAD.format(tenant=tenant),
            *(_PARAMETER.format(number=number, hours=number + 1) for number in range(rules)),
            "  rules:\n",
            *(_RULE.format(tenant=tenant, number=number) for number in range(rules)),
        ]
    )
