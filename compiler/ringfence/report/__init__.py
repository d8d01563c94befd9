"""Renderers, one an output format; each escapes the text that it does not trust."""
