"""Usernames for tokens: readable, no two tokens share one, and no token can be read back from one."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

_OWN: Final = "loopback-"
_USABLE: Final = re.compile(r"[a-z0-9_]{1,30}")
_ENDS_LIKE_A_DIGEST: Final = re.compile(r"(user|.*_)[0-9a-f]{8}")


def username_for(token: str) -> str:
    """The username of the account behind a bearer token.

    "loopback-main" → "main". Any other token is a secret: "user" and eight digits of its SHA-256.
    A name that a username cannot hold, or that looks like a made one, gets eight digits appended.
    """
    digest = sha256(token.encode()).hexdigest()[:8]
    name = token.removeprefix(_OWN)
    if name == token or not name:
        return f"user{digest}"
    if _USABLE.fullmatch(name) and not _ENDS_LIKE_A_DIGEST.fullmatch(name):
        return name
    cleaned = re.sub(r"[^a-z0-9_]", "_", name.lower())
    return f"{cleaned[:21]}_{digest}"
