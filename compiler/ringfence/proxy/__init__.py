"""The enforcement point for tools: a proxy between an agent's client and one MCP server."""
