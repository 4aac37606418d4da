"""Checks of posts and settings: findings with file, line and remedy. The rules are in `domain/rules.py`."""
