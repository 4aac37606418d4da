"""What `check` says of a post's pictures on an account's server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.check.pictures import check_pictures
from bot.config import Account
from bot.domain import Finding, Limits, MastodonOptions, Picture, Post, Severity

MakePost = Callable[..., Post]

ACCOUNT = Account(server="http://127.0.0.1:3000")
LINES = {"cover": 3, "mastodon": 5, "mastodon.media": 6, "mastodon.media[0]": 7, "mastodon.link_card": 9}


def picture(**facts: Any) -> Picture:
    return Picture(**{"url": "https://conf.example/a.png", "path": Path("a.png"), "alt": "A heron.", **facts})


def findings(post: Post, **limits: Any) -> list[Finding]:
    return list(check_pictures(post, account=ACCOUNT, limits=Limits(**limits)))


def test_good_pictures_have_no_findings(make_post: MakePost) -> None:
    media = (picture(), picture(path=None, remote=True), picture(media_type="image/gif", width=1280, height=720))
    assert findings(make_post(cover=picture(), mastodon=MastodonOptions(media=media))) == []


@pytest.mark.parametrize(
    ("changes", "limits", "rule", "field", "line"),
    [
        (
            {"mastodon": MastodonOptions(media=(picture(),) * 3)},
            {"pictures": 2},
            "too-many-pictures",
            "mastodon.media",
            6,
        ),
        ({"cover": picture(alt="x" * 11)}, {"description": 10}, "alt-shortened", "cover", 3),
        (
            {"mastodon": MastodonOptions(media=(picture(alt="x" * 11),))},
            {"description": 10},
            "alt-shortened",
            "mastodon.media[0]",
            7,
        ),
        (
            {"mastodon": MastodonOptions(media=(picture(), picture(alt="x" * 11)))},
            {"description": 10},
            "alt-shortened",
            "mastodon.media[1]",
            6,
        ),
        (
            {"cover": picture(media_type="image/gif", width=1281, height=720)},
            {},
            "animation-stopped",
            "cover",
            3,
        ),
        (
            {"mastodon": MastodonOptions(media=(picture(),), link_card=True)},
            {},
            "picture-unseen",
            "mastodon.link_card",
            9,
        ),
    ],
)
def test_what_is_worth_knowing(
    make_post: MakePost, changes: dict[str, Any], limits: dict[str, int], rule: str, field: str, line: int
) -> None:
    (finding,) = findings(make_post(lines=LINES, **changes), **limits)
    assert (finding.rule, finding.field, finding.line) == (rule, field, line)
    assert finding.remedy
    assert finding.severity is (Severity.NOTE if rule == "animation-stopped" else Severity.WARNING)


def test_a_picture_that_cannot_be_used_counts_for_nothing(make_post: MakePost) -> None:
    broken = picture(path=None, problem="there is no file", alt="x" * 2000)
    post = make_post(mastodon=MastodonOptions(media=(picture(), broken)))
    assert findings(post, pictures=1) == []
