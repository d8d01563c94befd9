"""Write what is generated and committed: the unpacked compile of the example, schemas, references."""

import json
import shutil
from pathlib import Path

from ringfence.build import build_policy
from ringfence.opa.policies import write_tree
from ringfence.pipeline import compile_repository, emit_tenants
from ringfence.release.layer import release_layer
from ringfence.report.reference import render_reference

# Each example, and the release that is compiled of it.
EXAMPLES = {"agent-platform": "agents", "data-platform": "runtime"}
ROOT = Path(__file__).resolve().parent.parent
# A fixed clock: expiries are judged by it, and nothing generated depends on today.
MARKER = "<!-- What follows is written by `python -m examples.regenerate` from the models. -->\n"
NOW = 1_795_219_200  # 2026-11-21T00:00:00Z


def main() -> None:
    """Regenerate `bundles/` and the language reference."""
    for name in EXAMPLES:
        target = ROOT / "bundles" / name
        shutil.rmtree(target, ignore_errors=True)
        write_tree(target, unpacked(ROOT / "examples" / name, environment="prod"))
    write_reference(ROOT / "docs" / "language.md")


def write_reference(page: Path) -> None:
    """Replace what follows the marker by the reference that the models write."""
    written, marker, _ = page.read_text().partition(MARKER)
    page.write_text(f"{written}{marker}\n{render_reference()}")


def unpacked(repository: Path, *, environment: str) -> dict[str, bytes]:
    """Return the files of the bundle of all tenants, without manifest and signature."""
    compiled = compile_repository(repository, now=NOW)
    layer = release_layer(compiled, release=EXAMPLES[repository.name], environment=environment)
    units = emit_tenants(compiled.tenants, platform=compiled.platform)
    build = build_policy(compiled, units, layer=layer)
    return {path: _readable(path, data) for path, data in build.files.items()}


def _readable(path: str, data: bytes) -> bytes:
    """Indent JSON, so that a reviewer's diff shows lines."""
    if not path.endswith(".json"):
        return data
    return (
        json.dumps(json.loads(data), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    ).encode()


if __name__ == "__main__":
    main()
