"""Keepers of the publisher's contract: mastodon, and recording (the shipped double)."""
