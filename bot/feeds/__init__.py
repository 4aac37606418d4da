"""Entries → the news feeds as RSS 2.0, Atom 1.0 and JSON Feed 1.1, and a page about them.

entry (Post → Entry, its permanent id) · item, text (Entry → what every format shows) · covers (facts about pictures on
other hosts) · archive, topics (which entries stand together) · document, channel (one feed, whatever its format, and a
last check of its bytes) · rss, atom, jsonfeed (each format) · xml (the XML of an entry, and around it) · page (for
people) · build (all of them together) · incremental (one entry shown anew) · syndication (where the toots live) ·
old_feed (a feed from before the bot). Nothing in here reads a clock, the network or the disk.
"""
