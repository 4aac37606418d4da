"""Ids as different servers write them: numbers that grow with time, in another spelling for each server. Pure."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class IdStyle(Enum):
    """How a server spells its ids. In each, an id that comes later is greater as a text, too."""

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
        """The number of an id that somebody names; 0 for what is no id."""
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
