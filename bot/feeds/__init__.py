"""Entries → the news feeds as RSS 2.0, Atom 1.0 and JSON Feed 1.1, and a page about them.

entry (Post → Entry, its permanent id) · item, text (Entry → what every format shows) · covers (facts about pictures on
other hosts) · archive (its pages) · document, channel (one feed in any format, and the final check of its bytes) · rss,
atom, jsonfeed (each format) · xml (the XML of an entry, and around it) · page (for people) · build (all feeds of one
build, and their topics) · incremental (update of one entry) · syndication (the URLs of the toots) · old_feed (a feed
from before the bot). No module here reads a clock, the network or the disk.
"""
