"""Evidence packages for outsiders: some records of a ledger, with all that it takes to check them."""
