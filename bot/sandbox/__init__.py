"""A small Mastodon-compatible server on loopback, for rehearsal, demonstration and tests.

It does what a real server does, checked against Mastodon's sources (see `profile.py` for the release), keeps
what it is told in memory or in one file, shows it on a timeline page, and misbehaves when told to (`faults.py`).
"""
