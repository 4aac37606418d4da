"""A small Mastodon-compatible server on loopback, for rehearsal, demonstration and tests.

It does what a real server does, checked against the servers' sources (`profiles.py` names the releases), keeps its
state in memory or in one file, shows it on a timeline page, and fails on demand (`faults.py`).
"""
