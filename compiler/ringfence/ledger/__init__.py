"""The append-only ledger: durable frames, a tree in tiles, signed and witnessed checkpoints."""
