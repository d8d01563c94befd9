"""Views of verified records for other systems: derived line by line, each with index and leaf hash."""
