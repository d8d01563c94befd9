"""ringfence: tenant policy in YAML, compiled to signed Rego bundles that OPA serves."""

__version__ = "0.1.0"
