"""The collector: it receives what OPA uploads, and keeps it in ledgers."""
