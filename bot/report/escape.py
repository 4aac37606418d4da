"""Words of others, safe in GitHub's Markdown and in the HTML inside of it. Pure.

Every sign that means something is written as a character reference, which CommonMark (0.31, section 2.5) never takes
for structure; so the same text is safe in a paragraph, in a heading and between tags. What GitHub does to the page
afterwards (mentions, references to issues, emoji names, mathematics) is broken by an invisible sign or a tag.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from bot.compose.mentions import WORD_JOINER

_SIGNS: Final = re.compile(r"""[\\`*_{}\[\]<>#&|~]|:(?=//)|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]""")
#: Whatever GitHub could take for a person, a team, an issue, a commit of another repository or an emoji.
_CALLS: Final = re.compile(r"@(?=\w)|(?<=[#!])(?=\d)|(?i:(?<=\bGH-)(?=\d))|:(?=[\w+-]+:)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_IN_ADDRESS: Final = re.compile(r"""[\s\x00-\x1f\x7f<>"'`\\|*\[\](){}^]""")
_LINE_END: Final = re.compile(r"\r\n?|[\n\x85\u2028\u2029]")


def words(text: str, *, line_end: str = " ") -> str:
    """Plain text for one place in a line; `line_end` stands where its lines end."""
    return line_end.join(_line(line) for line in _LINE_END.split(_CONTROL.sub("�", text)))


def _line(line: str) -> str:
    quiet = _CALLS.sub(lambda found: f"{found[0]}{WORD_JOINER}", line)
    escaped = _SIGNS.sub(lambda found: f"&#{ord(found[0])};", quiet.strip(" \t"))
    return escaped.replace("$", "<span>$</span>")


def code(text: str) -> str:
    """A path or a key, as code: GitHub looks for nothing inside of it."""
    return f"<code>{_line(' '.join(text.split()))}</code>"


def is_linkable(url: str) -> bool:
    """Whether an address may be a link: a link to an issue or a pull request would be noted over there."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    is_github = host == "github.com" or host.endswith(".github.com")
    return parts.scheme in ("http", "https") and bool(host) and not is_github


def attribute(url: str) -> str:
    """An address for an HTML attribute in double quotes."""
    quoted = _NOT_IN_ADDRESS.sub(lambda found: quote(found[0]), url)
    return quoted.replace("&", "&amp;")
