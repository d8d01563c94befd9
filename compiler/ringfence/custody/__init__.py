"""Private keys that are kept outside files: in an HSM, in Vault, or in a cloud's key service."""
