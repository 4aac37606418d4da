"""Entries → the news feeds as RSS 2.0, Atom 1.0 and JSON Feed 1.1, and a page about them.

entry, ids (Post → Entry) · item, content, clean (Entry → what every format shows) · archive, topics (which entries
stand together) · document, channel (one feed, whatever its format) · rss, atom, jsonfeed (each format) · elements,
extension (the XML of an entry, and around it) · sound (a last look at the bytes) · page, feeds.html (for people) ·
build (all of them together). Nothing in here reads a clock or the network, nor the disk, but for the page's template.
"""
