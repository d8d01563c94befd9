"""Why a decision came out as it did, and what rules say, for people."""
