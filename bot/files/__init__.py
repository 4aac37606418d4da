"""Bytes → disk: atomic writes, and the public folder with the list of the bot's own files."""
