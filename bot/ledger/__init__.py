"""Keepers of the ledger's contract: memory (the shipped double) and sqlite."""
