"""Post → Announcement: the content of a post's announcement on one account, within its server's limits.

Pure: no clock, no disk, no network. The caller reads the templates beforehand; the post has the facts about pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, Final

from bot.compose.context import ComposeContext
from bot.compose.length import count_graphemes
from bot.compose.links import holds_link
from bot.compose.pictures import choose_pictures
from bot.compose.shorten import ELLIPSIS
from bot.compose.thread import compose_texts, is_split
from bot.compose.wording import Wording, tidy
from bot.config import Account
from bot.domain import Announcement, Picture, Poll, Post, Reminder, StatusOptions
from bot.domain.durations import format_duration
from bot.domain.errors import ComposeError
from bot.domain.template_tags import find_tags
from bot.posts.frontmatter.reminders import source_of


def make_reminder_post(post: Post, reminder: Reminder) -> Post:
    """Make a post with the reminder's text, for `compose`.

    One toot, with the post's pictures unless it is a reply; no thread, no poll. A reminder of a deadline expires with
    the deadline.
    """
    ends = [post.expires, post.deadline if post.deadline is not None and reminder.at < post.deadline else None]
    return replace(
        post,
        mastodon=replace(post.mastodon, text=reminder.text, thread=(), thread_auto=False, numbered=False, poll=None),
        expires=min((end for end in ends if end is not None), default=None),
        reminders=(),
        reminding=reminder,
    )


_FIELD = "mastodon.poll"
_OPTIONS = "mastodon.poll.options"


def check_poll(post: Post, context: ComposeContext) -> Poll | None:
    """Check the post's poll against the server's limits and return it; None if the post has none.

    Poll options are never shortened, to keep their meaning. Raises ComposeError if the server would refuse the poll
    (mastodon/mastodon app/validators/poll_options_validator.rb, poll_expiration_validator.rb).
    """
    poll, limits = post.mastodon.poll, context.limits
    if poll is None:
        return None
    if len(poll.options) > limits.poll_options:
        problem = f"the poll has {len(poll.options)} options; the server takes {limits.poll_options} at most."
        raise ComposeError(problem, post=post.path, kind="poll-options", remedy="Leave some out.", field=_OPTIONS)
    for option in poll.options:
        length = count_graphemes(option)
        if length > limits.poll_option:
            problem = f'the option "{option}" has {length} characters; the server takes {limits.poll_option} at most.'
            raise ComposeError(problem, post=post.path, kind="poll-option-length", remedy="Shorten it.", field=_OPTIONS)
    if not limits.poll_shortest <= poll.expires_in <= limits.poll_longest:
        shortest, longest = format_duration(limits.poll_shortest), format_duration(limits.poll_longest)
        problem = f"the poll is open for {format_duration(poll.expires_in)}; the server takes {shortest} to {longest}."
        raise ComposeError(
            problem,
            post=post.path,
            kind="poll-duration",
            remedy="Write for example expires_in: 3d.",
            field=f"{_FIELD}.expires_in",
        )
    return poll


_LONGEST_TAG: Final = 60  # characters of a template tag in an error text


def compose(post: Post, context: ComposeContext) -> Announcement:
    """Compose the announcement of a post on one account.

    The text is `mastodon.text` as the author wrote it, else the template's output; the link and the hashtags follow,
    unless the text contains them. If that is too long, the excerpt is shortened, then the summary, then the title (or
    `mastodon.text`); link, hashtags and content warning are never shortened. For threads see `compose_texts`.

    Raises ComposeError: a broken template, a left-over template tag, an empty text, no room for link and hashtags, an
    impossible thread or poll, a feature that the network lacks, and if the settings say so, a picture that is missing
    or has no alt text.
    """
    _refuse_the_impossible(post, context)
    post = _without_answers(post, context)
    wording = Wording(post=post, context=context)
    text, *following = compose_texts(wording)
    poll = check_poll(post, context)
    pictures = _pictures_beside(poll, post, context)
    _refuse_left_over(post, wording, (text, *following), pictures, poll)
    bare = Announcement(
        text="",
        link=None,
        length=0,
        limit=wording.limit,
        answers=post.reminding is not None and post.reminding.reply,
        source=source_of(post.reminding) if post.reminding is not None else "",
        **_options_of(wording),
    )

    def saying(text: str) -> Announcement:
        link = post.url if holds_link(text, post.url) else None
        return replace(bare, text=text, link=link, length=wording.length(text))

    # Once a thread has begun, its other toots do not expire.
    first = replace(saying(text), pictures=pictures, poll=poll, expires=post.expires)
    return replace(first, thread=tuple(map(saying, following)), reminders=tuple(_texts_of_reminders(post, context)))


def shortened_parts(post: Post, context: ComposeContext) -> Mapping[str, str]:
    """The parts of the post that `compose` shortens or drops to fit the limit: name → what is left.

    The names are "title", "excerpt", "mastodon.text", ... Raises ComposeError for a broken template, and for a text
    that cannot be made to fit.
    """
    wording = Wording(post=_without_answers(post, context), context=context)
    return {} if is_split(wording) else wording.shortened()


def find_split_texts(post: Post, context: ComposeContext) -> tuple[int, ...]:
    """The numbers (from 1) of the texts of `mastodon.thread` that are too long for one toot and are split."""
    wording = Wording(post=post, context=context)
    return tuple(number for number, text in enumerate(post.mastodon.thread, start=1) if not wording.fits(tidy(text)))


def _options_of(wording: Wording) -> dict[str, Any]:
    """The fields of StatusOptions: from the post, else its account, else the defaults."""
    post, account = wording.post, wording.context.account
    chosen: dict[str, Any] = {}
    for option in fields(StatusOptions):
        own = getattr(post.mastodon, option.name)
        value = getattr(account, option.name, None) if own is None else own
        if value is not None:
            chosen[option.name] = value
    chosen["language"] = _language(post, account)
    chosen["content_warning"] = wording.content_warning or None
    if not wording.context.limits.quote_policy:
        chosen["quote_policy"] = None
    return chosen


def _refuse_the_impossible(post: Post, context: ComposeContext) -> None:
    """Raises ComposeError if the author asks for a feature that the account's network lacks."""
    options, can = post.mastodon, context.capabilities
    visibility = options.visibility or context.account.visibility
    missing = {
        _FIELD: ("polls", options.poll is not None and not can.polls),
        "mastodon.content_warning": ("content warnings", bool(options.content_warning) and not can.content_warnings),
        "mastodon.thread": ("threads", bool(options.thread) and not can.replies),
        "mastodon.visibility": (f'the visibility "{visibility.value}"', visibility not in can.visibilities),
    }
    for field, (what, is_missing) in missing.items():
        if is_missing:
            raise ComposeError(
                f"the account's network does not know {what}.",
                post=post.path,
                kind="unknown-to-network",
                remedy="Leave it out, or keep the post from this account with mastodon.skip.",
                field=field,
            )


def _without_answers(post: Post, context: ComposeContext) -> Post:
    """The post as a single status, for networks without replies: shortened, never split."""
    if context.capabilities.replies:
        return post
    reminding = replace(post.reminding, reply=False) if post.reminding is not None else None
    return replace(post, reminding=reminding, mastodon=replace(post.mastodon, thread_auto=False, numbered=False))


def _pictures_beside(poll: Poll | None, post: Post, context: ComposeContext) -> tuple[Picture, ...]:
    limits = context.limits
    beside_poll = poll is None or limits.poll_with_pictures
    # Clients show a reply below the post's toot, which has the picture.
    is_answer = post.reminding is not None and post.reminding.reply and not limits.picture_needed
    pictures = choose_pictures(post, context) if beside_poll and not is_answer else ()
    if limits.picture_needed and not pictures:
        raise ComposeError(
            f"the account's server ({limits.software}) takes no toot without a picture.",
            post=post.path,
            kind="picture-needed",
            remedy="Give the post a cover or mastodon.media, or keep it from this account with mastodon.skip.",
        )
    return pictures


def _texts_of_reminders(post: Post, context: ComposeContext) -> Iterator[str]:
    for reminder in post.reminders:
        with suppress(ComposeError):  # reported when the reminder itself is composed
            yield compose_texts(Wording(post=make_reminder_post(post, reminder), context=context))[0]


def _language(post: Post, account: Account) -> str:
    # `Post.language` is the site's language if the post sets none.
    own = post.mastodon.language or (post.language if "language" in post.lines else None)
    return own or account.language or post.language


def _refuse_left_over(
    post: Post, wording: Wording, texts: tuple[str, ...], pictures: tuple[Picture, ...], poll: Poll | None
) -> None:
    own = "mastodon.text" if find_tags(post.mastodon.text or "") else ""
    _refuse_left_over_tags(post, "the toot", texts[0], field=own)
    _refuse_left_over_tags(post, "the content warning", wording.content_warning, field="mastodon.content_warning")
    for picture in pictures:
        _refuse_left_over_tags(post, "the picture's alt text", picture.alt)
    for option in poll.options if poll else ():
        _refuse_left_over_tags(post, "an option of the poll", option, field=_OPTIONS)
    for position, later in enumerate(texts[1:], start=2):
        _refuse_left_over_tags(post, f"toot {position} of the thread", later, field="mastodon.thread")


def _refuse_left_over_tags(post: Post, where: str, text: str, *, field: str = "") -> None:
    left_over = find_tags(text)
    if left_over:
        tag = " ".join(left_over[0].text.split())
        shown = tag if len(tag) <= _LONGEST_TAG else tag[:_LONGEST_TAG].rstrip() + ELLIPSIS
        raise ComposeError(
            f'{where} shows a left-over template tag, "{shown}"; the toot is held until the tag is resolved.',
            post=post.path,
            kind="template-tag",
            remedy="Write in the post what the tag stands for, or set mastodon.text.",
            field=field,
        )
