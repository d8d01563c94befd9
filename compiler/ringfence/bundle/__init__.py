"""Bundles: manifest, digest, deterministic archive, OPA's signature, the live bundle."""
