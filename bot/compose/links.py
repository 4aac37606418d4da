"""Find the web links in a text as Mastodon does: only these become clickable and count as 23 characters."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from bot.compose.link_hosts import HOST

MAX_LINK_LENGTH: Final = 4096  #: with the host in ASCII (twitter-text extractor.rb `is_valid_domain`)

# These characters end every link; other Unicode spaces are allowed in the query.
_RUN: Final = re.compile(r"[^\t-\r \x85]+")
_HOST_WINDOW: Final = 260  # a host name has at most 253 characters (RFC 1035 section 2.3.4)

_SPACE: Final = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# The ucschar and iprivate ranges of RFC 3987 section 2.2.
_BEYOND_ASCII: Final = (
    r"\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\uffef"
    + "".join(rf"\U{plane:04x}0000-\U{plane:04x}fffd" for plane in range(1, 14))
    + r"\U000e1000-\U000efffd\U000f0000-\U000ffffd\U00100000-\U0010fffd"
)
_PRECEDING: Final = r"(?:[^A-Za-z0-9@＠$#＃\ufffe\ufeff\uffff]|^)"
_SCHEME: Final = r"(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://"
_IN_PATH: Final = rf"[^{_SPACE}<>()?]"
_IN_PARENTHESES: Final = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"
_PATH_END: Final = rf"""(?:[^{_SPACE}<>()?!*"'「」;:=,.$%\[\]~&|@]|{_IN_PARENTHESES})"""
_PATH: Final = rf"(?:/(?:(?:{_IN_PATH}|{_IN_PARENTHESES})*{_PATH_END})?)?"
_QUERY: Final = rf"(?:\?[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^{_BEYOND_ASCII}]*[a-z0-9_&=#/\-{_BEYOND_ASCII}])?"


class Span(NamedTuple):
    """A part of a text: `text[start:end]`."""

    start: int
    end: int


def find_links(text: str) -> list[Span]:
    """The links that Mastodon finds in a text, in order.

    The scheme is mandatory; the host ends in a top-level domain known to twitter-text (so localhost, IP addresses,
    .test and .invalid are none) and carries no user name; punctuation at the end stays outside, balanced parentheses
    stay inside. Sources: mastodon/mastodon config/initializers/twitter_regex.rb and twitter-text regex.rb,
    extractor.rb. (twitter-text's special rule for t.co is left out.)
    """
    if "://" not in text:
        return []
    return [
        Span(run.start() + span.start, run.start() + span.end)
        for run in _RUN.finditer(text)
        if "://" in run[0]
        for span in _links_in_run(run[0])
    ]


def holds_link(text: str, url: str) -> bool:
    """Whether a text contains exactly this URL as a link.

    A URL that no server would link (a loopback site) only needs to occur as text.
    """
    if find_links(url) == [Span(0, len(url))]:
        return any(text[span.start : span.end] == url for span in find_links(text))
    return url in text


def _links_in_run(run: str) -> list[Span]:
    """Search as the server does: an address without scheme is no link, but hides a link in its path."""
    spans: list[Span] = []
    consumed = 0  # the end of the last match
    seek = 0
    while True:
        # A match that matters holds "/" or "?" after its host, so only the stretch before one is searched.
        # That keeps long text without spaces (Chinese, Japanese, Thai) from costing quadratic time.
        stops = [stop for stop in (run.find("/", seek), run.find("?", seek)) if stop >= 0]
        if not stops:
            return spans
        stop = min(stops)
        # From seek - 1: the character at the last stop may be the one before a link.
        match = _match_before(run, max(consumed, seek - 1, stop - _HOST_WINDOW), stop)
        if match is None:
            seek = stop + 1
            continue
        if match["scheme"] and _is_short_enough(match["url"], match["host"]):
            spans.append(Span(*match.span("url")))
        consumed = seek = match.end()


def _match_before(run: str, first: int, stop: int) -> re.Match[str] | None:
    pattern = _pattern()
    return next(filter(None, (pattern.match(run, start) for start in range(first, stop))), None)


def _is_short_enough(url: str, host: str) -> bool:
    if len(url) > MAX_LINK_LENGTH:
        return False
    try:
        growth = len(host.encode("idna")) - len(host)
    except UnicodeError:
        return False
    return len(url) + max(growth, 0) <= MAX_LINK_LENGTH


@cache
def _pattern() -> re.Pattern[str]:
    # Only the host part of twitter-text's pattern applies: Mastodon replaces its path pattern, and it
    # knows http and https only.
    return re.compile(
        rf"{_PRECEDING}(?P<url>(?P<scheme>{_SCHEME})?(?P<host>{HOST})(?::[0-9]+)?{_PATH}{_QUERY})", re.IGNORECASE
    )
