"""The real OPA: find or install it, run it locked down, ask it, evaluate in batches."""

from ringfence.opa.find import MINIMUM, PINNED, find_opa, opa_version, tools_directory
from ringfence.opa.server import OpaServer

__all__ = ["MINIMUM", "PINNED", "OpaServer", "find_opa", "opa_version", "tools_directory"]
