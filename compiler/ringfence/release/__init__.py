"""Releases: how far each rule counts, by environment and wave."""
