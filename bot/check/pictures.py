"""What the account's server would make of a post's pictures: too many, alt texts too long, animations too large."""

from __future__ import annotations

from collections.abc import Iterator

from bot.compose.pictures import pictures_of, problem_of
from bot.config import Account
from bot.model import GIF_PIXELS, Finding, Limits, Picture, Post, Severity


def check_pictures(post: Post, *, account: Account, limits: Limits) -> Iterator[Finding]:
    """Findings about the pictures of the post's toot on one account."""
    if post.mastodon.link_card and post.mastodon.media:
        yield _finding(
            post,
            "mastodon.link_card",
            rule="picture-unseen",
            problem="asks for the page's card, so the pictures of `media` are not shown.",
            remedy="Keep one of the two.",
        )
    pictures = [picture for picture in pictures_of(post, account) if not problem_of(picture)]
    if len(pictures) > limits.pictures:
        yield _finding(
            post,
            "mastodon.media",
            rule="too-many-pictures",
            problem=f"holds {len(pictures)} pictures; the server takes {limits.pictures}, so the last are left out.",
            remedy="Choose the ones that matter most.",
        )
    for number, picture in enumerate(pictures[: limits.pictures]):
        field = f"mastodon.media[{number}]" if post.mastodon.media is not None else "cover"
        yield from _of_picture(post, picture, field, limits)


def _of_picture(post: Post, picture: Picture, field: str, limits: Limits) -> Iterator[Finding]:
    if len(picture.alt) > limits.description:
        yield _finding(
            post,
            field,
            rule="alt-shortened",
            problem=f"the alt text has {len(picture.alt)} characters; the server takes {limits.description}, "
            "so it is shortened.",
            remedy="Say the same in fewer words.",
        )
    pixels = (picture.width or 0) * (picture.height or 0)
    if picture.media_type == "image/gif" and pixels > min(GIF_PIXELS, limits.picture_pixels):
        yield _finding(
            post,
            field,
            rule="animation-stopped",
            problem=f"a GIF of {picture.width} x {picture.height} is too large to move; its first picture is shown.",
            remedy="If it is an animation, make it smaller: 1280 x 720 at most.",
            severity=Severity.NOTE,
        )


def _finding(
    post: Post, field: str, *, rule: str, problem: str, remedy: str, severity: Severity = Severity.WARNING
) -> Finding:
    line = post.lines.get(field) or post.lines.get("mastodon.media" if field.startswith("mastodon.media") else field)
    return Finding(rule=rule, severity=severity, path=post.path, line=line, field=field, problem=problem, remedy=remedy)
