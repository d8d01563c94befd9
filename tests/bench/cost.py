"""What OPA's own benchmark says of a query: allocations exactly, time as a ratio in the same run."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ringfence.opa import find_opa

__all__ = ["Cost", "measure", "measure_floor"]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one evaluation: allocations (exact) and nanoseconds (shared machine)."""

    allocations: int
    nanoseconds: float


def measure(folder: Path, request: object, *, query: str = "data.ringfence.main.decision") -> Cost:
    """Run `opa bench --metrics=false` of a query over the files of a folder."""
    given = folder.parent / "input.json"
    given.write_text(json.dumps(request))
    command = [
        str(find_opa()), "bench", "--metrics=false", "--format", "json",
        "--data", str(folder), "--input", str(given), query,
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)
    return Cost(found["MemAllocs"] // found["N"], found["T"] / found["N"])


def measure_floor(folder: Path) -> Cost:
    """Measure the trivial rule, whose cost is OPA's own."""
    trivial = folder / "floor"
    trivial.mkdir(parents=True, exist_ok=True)
    (trivial / "floor.rego").write_text("package floor\n\nallow if true\n")
    return measure(trivial, {}, query="data.floor.allow")
