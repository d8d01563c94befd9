"""What one run learned of tenants, kept for the next: found by content, never by time or name."""

from ringfence.cache.place import open_cache
from ringfence.cache.tenants import TenantCache

__all__ = ["TenantCache", "open_cache"]
