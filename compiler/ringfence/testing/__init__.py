"""Run `PolicyTest` documents on the real OPA."""
