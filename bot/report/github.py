"""Words of others, safe in GitHub's Markdown and in the HTML inside of it. Pure.

Every sign that means something is written as a character reference, which CommonMark (0.31, section 2.5) never takes
for structure; so the same text is safe in a paragraph, in a heading and between tags. What GitHub does to the page
afterwards (mentions, references to issues, emoji names, mathematics) is broken by an invisible sign or a tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from bot.compose.mentions import WORD_JOINER
from bot.domain import Finding, Severity

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


def prose(text: str) -> str:
    """A sentence of ours about words of others: what stands in it between two backticks is shown as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # one of them has no partner
        return words(text)
    return "".join(code(piece) if number % 2 else padded_words(piece) for number, piece in enumerate(pieces))


def padded_words(text: str, *, line_end: str = " ") -> str:
    """The same as `words`, with a space at either end if there was one: something stands right beside them."""
    before = " " if text[:1] == " " else ""
    after = " " if text[-1:] == " " and text.strip() else ""
    return f"{before}{words(text, line_end=line_end)}{after}"


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


_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
#: What ends a line for a terminal or a log, besides those that have escapes of their own.
_LINE_ENDS: Final = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def annotated_lines(findings: Iterable[Finding], *, path_of: Callable[[Path], str] = str) -> Iterator[str]:
    """A line for each finding. `path_of` names a file as it lies in the repository."""
    for finding in findings:
        named = f"{finding.field}: " if finding.field else ""
        yield annotation(
            _COMMANDS[finding.severity],
            f"{named}{finding.problem} {finding.remedy}".strip(),
            file=path_of(finding.path),
            line=finding.line or 1,
            **({"col": finding.column} if finding.column else {}),
            title=f"announce: {finding.rule}",
        )


def annotation(command: str, message: str, **properties: str | int) -> str:
    """One workflow command: "error", "warning" or "notice"; nothing in its words can end it or begin another."""
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{command} {shown}::{_data(message)}"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.translate(_LINE_ENDS)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
