"""Find the mentions in a text that would notify accounts on Mastodon, and defuse them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from bot.compose.links import find_links
from bot.compose.patterns import compile_pattern

if TYPE_CHECKING:
    import regex

#: Put between "@" and the name to defuse a mention. The server requires a letter, digit or "_" directly after
#: "@". WORD JOINER is invisible, allows no line break, and screen readers pass over it (a look-alike of "@" would be
#: read out under its own name, and dropping "@" would change what the author wrote). It counts as one character.
WORD_JOINER: Final = "\u2060"

MAX_DOMAIN_LENGTH: Final = 253  #: a longer one makes no mention (mastodon/mastodon app/lib/extractor.rb)

_WORD: Final = r"\p{L}\p{M}\p{Nd}\p{Pc}"  # Ruby's [[:word:]]
# twitter-text regex.rb `end_mention_match`: if this follows a name, it does not count as a mention.
_ACCENTED: Final = (
    r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289"
    r"\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)


class Mention(NamedTuple):
    """`text[start:end]` is "@name" or "@name@domain"; `name_end` is where the part that counts ends."""

    start: int
    name_end: int
    end: int


def find_mentions(text: str) -> list[Mention]:
    """The mentions whose domain the server does not count.

    Source: mastodon/mastodon app/models/account.rb `MENTION_RE`, app/lib/extractor.rb.
    """
    if "@" not in text:
        return []
    return [
        Mention(match.start(), match.end("name"), match.end())
        for match in _mention_pattern().finditer(text)
        if not _follower_pattern().match(text, match.end()) and len(match["domain"] or "") <= MAX_DOMAIN_LENGTH
    ]


def defuse(text: str) -> str:
    """Make the text notify no account: add a WORD JOINER after the "@" of each mention; e-mail addresses stay.

    The server looks for mentions inside links as well (app/services/process_mentions_service.rb): there "@" becomes
    "%40", which leads to the same page.
    """
    if "@" not in text:
        return text
    links = find_links(text)
    pieces: list[str] = []
    done = 0
    for match in _mention_pattern().finditer(text):
        at = match.start()
        inside = any(link.start <= at < link.end for link in links)
        pieces += [text[done:at], "%40" if inside else "@" + WORD_JOINER]
        done = at + 1
    return "".join(pieces) + text[done:]


def _mention_pattern() -> regex.Pattern[str]:
    return compile_pattern(
        rf"(?<![=/{_WORD}])@(?P<name>[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(?:@(?P<domain>[{_WORD}]+(?:[.-]+[{_WORD}]+)*))?",
        ignore_case=True,
    )


def _follower_pattern() -> regex.Pattern[str]:
    return compile_pattern(rf"[@＠{_ACCENTED}]|://")
