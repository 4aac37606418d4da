"""The guarded HTTP client: every request of the bot but those that Mastodon.py makes."""
