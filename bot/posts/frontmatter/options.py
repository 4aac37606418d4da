"""Front matter → the options of the toot: poll, thread, hashtags, visibility and the like."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from bot.domain import MastodonOptions, Missed, Picture, Poll, QuotePolicy, Visibility
from bot.domain.durations import parse_duration
from bot.domain.front_matter import KEYS
from bot.domain.text import one_line
from bot.posts.frontmatter.fields import FALSE, TRUE

if TYPE_CHECKING:
    from datetime import timedelta

    from bot.posts.frontmatter.fields import Fields, Notes


FIELD: Final = "check.allow"
_HOW_TO_ALLOW: Final = 'Write check:, below it allow:, and below that for example weekend: "The party is on Saturday."'


def read_allowed(fields: Fields, notes: Notes) -> dict[str, str]:
    """Read the allowed rules: rule name → reason. A malformed item is reported and never blocks a release."""
    check = fields.get("check")
    if check is None:
        return {}
    if not isinstance(check, dict) or check.keys() - {"allow"}:
        notes.add("check-allow", "holds nothing but allow:.", field="check", remedy=_HOW_TO_ALLOW)
    allow = check.get("allow") if isinstance(check, dict) else None
    if allow is None:
        return {}
    if not isinstance(allow, dict):
        notes.add("check-allow", "must name rules, each with a reason.", field=FIELD, remedy=_HOW_TO_ALLOW)
        return {}
    reasons = {name: one_line(why) if isinstance(why, str) else "" for name, why in allow.items()}
    for name, why in reasons.items():
        if not why:
            problem = "has no reason, so the rule is not silenced."
            notes.add("check-allow", problem, field=f"{FIELD}.{name}", remedy="Say in a few words why it is meant.")
    return {name: why for name, why in reasons.items() if why}


_HOW_TO_POLL: Final = 'Write poll: and below it, indented, options: ["Tea", "Coffee"] and expires_in: 3d.'


def read_poll(fields: Fields) -> Poll | None:
    """Read the poll; None if there is none. Raises PostError."""
    if not fields.mapping("mastodon.poll", _HOW_TO_POLL):
        return None
    return Poll(
        options=_options(fields),
        expires_in=_expires_in(fields),
        multiple=fields.flag("mastodon.poll.multiple", default=False),
        hide_totals=fields.flag("mastodon.poll.hide_totals", default=False),
    )


def _options(fields: Fields) -> tuple[str, ...]:
    name = "mastodon.poll.options"
    value = fields.get(name)
    if value is None:
        raise fields.fault("mastodon.poll", "has no options.", _HOW_TO_POLL)
    if not isinstance(value, list) or any(isinstance(item, list | dict) for item in value):
        raise fields.fault(name, "must be a list of texts.", 'Write options: ["Tea", "Coffee"].')
    options = tuple(one_line(item) if isinstance(item, str) else "" for item in value)
    if not all(options):
        raise fields.fault(name, "one of them is empty.", "Write it, or take it away.")
    if len(options) < 2:
        raise fields.fault(name, "a poll needs two options at least.", 'Write options: ["Tea", "Coffee"].')
    twice = next((option for option in options if options.count(option) > 1), None)
    if twice is not None:
        raise fields.fault(name, f'"{twice}" is there twice.', "Keep one of them.")
    return options


def _expires_in(fields: Fields) -> timedelta:
    name = "mastodon.poll.expires_in"
    text = fields.text(name)
    remedy = "Write for example expires_in: 3d, or 12h."
    if text is None:
        raise fields.fault("mastodon.poll", "does not say how long it is open.", remedy)
    try:
        duration = parse_duration(text)
    except ValueError:
        raise fields.fault(name, f'"{text}" is not a duration.', remedy) from None
    if not duration:
        raise fields.fault(name, "a poll must be open for some time.", remedy)
    return duration


#: The most toots of one thread, including the first; more would flood the followers' timelines.
MOST_TOOTS: Final = 20
#: Pelican's statuses for articles that appear in no list and no feed (docs.getpelican.com, "Publishing drafts").
_NOT_PUBLISHED: Final = frozenset({"draft", "hidden", "skip"})
#: The options of most posts; one shared object saves memory.
NO_OPTIONS: Final = MastodonOptions()
_HOW_TO_THREAD: Final = 'Write thread: auto, or thread: and below it lines such as - "The second toot."'


def read_hashtags(fields: Fields) -> tuple[str, ...]:
    """Read the post's hashtags, as written, with or without "#". Raises PostError."""
    return fields.texts("hashtags", separators=KEYS["hashtags"].separators)


def is_draft(fields: Fields) -> bool:
    """Whether the front matter marks the post as a draft. Raises PostError.

    By `draft: true`, or as in Jekyll (`published: false`) and Pelican (`status: draft`).
    """
    if fields.flag("draft", default=False):
        return True
    published, status = fields.get("published"), fields.get("status") or fields.get("Status")
    says_no = isinstance(published, str) and published.strip().lower() in FALSE
    return says_no or (isinstance(status, str) and status.strip().lower() in _NOT_PUBLISHED)


def read_withdrawal(fields: Fields) -> str | None:
    """The reason for withdrawing the post, perhaps empty; None if it is not withdrawn. Raises PostError."""
    value = fields.prose("withdrawn")
    if value is None or value.strip().lower() in FALSE:
        return None
    return "" if value.strip().lower() in TRUE else value.strip()


def read_if_missed(fields: Fields) -> Missed | None:
    """Read what the bot should do if the post is released late. Raises PostError."""
    value = fields.text("if_missed")
    if value is None:
        return None
    try:
        return Missed(value.lower())
    except ValueError:
        raise fields.fault("if_missed", f'"{value}" is not known.', "Write post, skip or hold.") from None


def read_mastodon_options(fields: Fields, *, media: tuple[Picture, ...] | None = None) -> MastodonOptions:
    """Read the options below `mastodon:`; `media` reads its list of pictures. Raises PostError."""
    if fields.get("mastodon") is None:
        return NO_OPTIONS
    fields.mapping("mastodon", "Write for example mastodon: and below it, indented, skip: true.")
    parts = _thread(fields)
    numbered = fields.flag("mastodon.numbered", default=False)
    if numbered and parts == ():
        raise fields.fault(
            "mastodon.numbered", "there is no thread whose toots could be numbered.", "Also write thread: auto."
        )
    return MastodonOptions(
        text=fields.prose("mastodon.text"),
        visibility=_one_of(fields, "mastodon.visibility", Visibility, "a visibility"),
        content_warning=fields.text("mastodon.content_warning"),
        sensitive=fields.choice("mastodon.sensitive"),
        language=fields.language("mastodon.language"),
        skip=fields.flag("mastodon.skip", default=False),
        media=media,
        thread=parts or (),
        thread_auto=parts is None,
        numbered=numbered,
        link_card=fields.choice("mastodon.link_card"),
        poll=read_poll(fields),
        quote_policy=_one_of(fields, "mastodon.quote_policy", QuotePolicy, "known"),
    )


def _thread(fields: Fields) -> tuple[str, ...] | None:
    """The toots after the first; None if the bot splits the text itself. Raises PostError."""
    name = "mastodon.thread"
    value = fields.get(name)
    if isinstance(value, dict):
        raise fields.fault(name, "must be a list of texts, or auto.", _HOW_TO_THREAD)
    if value is None or value == []:
        return ()
    if isinstance(value, str):
        if value.strip().lower() == "auto":
            return None
        if value.strip().lower() in FALSE:
            return ()
        raise fields.fault(name, "must be a list of texts, or auto.", _HOW_TO_THREAD)
    parts = tuple(item.strip() if isinstance(item, str) else "" for item in value)
    for number, (part, item) in enumerate(zip(parts, value, strict=True), start=1):
        if isinstance(item, list | dict):
            raise fields.fault(name, f"text {number} of the list is no text.", "Put it in quotes.")
        if not part:
            raise fields.fault(name, f"text {number} of the list is empty.", "Write it, or take the - away.")
    if len(parts) >= MOST_TOOTS:
        problem = f"has {len(parts)} texts; with the first toot that is more than {MOST_TOOTS}, a flood."
        raise fields.fault(name, problem, "Write fewer; the post itself can say the rest.")
    return parts


_Choice = TypeVar("_Choice", bound=Enum)


def _one_of(fields: Fields, name: str, kind: type[_Choice], noun: str) -> _Choice | None:
    value = fields.text(name)
    if value is None:
        return None
    try:
        return kind(value.lower())
    except ValueError:
        known = ", ".join(str(choice.value) for choice in kind)
        raise fields.fault(name, f'"{value}" is not {noun}.', f"Write one of {known}.") from None
