"""Which pictures a toot shows: the list, else the cover, as many as the server takes, and what the settings ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.compose import ComposeContext, Templates
from bot.compose.pictures import choose_pictures, pictures_of, problems_of
from bot.config import Account, Release, Site
from bot.domain import Limits, MastodonOptions, Picture, Post
from bot.domain.errors import ComposeError

MakePost = Callable[..., Post]


def picture(name: str, **facts: Any) -> Picture:
    return Picture(**{"url": f"https://conf.example/{name}", "path": Path(name), "alt": f"It is {name}.", **facts})


MASTODON = Limits()
COVER = picture("cover")
A, B, C = (picture(name) for name in "abc")
GONE = picture("gone", path=None, problem="there is no file gone")
FAR = picture("far", path=None, remote=True)
PLAIN_HTTP = picture("http", path=None)


def chosen(
    post: Post,
    *,
    limits: Limits = MASTODON,
    link_card: bool = False,
    **release: Any,
) -> tuple[Picture, ...]:
    account = Account(server="http://127.0.0.1:3000", link_card=link_card)
    site = Site(title="Conf", url="https://conf.example.org", timezone="UTC")
    context = ComposeContext(
        account=account, site=site, release=Release(**release), limits=limits, templates=Templates()
    )
    return choose_pictures(post, context)


def with_media(make_post: MakePost, *media: Picture, **options: Any) -> Post:
    return make_post(cover=COVER, mastodon=MastodonOptions(media=media, **options))


@pytest.mark.parametrize(
    ("options", "account_card", "shown"),
    [
        (MastodonOptions(), False, (COVER,)),
        (MastodonOptions(media=(A, B)), False, (A, B)),
        (MastodonOptions(media=()), False, ()),
        (MastodonOptions(link_card=True), False, ()),
        (MastodonOptions(link_card=True, media=(A,)), False, ()),
        (MastodonOptions(), True, ()),
        (MastodonOptions(media=(A,)), True, ()),
        (MastodonOptions(link_card=False), True, (COVER,)),
    ],
)
def test_the_list_or_the_cover_or_a_link_card(
    make_post: MakePost, options: MastodonOptions, account_card: bool, shown: tuple[Picture, ...]
) -> None:
    assert chosen(make_post(cover=COVER, mastodon=options), link_card=account_card) == shown


def test_without_an_account_only_the_post_decides(make_post: MakePost) -> None:
    assert pictures_of(make_post(cover=COVER)) == (COVER,)


@pytest.mark.parametrize(("most", "shown"), [(0, ()), (1, (A,)), (2, (A, B)), (4, (A, B, C))])
def test_as_many_as_the_server_takes(make_post: MakePost, most: int, shown: tuple[Picture, ...]) -> None:
    assert chosen(with_media(make_post, A, B, C), limits=Limits(pictures=most)) == shown


def test_a_picture_of_another_host_is_shown(make_post: MakePost) -> None:
    assert chosen(with_media(make_post, FAR, A)) == (FAR, A)
    assert chosen(make_post(cover=FAR)) == (FAR,)


@pytest.mark.parametrize("unusable", [GONE, PLAIN_HTTP, replace(FAR, problem="it is odd"), replace(A, problem="odd")])
class TestAPictureThatCannotBeUsed:
    def test_is_left_out_and_makes_room_for_the_next(self, make_post: MakePost, unusable: Picture) -> None:
        post = with_media(make_post, unusable, A, B)
        assert chosen(post, limits=Limits(pictures=2)) == (A, B)
        assert len(list(problems_of(post))) == 1

    def test_holds_the_toot_where_the_settings_say_so(self, make_post: MakePost, unusable: Picture) -> None:
        with pytest.raises(
            ComposeError, match=r"posts/tickets\.md: a picture cannot be used, .*if_no_picture"
        ) as caught:
            chosen(with_media(make_post, A, unusable), if_no_picture="hold")
        assert caught.value.remedy

    def test_does_not_matter_where_none_is_shown(self, make_post: MakePost, unusable: Picture) -> None:
        post = with_media(make_post, unusable, link_card=True)
        assert chosen(post, if_no_picture="hold") == ()
        assert chosen(make_post(cover=unusable), limits=Limits(pictures=0), if_no_picture="hold") == ()
        assert list(problems_of(post)) == []


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_missing_alt_text_is_never_made_up(make_post: MakePost, alt: str) -> None:
    (shown,) = chosen(make_post(cover=replace(COVER, alt=alt), title="A title"))
    assert shown.alt == ""


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_missing_alt_text_holds_the_toot_where_the_settings_say_so(make_post: MakePost, alt: str) -> None:
    bare = replace(A, alt=alt)
    with pytest.raises(ComposeError, match=r"tickets\.md: picture 2 of 2 has no alt text.*require_alt") as caught:
        chosen(with_media(make_post, B, bare), require_alt=True)
    assert "alt:" in caught.value.remedy
    with pytest.raises(ComposeError, match="the picture has no alt text"):
        chosen(make_post(cover=bare), require_alt=True)
    assert chosen(with_media(make_post, B, C), require_alt=True) == (B, C)


def test_an_alt_text_of_a_picture_that_is_not_shown_is_not_asked_for(make_post: MakePost) -> None:
    post = with_media(make_post, A, replace(B, alt=""))
    assert chosen(post, require_alt=True, limits=Limits(pictures=1)) == (A,)


def test_a_long_alt_text_is_shortened_to_what_the_server_takes(make_post: MakePost) -> None:
    (shown,) = chosen(make_post(cover=replace(COVER, alt="word " * 8)), limits=Limits(description=26))
    assert shown.alt == "word word word word word…"
