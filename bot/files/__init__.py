"""Bytes → disk: atomic files, and the public folder with the list of the files that are the bot's own."""
