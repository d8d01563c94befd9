"""The policy language: YAML with positions, conditions, kinds and facts."""
