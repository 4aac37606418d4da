"""Keepers of the engine's contract: embedded (in this process), inline (in the caller's own thread)."""
