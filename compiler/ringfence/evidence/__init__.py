"""Evidence: records in a Merkle tree under a signed checkpoint, sealed and verified."""
