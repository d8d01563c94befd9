"""Runs joined with decisions, decisions evaluated again, and what nobody can see, in one number."""
