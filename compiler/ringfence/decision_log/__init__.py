"""OPA's decision logs, read as they come: events, findings, and numbers as they were logged."""
