"""Findings, and every rule of `announce check` in one table: name, severity, why it exists, and what to do.

A finding describes what it found; the texts here describe the rule, for `announce check --rules` and docs/check.md.
The table is part of the domain because reading, composing and planning a post produce findings too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final


class Severity(Enum):
    """How much a finding matters, the most serious first."""

    ERROR = "error"  #: the post is not released or not tooted as it stands
    WARNING = "warning"  #: it goes out, perhaps not as meant
    NOTE = "note"  #: worth knowing

    @property
    def rank(self) -> int:
        """0 for the most serious."""
        return list(Severity).index(self)


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. All its findings have its severity."""

    name: str
    severity: Severity
    why: str
    remedy: str

    @property
    def may_be_suppressed(self) -> bool:
        """Whether `check: allow:` may name it. Errors may not: their post does not go out as it stands in any case."""
        return self.severity is not Severity.ERROR


_RULES: Final = (
    # The file and its front matter
    Rule("unreadable", _E, "The file cannot be read, or is no text: there is no post.", "Correct the file."),
    Rule("front-matter", _E, "The front matter is not valid YAML.", "Correct the named place."),
    Rule("field-value", _E, "A key holds what it cannot hold.", "Write what the message suggests."),
    Rule("body-unusable", _E, "The text is nested too deep to be rendered.", "Simplify it."),
    Rule("same-name", _E, "Two files would share one page.", "Rename one."),
    Rule("same-id", _E, "Two files have one `id:`; the second is left out.", "Give each an id of its own."),
    Rule("similar-name", _W, "Two pages differ in capitals only: many hosts keep just one.", "Rename one."),
    Rule("unknown-key", _W, "A key is nearly one that is read: a likely slip.", "Write it as suggested."),
    Rule("date-ignored", _W, "`date` releases nothing; the post stays a draft.", "Write `published_datetime`."),
    Rule("hashtags-empty", _W, "YAML takes # for the beginning of a comment.", "Leave the # out."),
    Rule("order", _W, "`order` is no whole number and counts as 0.", "Write a whole number."),
    Rule("check-allow", _W, "A rule is silenced that is none, or without a reason.", "Correct it, or take it out."),
    # When it goes out
    Rule("datetime-wrong", _E, "A datetime cannot be read: nobody knows when.", "Write 2027-03-01 09:00."),
    Rule("datetime-gap", _E, "The clocks skip this time in spring.", "Choose the time that is suggested."),
    Rule("datetime-offset", _W, "The offset is not the zone's on that day.", "`announce check --fix=offsets`."),
    Rule("repeated-time", _W, "The time comes twice in autumn; the first counts.", "Write the offset that is meant."),
    Rule("bare-date", _W, "A date without an hour means `default_time`.", "Write the hour too."),
    Rule("due-now", _N, "Its time has come: it goes out as soon as the bot sees it.", "Move it, if not meant."),
    Rule("too-late", _W, "Older than `catch_up`: into the feed, no toot.", "Write a time to come."),
    Rule("far-future", _W, "Over a year ahead: often a slip in the year.", "Check the year."),
    Rule("quiet-hours", _W, "Outside `[check] daytime`: few are awake to read it.", "Choose another hour."),
    Rule("weekend", _W, "On a Saturday or Sunday, see `[check] weekdays_only`.", "Choose a weekday."),
    Rule("clash", _W, "On the heels of another post, or at its very moment.", "Move one, or say `order:`."),
    Rule("brake", _W, "More toots within an hour than the brake lets go.", "Spread them, or raise the brake."),
    Rule("datetime-moved", _W, "A released post keeps its date.", "Write a new post for new news."),
    Rule("identity-taken", _E, "Name or id are those of a released post.", "Choose others for a new post."),
    Rule("renamed", _W, "It may be a released post, renamed and rewritten.", "Write the `id:` that is named."),
    Rule("reminder-never", _E, "A reminder's time is before the post, or after its end.", "Correct its time."),
    # Words
    Rule("title-long", _W, "Over 100 characters: lists and readers cut it.", "Say it shorter."),
    Rule("title-shouting", _W, "Capitals throughout, or several !: hard to read and to hear.", "Write it calmly."),
    Rule("mojibake", _W, "Words were read in a wrong encoding.", "`announce check --fix` corrects it."),
    Rule("typography", _N, "A slip such as a space before a comma.", "`announce check --fix` corrects it."),
    Rule("template-tag", _W, "Nothing resolves {{ … }} here.", "Write the words or the address."),
    # Pictures
    Rule("alt-missing", _W, "Who cannot see the picture misses it.", "Write `alt:`, what the picture shows."),
    Rule("alt-useless", _W, "The alt text is the title or a file's name.", "Say what the picture shows."),
    Rule("alt-image-of", _N, 'Screen readers say "image" by themselves.', 'Leave "Image of" out.'),
    Rule("alt-shortened", _W, "The alt text is longer than the server takes.", "Say it shorter."),
    Rule("cover-missing", _W, "There is no file for the cover.", "Add it, or correct the address."),
    Rule("cover-unusable", _W, "The cover is no picture that can be shown.", "Use JPEG, PNG, GIF or WebP."),
    Rule("cover-large", _W, "Over 3 MB: feed readers load all of it.", "Save it smaller."),
    Rule("cover-ratio", _N, "Very long or tall: it is cropped in timelines.", "Crop it yourself, or set `focus`."),
    Rule("picture-missing", _W, "There is no file for a picture of the toot.", "Add it, or correct the address."),
    Rule("picture-unusable", _W, "A picture of the toot cannot be shown.", "Use JPEG, PNG, GIF or WebP."),
    Rule("picture-unseen", _W, "A link card is asked for, and pictures too.", "Keep one of the two."),
    Rule("too-many-pictures", _W, "More pictures than the server takes.", "Choose."),
    Rule("animation-stopped", _N, "A GIF is too large to move.", "Make it 1280 x 720 at most."),
    # Links in the text
    Rule("link-broken", _W, "No page or file of the site answers to it.", "Correct it, or see `[check] pages`."),
    Rule("link-early", _W, "It leads to a post that is released later.", "Link it once that one is out."),
    Rule("link-http", _N, "The address is not encrypted.", "Write https, if the page has it."),
    Rule("link-tracking", _W, "The address tells where the reader came from.", "Cut that part off."),
    # The toot
    Rule("toot-held", _E, "The toot cannot be made as it stands.", "Correct what is named."),
    Rule("text-shortened", _W, "A title or your own words are cut.", "Say it shorter."),
    Rule("excerpt-shortened", _N, "The excerpt is cut to fit.", "Check it, or write `mastodon: text:`."),
    Rule("thread-text-split", _W, "A text of the thread takes two toots.", "Say it shorter."),
    Rule("hashtag-unseen", _W, "Servers do not take it for a hashtag, or for half of it.", "Write letters and digits."),
    Rule("mention-notifies", _N, "The person is notified.", "Leave the @ out, if not meant."),
    Rule("mention-local", _W, "@name alone is an account of your own server.", "Write @name@server."),
    Rule("handle-missing", _W, "A person is not in people.toml.", "Add the handle, if they wish."),
    Rule("poll-without-picture", _W, "No picture with a poll on that server.", "Put the poll into another post."),
    Rule("quote-policy-unknown", _W, "The server knows no quote policy.", "Take it out, or live with it."),
    Rule("network-lacks", _W, "The account's network cannot show it.", "Check the preview, or accept it."),
    # What must not be known yet
    Rule("embargo-name", _N, "A file's name tells whom a post to come presents.", "Rename it."),
    Rule("site-embargo", _E, "A built site gives a post to come away.", "See docs/site-embargo.md."),
    Rule("site-unusable", _W, "`[check] site` is no folder of a built site.", "Name the folder that is built."),
    Rule("page-early", _E, "The page of a post to come is online (`--online`).", "See docs/site-embargo.md."),
    # Settings, templates, accounts
    Rule("template-broken", _E, "A template cannot be used.", "Correct it, see docs/templates.md."),
    Rule("template-folder", _W, "The folder is named like no account.", "Name it like the account."),
    Rule("people-broken", _E, "people.toml, or a person in it, is wrong.", "Correct it, see docs/templates.md."),
    Rule("token-missing", _W, "Without a token nothing is tooted from here.", "`announce login NAME`."),
    Rule("token-open", _W, "Others can read the token.", "`chmod 600` the file."),
    Rule("secret-missing", _W, "A secret of a source is not in the environment.", "Set it."),
    Rule("deploy-hook", _W, "A secret of the deploy hook is not in the environment.", "Set it."),
    Rule("not-fetched", _W, "A source of posts cannot be fetched.", "See docs/sources.md."),
    Rule("no-push-hook", _W, "`push_secret` without `[serve] listen`.", "Set it, or take the secret out."),
    Rule(
        "account-unusable", _E, "The server refuses, or the token lacks a scope (`--online`).", "`announce accounts`."
    ),
)

RULES: Final[Mapping[str, Rule]] = {rule.name: rule for rule in _RULES}


def nearest(name: str) -> str:
    """The rule that a misspelt name probably means; empty if none is likely."""
    return next(iter(difflib.get_close_matches(name.strip().lower().replace("_", "-"), RULES, n=1)), "")


def as_markdown(rules: Iterable[Rule] = RULES.values()) -> str:
    """The table of docs/check.md."""
    rows = (f"| `{rule.name}` | {rule.severity.value} | {rule.why} | {rule.remedy} |" for rule in rules)
    return "\n".join(("| rule | | why | what to do |", "| --- | --- | --- | --- |", *rows))


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A problem that the operator should know before a post goes out."""

    rule: str  #: the name of one of RULES, e.g. "datetime-offset"
    path: Path  #: the file, relative to the project root where it lies inside
    line: int | None = None  #: counts from 1
    column: int | None = None  #: characters, counts from 1; None where only the line is known
    field: str = ""  #: the front matter key, or the setting's dotted name
    problem: str
    remedy: str = ""
    others: tuple[Path, ...] = ()  #: further files that cause it, spelt like `path`

    @property
    def severity(self) -> Severity:
        """The severity of the rule."""
        return RULES[self.rule].severity

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        name = f"{self.field}: " if self.field else ""
        return f"{place}: {name}{self.problem} {self.remedy}".rstrip()
