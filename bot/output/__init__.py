"""Bytes → world: everything of the bot that others can see, apart from the toots."""
