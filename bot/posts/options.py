"""What front matter says about the toot."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from bot.model import MastodonOptions, Missed, Picture, QuotePolicy, Visibility
from bot.posts.fields import FALSE, TRUE
from bot.posts.poll import poll_of

if TYPE_CHECKING:
    from bot.posts.fields import Fields

#: The most toots of one thread, the first included: more is a flood for those who follow.
MOST_TOOTS: Final = 20
#: Pelican's statuses of articles that are in no list and no feed (docs.getpelican.com, "Publishing drafts").
_NOT_PUBLISHED: Final = frozenset({"draft", "hidden", "skip"})
_HOW_TO_THREAD: Final = 'Write thread: auto, or thread: and below it lines such as - "The second toot."'


def hashtags_of(fields: Fields) -> tuple[str, ...]:
    """The post's hashtags, as written, with or without #. Raises PostError."""
    return fields.texts("hashtags", separators=", \t\n")


def is_draft(fields: Fields) -> bool:
    """Whether the post says of itself that it is not to be published. Raises PostError.

    In its own words, or in those of Jekyll (`published: false`) and Pelican (`status: draft`).
    """
    if fields.flag("draft", default=False):
        return True
    published, status = fields.get("published"), fields.get("status") or fields.get("Status")
    says_no = isinstance(published, str) and published.strip().lower() in FALSE
    return says_no or (isinstance(status, str) and status.strip().lower() in _NOT_PUBLISHED)


def withdrawal_of(fields: Fields) -> str | None:
    """Why the post was taken back, empty if no reason is given; None if it stands. Raises PostError."""
    value = fields.prose("withdrawn")
    if value is None or value.strip().lower() in FALSE:
        return None
    return "" if value.strip().lower() in TRUE else value.strip()


def if_missed_of(fields: Fields) -> Missed | None:
    """What is to happen if the post is released late. Raises PostError."""
    value = fields.text("if_missed")
    if value is None:
        return None
    try:
        return Missed(value.lower())
    except ValueError:
        raise fields.fault("if_missed", f'"{value}" is not known.', "Write post, skip or hold.") from None


def mastodon_options(fields: Fields, *, media: tuple[Picture, ...] | None = None) -> MastodonOptions:
    """What stands under `mastodon:`, with the pictures that `media` made of its list. Raises PostError."""
    if fields.get("mastodon") is None:
        return MastodonOptions(media=media)
    fields.mapping("mastodon", "Write for example mastodon: and below it, indented, skip: true.")
    parts = _thread(fields)
    numbered = fields.flag("mastodon.numbered", default=False)
    if numbered and parts == ():
        raise fields.fault(
            "mastodon.numbered", "there is no thread whose toots could be numbered.", "Write thread: auto beside it."
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
        poll=poll_of(fields),
        quote_policy=_one_of(fields, "mastodon.quote_policy", QuotePolicy, "known"),
    )


def _thread(fields: Fields) -> tuple[str, ...] | None:
    """The toots that follow the first; None if the bot makes them itself. Raises PostError."""
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
