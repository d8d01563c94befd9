"""Replay: recorded decisions, evaluated again on a baseline and a candidate."""
