"""Mastodon and the servers that speak its API, through Mastodon.py."""
