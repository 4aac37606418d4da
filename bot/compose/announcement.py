"""Post → Announcement: what a post says on Mastodon, within what the server accepts.

Pure: no clock, no disk, no network. Templates are read beforehand, facts about pictures while the post is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from bot.compose.hashtags import make_hashtags
from bot.compose.length import graphemes
from bot.compose.links import holds_link
from bot.compose.pictures import chosen_pictures
from bot.compose.shorten import ELLIPSIS
from bot.compose.templates import Templates
from bot.compose.thread import is_split, texts_of
from bot.compose.wording import Wording, tidy
from bot.config import Account, Release, Site
from bot.domain import Announcement, Limits, Poll, Post, Reminder
from bot.domain.durations import format_duration
from bot.domain.errors import ComposeError
from bot.domain.template_tags import find_tags
from bot.posts.frontmatter.reminders import source_of


def as_reminder(post: Post, reminder: Reminder) -> Post:
    """The post with the reminder's words; to be composed like any other.

    One toot, with the post's pictures unless it is an answer; no thread, no poll. What reminds of a deadline is not
    sent once that has passed.
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


def poll_within(post: Post, limits: Limits) -> Poll | None:
    """The post's poll; None if it has none.

    Nothing of it is shortened: an answer must say what it says. Raises ComposeError where the server would refuse it
    (mastodon/mastodon app/validators/poll_options_validator.rb, poll_expiration_validator.rb).
    """
    poll = post.mastodon.poll
    if poll is None:
        return None
    if len(poll.options) > limits.poll_options:
        problem = f"the poll has {len(poll.options)} options; the server takes {limits.poll_options} at most."
        raise ComposeError(f"{post.path}: {problem}", remedy="Leave some out.", field=_OPTIONS)
    for option in poll.options:
        length = graphemes(option)
        if length > limits.poll_option:
            problem = f'the option "{option}" has {length} characters; the server takes {limits.poll_option} at most.'
            raise ComposeError(f"{post.path}: {problem}", remedy="Shorten it.", field=_OPTIONS)
    if not limits.poll_shortest <= poll.expires_in <= limits.poll_longest:
        shortest, longest = format_duration(limits.poll_shortest), format_duration(limits.poll_longest)
        problem = f"the poll is open for {format_duration(poll.expires_in)}; the server takes {shortest} to {longest}."
        raise ComposeError(
            f"{post.path}: {problem}", remedy="Write for example expires_in: 3d.", field=f"{_FIELD}.expires_in"
        )
    return poll


_LONGEST_TAG: Final = 60  # characters of a template tag, as an error shows it


def compose(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Announcement:
    """What a post says on one account.

    The text is `mastodon.text` as the person wrote it, else what the template gives; the link and the hashtags follow,
    unless they are in it. If that is too long, the excerpt is shortened, then the summary, then the title (or
    `mastodon.text`); link, hashtags and content warning always stay whole. What follows in a thread, see `texts_of`.

    Raises ComposeError: a broken template, a left-over template tag, nothing to say, no room for link and hashtags, a
    thread or poll that cannot be as it is, and where the settings say so a picture that is missing or has no alt text.
    """
    wording = _wording(post, account, site, release, limits, templates)
    text, *following = texts_of(wording)
    poll = poll_within(post, limits)
    beside_poll = poll is None or limits.poll_with_pictures
    has_pictures = beside_poll and not _goes_without_pictures(post, limits)
    pictures = chosen_pictures(post, account=account, release=release, limits=limits) if has_pictures else ()
    if limits.picture_needed and not pictures:
        raise ComposeError(
            f"{post.path}: the account's server ({limits.software}) takes no toot without a picture.",
            remedy="Give the post a cover or mastodon.media, or keep it from this account with mastodon.skip.",
        )
    own = "mastodon.text" if find_tags(post.mastodon.text or "") else ""
    _refuse_left_over_tags(post, "the toot", text, field=own)
    _refuse_left_over_tags(post, "the content warning", wording.content_warning, field="mastodon.content_warning")
    for picture in pictures:
        _refuse_left_over_tags(post, "the picture's alt text", picture.alt)
    for option in poll.options if poll else ():
        _refuse_left_over_tags(post, "an option of the poll", option, field="mastodon.poll.options")
    for position, later in enumerate(following, start=2):
        _refuse_left_over_tags(post, f"toot {position} of the thread", later, field="mastodon.thread")
    bare = Announcement(
        text="",
        link=None,
        visibility=post.mastodon.visibility or account.visibility,
        language=_language(post, account),
        content_warning=wording.content_warning or None,
        sensitive=account.sensitive if post.mastodon.sensitive is None else post.mastodon.sensitive,
        quote_policy=(post.mastodon.quote_policy or account.quote_policy) if limits.quote_policy else None,
        length=0,
        limit=limits.characters,
        answers=post.reminding is not None and post.reminding.reply,
        source=source_of(post.reminding) if post.reminding is not None else "",
    )

    def saying(text: str) -> Announcement:
        link = post.url if holds_link(text, post.url) else None
        return replace(bare, text=text, link=link, length=wording.length(text))

    # The rest of a thread that has begun is not kept back.
    first = replace(saying(text), pictures=pictures, poll=poll, expires=post.expires)
    reminders = tuple(_texts_of_reminders(post, account, site, release, limits, templates))
    return replace(first, thread=tuple(map(saying, following)), reminders=reminders)


def shortened_parts(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Mapping[str, str]:
    """Which of the post's words `compose` cuts or drops for want of room, and what is left of each.

    They are called "title", "excerpt", "mastodon.text", ... Raises ComposeError for a broken template, and for a text
    that cannot be made to fit.
    """
    wording = _wording(post, account, site, release, limits, templates)
    return {} if is_split(wording) else wording.shortened()


def split_texts(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> tuple[int, ...]:
    """Which texts of `mastodon.thread`, counted from 1, are too long for one toot and go on in another."""
    wording = _wording(post, account, site, release, limits, templates)
    return tuple(number for number, text in enumerate(post.mastodon.thread, start=1) if not wording.fits(tidy(text)))


def _wording(
    post: Post, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Wording:
    return Wording(
        post=post,
        site=site,
        limits=limits,
        templates=templates,
        hashtags=make_hashtags((*release.hashtags, *account.hashtags, *post.hashtags)),
        content_warning=tidy(post.mastodon.content_warning or ""),
    )


def _goes_without_pictures(post: Post, limits: Limits) -> bool:
    # Above an answer the post's picture stands already.
    return post.reminding is not None and post.reminding.reply and not limits.picture_needed


def _texts_of_reminders(
    post: Post, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Iterator[str]:
    for reminder in post.reminders:
        wording = _wording(as_reminder(post, reminder), account, site, release, limits, templates)
        with suppress(ComposeError):  # said where the reminder itself is composed
            yield texts_of(wording)[0]


def _language(post: Post, account: Account) -> str:
    # `Post.language` is the site's where the post names none.
    own = post.mastodon.language or (post.language if "language" in post.lines else None)
    return own or account.language or post.language


def _refuse_left_over_tags(post: Post, where: str, text: str, *, field: str = "") -> None:
    left_over = find_tags(text)
    if left_over:
        tag = " ".join(left_over[0].text.split())
        shown = tag if len(tag) <= _LONGEST_TAG else tag[:_LONGEST_TAG].rstrip() + ELLIPSIS
        raise ComposeError(
            f'{post.path}: {where} shows a left-over template tag, "{shown}"; '
            "the toot is held until the tag is resolved.",
            remedy="Write in the post what the tag stands for, or set mastodon.text.",
            field=field,
        )
