"""RFC 3161 timestamps over checkpoints: asking an authority for one, and verifying it."""
