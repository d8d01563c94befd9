"""Personal facts: commitments in records, values apart, under keys that can be destroyed."""
