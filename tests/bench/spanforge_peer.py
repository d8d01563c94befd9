"""Run by SpanForge's own Python: append and verify records of a file, and say what each of them costs."""

import hashlib
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _timed(work: Callable[[], Any], *, count: int) -> tuple[dict[str, float], Any]:
    """Return the microseconds a record of CPU and wall time, and what the work returned."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": spent[0] / count * 1e6, "wall": spent[1] / count * 1e6}, found


def main(records: Path) -> None:
    """Append to an index on disk and to one in memory, and verify what was appended."""
    from spanforge.sdk._base import SFClientConfig  # type: ignore[import-not-found]
    from spanforge.sdk.audit import SFAuditClient  # type: ignore[import-not-found]

    logging.disable()
    lines = records.read_bytes().splitlines()
    bodies = [json.loads(line)["body"] for line in lines]
    config = SFClientConfig(signing_key="a key for this benchmark, and for nothing else")
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in (("disk", f"{folder}/audit.db"), ("memory", ":memory:")):
            client = SFAuditClient(config, strict_schema=False, db_path=path)

            def append(client: Any = client) -> None:
                for body in bodies:
                    client.append(body, "decision", project_id="p")

            said[f"append, index in {name}" if name == "memory" else "append"], _ = _timed(
                append, count=len(bodies)
            )
    exported = client.export(project_id="p")
    said["verify"], result = _timed(lambda: client.verify_chain(exported), count=len(exported))
    said["valid"] = bool(result["valid"]) and len(exported) == len(bodies)
    content = b"".join(lines)
    limits = [
        _timed(lambda: hashlib.sha256(content).digest(), count=len(lines))[0] for _ in range(5)
    ]
    said["sha256"] = min(limits, key=lambda one: one["cpu"])
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
