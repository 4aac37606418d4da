"""Choose the pictures of a toot, and explain why a picture cannot be used. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.compose.context import ComposeContext
from bot.compose.shorten import shorten
from bot.compose.wording import tidy
from bot.config import Account
from bot.domain import Picture, Post
from bot.domain.errors import ComposeError, PictureUnusableError


def pictures_of(post: Post, account: Account | None = None) -> tuple[Picture, ...]:
    """The pictures that the author wants: `mastodon.media`, else the cover; none if the toot has a link card.

    Without an account, only the post decides about the link card.
    """
    link_card = post.mastodon.link_card
    if link_card is None:
        link_card = account is not None and account.link_card
    if link_card:
        return ()
    if post.mastodon.media is not None:
        return post.mastodon.media
    return () if post.cover is None else (post.cover,)


def problem_of(picture: Picture) -> str:
    """Why a picture cannot be used, as far as is known without fetching it; empty if it can."""
    if picture.problem or picture.path is not None or picture.remote:
        return picture.problem
    return f"{picture.url} is not fetched: it is not https"


def problems_of(post: Post) -> Iterator[str]:
    """The problems of the toot's pictures, without duplicates."""
    return iter(dict.fromkeys(filter(None, map(problem_of, pictures_of(post)))))


def choose_pictures(post: Post, context: ComposeContext) -> tuple[Picture, ...]:
    """The usable pictures of the toot, up to the server's maximum, with alt texts within its limit.

    Raises ComposeError if the settings hold the toot for an unusable picture or a missing alt text.
    """
    limits, release = context.limits, context.release
    if limits.pictures < 1:
        return ()
    wanted = pictures_of(post, context.account)
    unusable = next((picture for picture in wanted if problem_of(picture)), None)
    if unusable is not None and release.if_no_picture == "hold":
        problem = problem_of(unusable)
        raise PictureUnusableError(
            f'a picture cannot be used, {problem}; the toot is held (`if_no_picture = "hold"`).',
            post=post.path,
            url=unusable.url,
            remedy="Mend the picture, or take it out of the post.",
        )
    shown = [picture for picture in wanted if not problem_of(picture)][: limits.pictures]
    if release.require_alt:
        _refuse_missing_alt(post, shown)
    if not context.capabilities.alt_texts:
        if shown and release.require_alt:
            raise ComposeError(
                "the account's network shows no alt text; the toot is held (`require_alt = true`).",
                post=post.path,
                kind="alt-unseen",
                remedy="Keep the post from this account with mastodon.skip, or set link_card = true for the account.",
            )
        return tuple(replace(one, alt="") for one in shown)
    # Counted in code points: a server never counts more than that.
    return tuple(replace(one, alt=shorten(tidy(one.alt), limits.description, measure=len)) for one in shown)


def _refuse_missing_alt(post: Post, pictures: list[Picture]) -> None:
    for number, picture in enumerate(pictures, start=1):
        if not tidy(picture.alt):
            which = "the picture" if len(pictures) == 1 else f"picture {number} of {len(pictures)}"
            raise ComposeError(
                f"{which} has no alt text; the toot is held (`require_alt = true`).",
                post=post.path,
                kind="alt-missing",
                remedy="Write in `alt:` what the picture shows, for those who cannot see it.",
            )
