"""Posts with one fault each, and the message that the author gets; for `tests/acceptance/test_wrong_input.py`."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent
from typing import Final

BODY: Final = "\nThis is the first paragraph, which is long enough to be an excerpt of the post.\n"


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A fault: front matter lines besides title and datetime, and the message about them."""

    name: str
    lines: str = ""
    field: str  #: as the message names it; empty if no single field causes the fault
    says: str
    remedy: str = ""  #: a part of the remedy
    line: int = 0  #: of the file; 0: where the field's key stands

    def text(self, published: str) -> str:
        return f"---\ntitle: About {self.name}\npublished_datetime: {published}\n{self.lines}---\n{BODY}"

    @property
    def place(self) -> int:
        if self.line:
            return self.line
        key = self.field.rpartition(".")[2]
        numbers = [n for n, line in enumerate(self.lines.splitlines(), start=4) if line.strip().startswith(f"{key}:")]
        return numbers[0]


def mastodon(name: str, lines: str, field: str, says: str, remedy: str = "", line: int = 0) -> Wrong:
    """A fault below `mastodon:`."""
    inner = f"mastodon:\n{indent(lines, '  ')}\n"
    return Wrong(name=name, lines=inner, field=f"mastodon.{field}", says=says, remedy=remedy, line=line)


def poll(name: str, lines: str, field: str, says: str, remedy: str = "") -> Wrong:
    inner = "poll:\n" + indent(lines, "  ")
    return mastodon(name, inner, f"poll.{field}" if field else "poll", says, remedy)


def top(name: str, lines: str, field: str, says: str, remedy: str = "", line: int = 0) -> Wrong:
    return Wrong(name=name, lines=f"{lines}\n", field=field, says=says, remedy=remedy, line=line)


#: The bot skips the post until it is mended; it publishes nothing of it.
POSTS: Final = (
    # -- every key below `mastodon:`
    top("mastodon-text", "mastodon: hello", "mastodon", "must hold keys of its own", "skip: true"),
    top("mastodon-list", "mastodon: [a]", "mastodon", "must hold keys of its own", "skip: true"),
    mastodon("text-mapping", "text: {a: b}", "text", "must be text, not a mapping", 'Write text: "your words"'),
    mastodon("text-list", "text: [a, b]", "text", "must be text, not a list", 'Write text: "your words"'),
    mastodon("visibility-word", "visibility: loud", "visibility", '"loud" is not a visibility', "public, unlisted"),
    mastodon("visibility-list", "visibility: [public]", "visibility", "must be text, not a list"),
    mastodon("warning-list", "content_warning: [a]", "content_warning", "must be text, not a list"),
    mastodon("warning-mapping", "content_warning: {a: b}", "content_warning", "must be text, not a mapping"),
    mastodon("sensitive-word", "sensitive: maybe", "sensitive", "must be true or false", "Write sensitive: true"),
    mastodon("sensitive-number", "sensitive: 1", "sensitive", "must be true or false"),
    mastodon("language-word", "language: Klingon!", "language", "is not a language", '"en" or "pt-BR"'),
    mastodon("language-list", "language: [en]", "language", "must be text, not a list"),
    mastodon("skip-word", "skip: perhaps", "skip", "must be true or false", "Write skip: true"),
    mastodon("skip-list", "skip: [true]", "skip", "must be true or false"),
    mastodon("media-text", "media: /a.png", "media", "must be a list of pictures", "No pictures at all: media: []"),
    mastodon("media-mapping", "media: {file: /a.png}", "media", "must be a list of pictures"),
    mastodon(
        "media-no-file", "media:\n  - alt: A picture", "media[0]", "the first picture names no file", "- file:", 6
    ),
    mastodon("media-nested", "media:\n  - [a]", "media", "the first is not a picture", "- file:"),
    mastodon(
        "media-alt", "media:\n  - file: /a.png\n    alt: [a]", "media[0]", "the alt of the first", "Write alt:", 6
    ),
    mastodon(
        "media-focus", "media:\n  - file: /a.png\n    focus: left", "media[0]", "the focus of the first", "-1 to 1", 6
    ),
    mastodon("media-far", "media:\n  - file: /a.png\n    focus: [2, 0]", "media[0]", "numbers from -1 to 1", "", 6),
    mastodon("thread-word", "thread: sometimes", "thread", "must be a list of texts, or auto", "Write thread: auto"),
    mastodon("thread-mapping", "thread: {a: b}", "thread", "must be a list of texts, or auto"),
    mastodon("thread-empty", 'thread: ["One.", ""]', "thread", "text 2 of the list is empty", "take the - away"),
    mastodon("thread-nested", "thread: [[a]]", "thread", "text 1 of the list is no text", "in quotes"),
    mastodon("thread-flood", f"thread: [{', '.join(f'p{n}' for n in range(20))}]", "thread", "a flood", "Write fewer"),
    mastodon("numbered-alone", "numbered: true", "numbered", "there is no thread", "thread: auto"),
    mastodon("numbered-word", "numbered: some\nthread: auto", "numbered", "must be true or false"),
    mastodon("card-word", "link_card: maybe", "link_card", "must be true or false"),
    mastodon("quotes-word", "quote_policy: friends", "quote_policy", '"friends" is not known', "public, followers"),
    mastodon("quotes-list", "quote_policy: [nobody]", "quote_policy", "must be text, not a list"),
    # -- polls
    mastodon("poll-word", "poll: tea", "poll", "must hold keys of its own", "expires_in: 3d"),
    mastodon("poll-list", "poll: [tea, coffee]", "poll", "must hold keys of its own", "expires_in: 3d"),
    poll("poll-no-options", "expires_in: 3d", "", "has no options", "options:"),
    poll("poll-no-end", "options: [a, b]", "", "does not say how long it is open", "expires_in: 3d"),
    poll("poll-one", "options: [a]\nexpires_in: 3d", "options", "needs two options at least", '"Tea", "Coffee"'),
    poll("poll-twice", "options: [a, a]\nexpires_in: 3d", "options", '"a" is there twice', "Keep one"),
    poll("poll-empty", 'options: [a, ""]\nexpires_in: 3d', "options", "one of them is empty", "take it away"),
    poll("poll-options-word", "options: tea\nexpires_in: 3d", "options", "must be a list of texts"),
    poll("poll-nested", "options: [[a], b]\nexpires_in: 3d", "options", "must be a list of texts"),
    poll("poll-soon", "options: [a, b]\nexpires_in: soon", "expires_in", '"soon" is not a duration', "expires_in: 3d"),
    poll("poll-zero", "options: [a, b]\nexpires_in: 0d", "expires_in", "must be open for some time"),
    poll("poll-multiple", "options: [a, b]\nexpires_in: 3d\nmultiple: two", "multiple", "must be true or false"),
    poll("poll-totals", "options: [a, b]\nexpires_in: 3d\nhide_totals: 3", "hide_totals", "must be true or false"),
    # -- the rest of the front matter
    top("title-twice", "title: Again", "title", "", "", 4),
    top("hashtags-mapping", "hashtags: {a: b}", "hashtags", "must be text or a list of texts", "hashtags: [one, two]"),
    top("hashtags-nested", "hashtags: [[a]]", "hashtags", "must be a list of texts"),
    top("missed-word", "if_missed: later", "if_missed", '"later" is not known', "post, skip or hold"),
    top("expires-word", "expires: never", "expires", '"never" is not a datetime'),
    top("expires-day", "expires: 2026-02-30 09:00", "expires", "is not in the calendar"),
    top("updated-list", "updated_datetime: [a]", "updated_datetime", ""),
    top("hidden-word", "hidden: perhaps", "hidden", "must be true or false"),
    top("link-word", "link: perhaps", "link", "must be true or false"),
    top("withdrawn-list", "withdrawn: [a]", "withdrawn", "must be text, not a list"),
    top("language-top", "language: Klingon!", "language", "is not a language"),
    top("summary-list", "summary: [a]", "summary", "must be text, not a list"),
    top("id-list", "id: [a]", "id", ""),
    top("yaml-broken", "kind: a: b", "front matter", "", "quotes", 4),
)

_MEDIA: Final = "media:\n  - file: {}\n    alt: A picture"
#: The post can be read but not composed: the bot holds it until it is mended.
HELD: Final = (
    mastodon("warning-long", f"content_warning: {'w' * 600}", "content_warning", "does not fit into 500", "a shorter"),
    top(
        "hashtags-long", f"hashtags: [{', '.join(f'tagnumber{n}' for n in range(60))}]", "hashtags", "does not fit into"
    ),
    mastodon(
        "tag-left", 'text: "See {{ site.venue }} soon"', "text", "a left-over template tag", "what the tag stands for"
    ),
    poll("poll-many", "options: [a, b, c, d, e]\nexpires_in: 3d", "options", "has 5 options", "Leave some out"),
    poll("poll-wide", f"options: [a, {'b' * 60}]\nexpires_in: 3d", "options", "takes 50 at most", "Shorten it"),
    poll("poll-long", "options: [a, b]\nexpires_in: 90d", "expires_in", "open for 90 days", "expires_in: 3d"),
    poll("poll-short", "options: [a, b]\nexpires_in: 1m", "expires_in", "takes 5 min to", "expires_in: 3d"),
)
#: The bot publishes the post without the faulty part, and reports the fault.
LEFT_OUT: Final = (
    mastodon("picture-missing", _MEDIA.format("/none.png"), "media[0]", "there is no file none.png", "Add the file", 6),
    top(
        "cover-missing", "cover:\n  url: /none.png\n  alt: A", "cover.url", "there is no file none.png", "Add the file"
    ),
    mastodon("picture-big", _MEDIA.format("/big.png"), "media[0]", "big.png is larger than 100 MB", "smaller", 6),
    mastodon("picture-words", _MEDIA.format("/words.png"), "media[0]", "is not a readable picture", "Use a JPEG", 6),
    mastodon("picture-outside", _MEDIA.format("/../x.png"), "media[0]", "", "", 6),
)
#: The bot publishes the post with a change, which a preview shows beforehand.
CHANGED: Final = (
    mastodon(
        "text-long", f"text: {'word ' * 300}", "text", "does not fit whole into a toot of 500", "announce preview"
    ),
    mastodon("thread-long", f"thread: [{'x' * 700}]", "thread", "text 1 does not fit into a toot", "announce preview"),
    mastodon("alt-missing", "media:\n  - file: /small.png", "media[0]", "has no alt text", "Write alt:", 6),
)
