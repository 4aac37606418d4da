"""Untrusted text in GitHub's Markdown and the HTML inside it, and findings as workflow commands. Pure.

Every character with a meaning becomes a character reference, which CommonMark (0.31, section 2.5) never takes for
structure; so the same text is safe in a paragraph, in a heading and between tags. What GitHub does to the page
afterwards (mentions, references to issues, emoji names, mathematics) is broken by an invisible character or a tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from bot.compose.mentions import WORD_JOINER
from bot.config import Config
from bot.domain import Finding, Severity
from bot.operations.branch import Branch
from bot.report.outlook import DELETION_WORDS

_SIGNS: Final = re.compile(r"""[\\`*_{}\[\]<>#&|~]|:(?=//)|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]""")
#: What GitHub takes for a person, a team, an issue, a commit of another repository or an emoji.
_REFERENCES: Final = re.compile(r"@(?=\w)|(?<=[#!])(?=\d)|(?i:(?<=\bGH-)(?=\d))|:(?=[\w+-]+:)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_IN_ADDRESS: Final = re.compile(r"""[\s\x00-\x1f\x7f<>"'`\\|*\[\](){}^]""")
_LINE_END: Final = re.compile(r"\r\n?|[\n\x85\u2028\u2029]")


def escape_text(text: str, *, line_end: str = " ") -> str:
    """Plain text, escaped, on one line; `line_end` replaces line ends."""
    return line_end.join(_escape_line(line) for line in _LINE_END.split(_CONTROL.sub("�", text)))


def _escape_line(line: str) -> str:
    inert = _REFERENCES.sub(lambda found: f"{found[0]}{WORD_JOINER}", line)
    escaped = _SIGNS.sub(lambda found: f"&#{ord(found[0])};", inert.strip(" \t"))
    return escaped.replace("$", "<span>$</span>")


def escape_prose(text: str) -> str:
    """One of the bot's own sentences, escaped: text between two backticks becomes code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without a partner
        return escape_text(text)
    return "".join(code(piece) if number % 2 else escape_padded(piece) for number, piece in enumerate(pieces))


def escape_padded(text: str, *, line_end: str = " ") -> str:
    """As `escape_text`, but a space at either end stays: other text follows directly."""
    before = " " if text[:1] == " " else ""
    after = " " if text[-1:] == " " and text.strip() else ""
    return f"{before}{escape_text(text, line_end=line_end)}{after}"


def code(text: str) -> str:
    """A path or a key, as code: GitHub interprets nothing inside."""
    return f"<code>{_escape_line(' '.join(text.split()))}</code>"


def is_linkable(url: str) -> bool:
    """Whether an address may be a link. Links to GitHub may not: an issue that is linked shows the reference."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    is_github = host == "github.com" or host.endswith(".github.com")
    return parts.scheme in ("http", "https") and bool(host) and not is_github


def escape_url(url: str) -> str:
    """An address, escaped for an HTML attribute in double quotes."""
    quoted = _NOT_IN_ADDRESS.sub(lambda found: quote(found[0]), url)
    return quoted.replace("&", "&amp;")


_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
#: Line ends of terminals and logs, besides those that workflow commands escape.
_LINE_ENDS: Final = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def render_annotations(findings: Iterable[Finding], *, path_of: Callable[[Path], str] = str) -> Iterator[str]:
    """A workflow command for each finding. `path_of` gives a file's path in the repository."""
    for finding in findings:
        named = f"{finding.field}: " if finding.field else ""
        yield workflow_command(
            _COMMANDS[finding.severity],
            f"{named}{finding.problem} {finding.remedy}".strip(),
            file=path_of(finding.path),
            line=finding.line or 1,
            **({"col": finding.column} if finding.column else {}),
            title=f"announce: {finding.rule}",
        )


def annotate(config: Config, findings: Iterable[Finding], branch: Branch | None, *, workspace: Path) -> Iterator[str]:
    """Workflow commands for findings and for posts that the branch deletes; paths begin at the `workspace`."""

    def path_of(path: Path) -> str:
        whole = (config.root / path).resolve()
        return whole.relative_to(workspace).as_posix() if whole.is_relative_to(workspace) else str(path)

    yield from render_annotations(findings, path_of=path_of)
    for one in branch.gone if branch is not None else ():
        yield workflow_command("notice", f"{one.path}: {DELETION_WORDS[one.stage]}", title="announce: deleted")


def workflow_command(command: str, message: str, **properties: str | int) -> str:
    """One workflow command ("error", "warning" or "notice"), escaped so that no text can end it or begin another."""
    shown = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
    return f"::{command} {shown}::{_escape_data(message)}"


def _escape_data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.translate(_LINE_ENDS)


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
