"""Post → Announcement: what a post says on Mastodon, within what the server accepts.

Pure: no clock, no disk, no network. Templates are read beforehand, facts about pictures while the post is read.
"""

from __future__ import annotations

from typing import Final

from bot.compose.count import status_length
from bot.compose.hashtags import make_hashtags
from bot.compose.links import holds_link
from bot.compose.pictures import chosen_pictures
from bot.compose.shorten import ELLIPSIS
from bot.compose.templates import Templates
from bot.compose.wording import Wording, tidy
from bot.config import Account, Release, Site
from bot.errors import ComposeError
from bot.model import Announcement, Limits, Post
from bot.posts.tags import find_tags

_LONGEST_TAG: Final = 60  # characters of a template tag, as an error shows it


def compose(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Announcement:
    """What a post says on one account.

    The text is `mastodon.text` as the person wrote it, else what the template gives; the link and the hashtags follow,
    unless they are in it. If that is too long, the excerpt is shortened, then the summary, then the title (or
    `mastodon.text`); link, hashtags and content warning always stay whole.

    Raises ComposeError: a broken template, a left-over template tag, nothing to say, no room for link and hashtags, and
    where the settings say so a picture that is missing or has no alt text.
    """
    wording = _wording(post, account, site, release, limits, templates)
    text = wording.text(wording.fitted())
    if text == wording.completed(""):
        raise ComposeError(
            f"{post.path}: the toot would have no words.",
            remedy="Give the post a title, set mastodon.text, or put words into its template.",
        )
    pictures = chosen_pictures(post, account=account, release=release, limits=limits)
    _refuse_left_over_tags(post, "the toot", text)
    _refuse_left_over_tags(post, "the content warning", wording.content_warning)
    for picture in pictures:
        _refuse_left_over_tags(post, "the picture's alt text", picture.alt)
    return Announcement(
        text=text,
        link=post.url if holds_link(text, post.url) else None,
        visibility=post.mastodon.visibility or account.visibility,
        language=post.mastodon.language or post.language,
        content_warning=wording.content_warning or None,
        pictures=pictures,
        length=status_length(text, wording.content_warning, limits=limits),
        limit=limits.characters,
    )


def shortened_parts(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> tuple[str, ...]:
    """Which of the post's words `compose` cuts or drops for want of room: "title", "excerpt", "mastodon.text", ...

    Raises ComposeError for a broken template, and for a text that cannot be made to fit.
    """
    return _wording(post, account, site, release, limits, templates).shortened()


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


def _refuse_left_over_tags(post: Post, where: str, text: str) -> None:
    left_over = find_tags(text)
    if left_over:
        tag = " ".join(left_over[0].text.split())
        shown = tag if len(tag) <= _LONGEST_TAG else tag[:_LONGEST_TAG].rstrip() + ELLIPSIS
        raise ComposeError(
            f'{post.path}: {where} shows a left-over template tag, "{shown}"; '
            "the toot is held until the tag is resolved.",
            remedy="Write in the post what the tag stands for, or set mastodon.text.",
        )
