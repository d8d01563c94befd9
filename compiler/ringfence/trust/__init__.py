"""Who may lift a rule, and how that is shown: keys, signed tokens, exceptions, revocations."""
