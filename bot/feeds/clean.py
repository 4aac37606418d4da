"""Texts that every format accepts: what XML 1.0 forbids is taken out, the words stay."""

from __future__ import annotations

import re
from typing import Final

# XML 1.0 section 2.2 forbids most C0 controls, surrogates, U+FFFE and U+FFFF; lxml refuses the whole feed for one
# of them. It advises against the C1 controls, and the W3C validator reports those (BadCharacters),
# as it does U+FFFD, which stands where a character was lost.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LINE_END: Final = re.compile("\r\n|\r|\x85")


def clean_text(text: str) -> str:
    """`text` without forbidden characters; line ends become a line feed, split surrogate pairs are joined."""
    return _FORBIDDEN.sub("", _prepared(text))


def clean_html(html: str) -> str:
    """As `clean_text`, with a space for each forbidden character.

    The HTML has been made safe before; merely dropping a character could join what its neighbours kept
    apart, such as the two halves of "javascript:".
    """
    if _is_clean(html.replace("\n", "")):
        return html
    return _FORBIDDEN.sub(" ", _prepared(html))


def one_line(text: str) -> str:
    """`text` cleaned and on one line: for titles, names and addresses."""
    if _is_clean(text):  # most texts are, and that is quickly seen
        return " ".join(text.split())
    return " ".join(clean_text(text).split())


def plain_for_html(text: str) -> str:
    """Plain text for a field that readers take for HTML (RSS description): what looks like markup is escaped.

    Nothing else is, so that a reader that does not take it for HTML shows "Q & A" as it stands.
    """
    escaped = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", escaped)


def _is_clean(text: str) -> bool:
    return text.isprintable() and "\ufffd" not in text


def _prepared(text: str) -> str:
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _LINE_END.sub("\n", text)
