"""Private keys that are kept outside files: in an HSM, or in Vault."""
