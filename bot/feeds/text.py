"""Make texts valid in every format: remove what XML 1.0 forbids, keep the rest."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

# XML 1.0 section 2.2 forbids most C0 controls, surrogates, U+FFFE and U+FFFF; lxml refuses the whole feed for one
# of them. It advises against the C1 controls, and the W3C validator reports those (BadCharacters),
# as it does U+FFFD, the replacement for undecodable bytes.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: The W3C validator's patterns (its validators.py: nonhtml, rfc2396_full, httpURL).
_END_TAG: Final = re.compile(r"</(\w+)>")
_ELEMENT: Final = re.compile(r"<(\w+)\b[^<>]*>([^<>]*)</\1>", re.IGNORECASE)
_DEEPEST: Final = 4  #: nested elements removed from a name; deeper end tags are written with ‹ ›
_ADDRESS: Final = re.compile(r"https?://[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]+")
_HOST: Final = re.compile(r"https?://([0-9A-Z-]+\.)*[0-9A-Z][0-9A-Z-]*(:\d+)?([/?#]|$)", re.IGNORECASE)
_EMPTY_PART: Final = re.compile(r"[?#](#|$)")  #: an empty query or fragment, which is removed
_LINE_END: Final = re.compile("\r\n|\r|\x85")
#: The ASCII characters that `clean_html` changes.
_UNWANTED: Final = bytes({*range(0x20), 0x7F} - {ord("\t"), ord("\n")})


def clean_text(text: str) -> str:
    """`text` without forbidden characters; line ends become a line feed, split surrogate pairs are joined."""
    return _FORBIDDEN.sub("", _prepared(text))


def clean_html(html: str) -> str:
    """As `clean_text`, with a space for each forbidden character.

    The HTML is already sanitised; dropping a character could join its neighbours to something unsafe, such
    as the two halves of "javascript:".
    """
    if html.isascii():  # a fast path, because many posts are ASCII
        is_clean = len(html.encode().translate(None, _UNWANTED)) == len(html)
    else:
        is_clean = _is_clean(html.replace("\n", ""))
    if is_clean:
        return html
    return _FORBIDDEN.sub(" ", _prepared(html))


def clean_line(text: str) -> str:
    """`text` cleaned and on one line: for titles, names and addresses."""
    if _is_clean(text):  # a fast path for most texts
        return " ".join(text.split())
    return " ".join(clean_text(text).split())


def escape_for_html(text: str) -> str:
    """Plain text for a field that feed readers parse as HTML (RSS description): escapes what looks like markup.

    Nothing else is escaped, so that a feed reader that shows it as plain text shows "Q & A" unchanged.
    """
    if "&" in text:
        text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text) if "<" in text else text


def looks_like_html(text: str) -> bool:
    """Whether plain text contains an end tag, which the W3C validator reports as undeclared HTML."""
    return "</" in text and _END_TAG.search(text) is not None


def strip_elements(text: str) -> str:
    """A name without HTML: removes tags but keeps their text; unmatched end tags are written with ‹ ›.

    For fields that cannot be declared as plain text: names of people, categories and tags.
    """
    if "</" not in text:
        return text
    for _ in range(_DEEPEST):
        text = _ELEMENT.sub(r"\2", text)
    return _END_TAG.sub(r"‹/\1›", text)


def to_uri(url: str) -> str | None:
    """The address as a URI (RFC 3986 section 2, RFC 5890 for the host); None if it has no such form."""
    if _is_plain(url) and not _EMPTY_PART.search(url):  # a fast path for most addresses
        return url
    try:
        parts = urlsplit(url)
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
        url = urlunsplit(parts._replace(netloc=host))
    except ValueError:  # UnicodeError is one
        return None
    plain = quote(url, safe="%:/?#@!$&'()*+,;=~")
    return plain if _is_plain(plain) else None


def _is_plain(url: str) -> bool:
    return _ADDRESS.fullmatch(url) is not None and _HOST.match(url) is not None


def _is_clean(text: str) -> bool:
    return text.isprintable() and "\ufffd" not in text


def _prepared(text: str) -> str:
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _LINE_END.sub("\n", text)
