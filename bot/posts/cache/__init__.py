"""Parsed posts, stored for the next start. An optimisation for large folders: only speed depends on it."""
