"""Tools of MCP servers: their definitions, the lock files that pin them, what changed."""
