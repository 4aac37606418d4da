"""Entries → bytes: the news feed as RSS 2.0, Atom 1.0 and JSON Feed 1.1.

entry (Post → Entry) · item (Entry → what every format shows) · rss, atom, jsonfeed (each: MEDIA_TYPE, FILE_NAME,
render) · build (all of them together). Nothing in here reads a clock, a disk or the network.
"""
