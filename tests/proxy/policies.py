"""A policy repository for a proxy: acme's agents, one server, and a trust root that holds today."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.requirements.documents import REPOSITORY
from tests.requirements.people import IDENTITIES, trust_root

from ringfence.evaluate import bundle_files
from ringfence.language.source import Document, read_document
from ringfence.opa.policies import write_tree
from ringfence.pipeline import compile_repository
from ringfence.tools.lock import ToolLock, read_lock

__all__ = ["APPROVER", "POLICY", "RELEASE", "REQUESTER", "TOOLS", "write_bundle", "write_policies"]

APPROVER, REQUESTER = IDENTITIES["lee"], IDENTITIES["maria"]
POLICY = "tenants/acme/tools.yaml"
_KEPT = ("ringfence.yaml", "platform/tools.yaml", "platform/locks/desk.lock.yaml", POLICY)
RELEASE = """\
apiVersion: ringfence/v1
kind: Release
metadata: {name: agents, scope: platform, owner: platform}
spec:
  version: "1"
  include: [platform/**, tenants/**]
  environments: {prod: {}}
  levels:
    default: {prod: enforce}
"""


def _tools() -> list[dict[str, Any]]:
    document = read_document(REPOSITORY, "platform/locks/desk.lock.yaml")
    assert isinstance(document, Document)
    lock = read_lock(document)
    assert isinstance(lock, ToolLock)
    return [dict(versions[-1].members) for versions in lock.tools.values()]


TOOLS = _tools()


def write_policies(root: Path, changes: Mapping[str, tuple[str, str]] | None = None) -> Path:
    """Write the repository; `changes` maps a file to a text in it and what replaces that."""
    for name in _KEPT:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    (root / "releases").mkdir()
    (root / "releases/agents.yaml").write_text(RELEASE)
    year = time.gmtime().tm_year
    dated = trust_root().replace('"2027-', f'"{year + 1}-').replace('"2026-01', f'"{year - 1}-01')
    (root / "platform/trust.yaml").write_text(dated)
    for name, (old, new) in (changes or {}).items():
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))
    return root


def write_bundle(root: Path, folder: Path) -> Path:
    """Write what the repository compiles to, policy and live data, below a folder."""
    compiled = compile_repository(root, now=int(time.time()))
    write_tree(folder, bundle_files(compiled, release="agents", environment="prod"))
    (folder / ".manifest").unlink(missing_ok=True)
    return folder
