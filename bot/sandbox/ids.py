"""Ids in the spelling of each server, and usernames derived from tokens. Pure."""

from __future__ import annotations

import re
from enum import Enum
from hashlib import sha256
from typing import Final

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class IdStyle(Enum):
    """How a server spells its ids: numbers that grow with time. A later id is also the greater text."""

    #: Mastodon (lib/mastodon/snowflake.rb): digits; milliseconds and 16 bits.
    SNOWFLAKE = "snowflake"
    #: Pixelfed (app/Services/SnowflakeService.php): digits; milliseconds since February 2019 and 22 bits.
    PIXELFED = "pixelfed snowflake"
    #: GoToSocial (github.com/ulid/spec): 26 signs; milliseconds and 80 bits.
    ULID = "ulid"
    #: Pleroma (hex.pm flake_id): 18 letters and digits; milliseconds and 64 bits.
    FLAKE = "flake"

    def number_at(self, milliseconds: int) -> int:
        """The first number of a millisecond since the Unix epoch."""
        epoch, bits = _LAYOUTS[self]
        return max(0, milliseconds - epoch) << bits

    def encode(self, number: int) -> str:
        """The id for a number."""
        if self is IdStyle.ULID:
            return _to_base(number, _CROCKFORD).rjust(26, "0")
        if self is IdStyle.FLAKE:
            return _to_base(number, _BASE62).rjust(18, "0")
        return str(number)

    def decode(self, text: str) -> int:
        """The number of an id in a request; 0 for a text that is no id."""
        if self is IdStyle.ULID:
            return _from_base(text.upper(), _CROCKFORD)
        if self is IdStyle.FLAKE:
            return _from_base(text, _BASE62)
        # As Ruby reads numbers: the leading digits.
        digits = re.match(r"\s*([+-]?\d+)", text)
        return int(digits.group(1)) if digits else 0


#: Beginning of the count (milliseconds since the Unix epoch) and the bits below the milliseconds.
_LAYOUTS: Final = {
    IdStyle.SNOWFLAKE: (0, 16),
    IdStyle.PIXELFED: (1_549_756_800_000, 22),
    IdStyle.ULID: (0, 80),
    IdStyle.FLAKE: (0, 64),
}


def _to_base(number: int, signs: str) -> str:
    written = ""
    while number:
        number, rest = divmod(number, len(signs))
        written = signs[rest] + written
    return written


def _from_base(text: str, signs: str) -> int:
    number = 0
    for sign in text:
        place = signs.find(sign)
        if place < 0:
            return 0
        number = number * len(signs) + place
    return number


_OWN: Final = "loopback-"
_USABLE: Final = re.compile(r"[a-z0-9_]{1,30}")
_ENDS_LIKE_A_DIGEST: Final = re.compile(r"(user|.*_)[0-9a-f]{8}")


def username_for(token: str) -> str:
    """The username of the account behind a bearer token; no token can be recovered from it, and no two share one.

    "loopback-main" → "main". Any other token is a secret: "user" and eight digits of its SHA-256.
    A name that is no valid username, or that looks like a derived one, gets eight digits of the digest appended.
    """
    digest = sha256(token.encode()).hexdigest()[:8]
    name = token.removeprefix(_OWN)
    if name == token or not name:
        return f"user{digest}"
    if _USABLE.fullmatch(name) and not _ENDS_LIKE_A_DIGEST.fullmatch(name):
        return name
    cleaned = re.sub(r"[^a-z0-9_]", "_", name.lower())
    return f"{cleaned[:21]}_{digest}"
