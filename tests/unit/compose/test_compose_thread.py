"""The toots that follow the first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.compose import ComposeContext, Templates, compose, shortened_parts, status_length
from bot.compose.hashtags import find_hashtags
from bot.compose.links import find_links
from bot.compose.mentions import WORD_JOINER
from bot.config import Account, Release, Site
from bot.domain import Announcement, Limits, MastodonOptions, Picture, Poll, Post, QuotePolicy, Visibility
from bot.domain.errors import ComposeError
from tests.support.digests import both

URL = "https://conf.example.org/news/x/"
POST = Post(
    path=Path("posts/x.md"),
    slug="x",
    url=URL,
    title="Title",
    excerpt="The excerpt.",
    language="en",
    digests=both("d"),
    paragraphs=("Hello!", "The excerpt.", "More of it.", "The end."),
    unsaid=("More of it.", "The end."),
)
FIRST = f"Title\n\nThe excerpt.\n\n{URL}"


def context(limits: Limits) -> ComposeContext:
    return ComposeContext(
        account=Account(server="http://127.0.0.1:3000"),
        site=Site(title="Conf", url="https://conf.example.org", timezone="UTC"),
        release=Release(),
        limits=limits,
        templates=Templates(),
    )


def composed(options: MastodonOptions, *, characters: int = 500, **fields: Any) -> Announcement:
    limits = Limits(characters=characters, quote_policy=True)
    return compose(replace(POST, mastodon=options, **fields), context(limits))


def texts(options: MastodonOptions, *, characters: int = 500, **fields: Any) -> list[str]:
    toot = composed(options, characters=characters, **fields)
    return [toot.text, *(part.text for part in toot.thread)]


AUTO = MastodonOptions(thread_auto=True)


def test_without_a_thread_nothing_follows() -> None:
    assert texts(MastodonOptions()) == [FIRST]


@pytest.mark.parametrize(
    ("options", "fields", "expected"),
    [
        pytest.param(MastodonOptions(thread=("Two.", "Three.")), {}, [FIRST, "Two.", "Three."], id="a list"),
        pytest.param(
            MastodonOptions(text="One.", thread=("Two.",)), {}, [f"One.\n\n{URL}", "Two."], id="after own words"
        ),
        pytest.param(
            MastodonOptions(thread=(" Two \r\n\n\n\nwith @ana #Tag ",)),
            {"hashtags": ("Tag",)},
            [f"{FIRST}\n\n#Tag", "Two\n\nwith @ana #Tag"],
            id="a person's words stand",
        ),
        pytest.param(AUTO, {}, [FIRST, "More of it.\n\nThe end."], id="the rest of the post"),
        pytest.param(AUTO, {"unsaid": ()}, [FIRST], id="nothing more to say"),
        pytest.param(
            AUTO,
            {"unsaid": POST.paragraphs},
            [FIRST, "Hello!\n\nThe excerpt.\n\nMore of it.\n\nThe end."],
            id="a summary",
        ),
        pytest.param(
            AUTO,
            {"unsaid": ("By @ana.",), "hashtags": ("Tag",)},
            [f"{FIRST}\n\n#Tag", f"By @{WORD_JOINER}ana."],
            id="nobody named in a post is notified",
        ),
        pytest.param(
            MastodonOptions(text="Own words.", thread_auto=True), {}, [f"Own words.\n\n{URL}"], id="own words that fit"
        ),
        pytest.param(
            MastodonOptions(text="", thread=("Two.", "Three."), numbered=True),
            {},
            [f"{FIRST}\n\n1/3", "Two.\n\n2/3", "Three.\n\n3/3"],
            id="numbered",
        ),
        pytest.param(MastodonOptions(thread_auto=True, numbered=True, text="One."), {}, [f"One.\n\n{URL}"], id="one"),
        pytest.param(
            MastodonOptions(thread=("Same.", "Same."), numbered=True),
            {},
            [f"{FIRST}\n\n1/3", "Same.\n\n2/3", "Same.\n\n3/3"],
            id="numbers tell the same words apart",
        ),
    ],
)
def test_what_follows(options: MastodonOptions, fields: dict[str, Any], expected: list[str]) -> None:
    assert texts(options, **fields) == expected


def test_an_excerpt_that_was_cut_is_said_in_full_afterwards() -> None:
    excerpt = "word " * 30 + "end."
    found = texts(AUTO, characters=100, excerpt=excerpt, paragraphs=(excerpt, "More."), unsaid=("More.",))
    assert "…" in found[0]
    assert "".join(found[1:]).count("end.") == 1
    assert "".join(found[1:]).count("word") == 30


def test_own_words_are_split_and_not_shortened() -> None:
    words = "One sentence of some words. " * 12
    options = MastodonOptions(text=words, thread_auto=True)
    found = texts(options, characters=150, hashtags=("Tag",))
    assert found[0].endswith(f"\n\n{URL}\n\n#Tag")
    assert "".join(found).count("One sentence of some words.") == 12
    assert not any(URL in text or "#Tag" in text for text in found[1:])
    post = replace(POST, mastodon=options)
    assert tuple(shortened_parts(post, context(Limits(characters=150)))) == ()


def test_a_text_of_the_list_that_is_too_long_goes_on_in_another_toot() -> None:
    found = texts(MastodonOptions(thread=("First half. " * 8 + "\n\n" + "Second half. " * 8,)), characters=130)
    assert found == [FIRST, ("First half. " * 8).strip(), ("Second half. " * 8).strip()]


def test_every_toot_has_what_the_first_has_and_pictures_and_poll_only_the_first() -> None:
    options = MastodonOptions(
        thread=(f"Again: {URL}", "Three."),
        visibility=Visibility.UNLISTED,
        content_warning="food",
        sensitive=True,
        language="fr",
        quote_policy=QuotePolicy.NOBODY,
    )
    cover = Picture(url="https://conf.example.org/a.png", path=Path("a.png"), alt="A.")
    toot = composed(options, cover=cover)
    shared = [
        (part.visibility, part.content_warning, part.sensitive, part.language, part.quote_policy, part.limit)
        for part in (toot, *toot.thread)
    ]
    assert shared == [(Visibility.UNLISTED, "food", True, "fr", QuotePolicy.NOBODY, 500)] * 3
    assert [len(part.pictures) for part in (toot, *toot.thread)] == [1, 0, 0]
    assert [part.link for part in (toot, *toot.thread)] == [URL, URL, None]
    assert [part.length for part in (toot, *toot.thread)] == [
        status_length(part.text, "food", limits=Limits()) for part in (toot, *toot.thread)
    ]
    polled = composed(replace(options, poll=Poll(options=("a", "b"), expires_in=timedelta(days=1))), cover=cover)
    assert [part.poll is None for part in (polled, *polled.thread)] == [False, True, True]


@pytest.mark.parametrize(
    ("options", "fields", "says"),
    [
        (MastodonOptions(thread=("Same.", "x", "Same.")), {}, "toots 2 and 4 of the thread say the same"),
        (MastodonOptions(text="a", thread=("a",)), {"link": False}, "toots 1 and 2 of the thread say the same"),
        (MastodonOptions(thread=("word " * 3000,)), {}, "the thread would have more than 20 toots"),
        (AUTO, {"unsaid": ("word " * 3000,)}, "the thread would have more than 20 toots"),
        (
            MastodonOptions(thread=("See {{ link }}",)),
            {},
            'toot 2 of the thread shows a left-over template tag, "{{ li',
        ),
        (MastodonOptions(thread=("https://127.0.0.1/" + "x" * 600,)), {}, "no toot of 500 characters has room for"),
        (MastodonOptions(text="a", content_warning="w" * 480, thread_auto=True), {}, "no toot of 500 characters has"),
    ],
)
def test_what_cannot_be_a_thread_is_said_with_its_remedy(
    options: MastodonOptions, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(ComposeError) as caught:
        composed(options, **fields)
    assert caught.value.message.startswith(f"posts/x.md: {says}")
    assert caught.value.remedy


def test_twenty_toots_are_allowed_and_their_numbers_have_room() -> None:
    paragraphs = tuple(f"{number:02}" + "x" * 88 + "." for number in range(19))
    options = MastodonOptions(thread_auto=True, numbered=True)
    toot = composed(options, characters=100, unsaid=paragraphs)
    assert len(toot.thread) == 19
    assert toot.thread[-1].text.endswith(".\n\n20/20")
    assert max(part.length for part in toot.thread) == 98


BLOCKS = st.lists(
    st.sampled_from(
        ["A sentence of words. " * 9, "• one\n• two", "“Said.”", "See us (https://example.org/a).", "@bo", "日本" * 90]
    ),
    max_size=12,
)


@given(blocks=BLOCKS, own=st.none() | BLOCKS.map("\n\n".join), room=st.integers(120, 500), numbered=st.booleans())
def test_every_toot_fits_and_the_link_is_whole(blocks: list[str], own: str | None, room: int, numbered: bool) -> None:
    options = MastodonOptions(text=own, thread_auto=True, numbered=numbered, content_warning="cw")
    fields: dict[str, Any] = {"paragraphs": tuple(blocks), "unsaid": tuple(blocks), "hashtags": ("Tag",)}
    try:
        toot = composed(options, characters=room, **fields)
    except ComposeError as error:
        refused = error.message
    else:
        refused = ""
    if refused:
        assert "20 toots" in refused or ("say the same" in refused and not numbered)
        return
    for part in (toot, *toot.thread):
        assert part.length == status_length(part.text, "cw", limits=Limits()) <= room
    assert URL in [toot.text[span.start : span.end] for span in find_links(toot.text)]
    assert [find_hashtags(part.text) for part in (toot, *toot.thread)] == [("#Tag",), *([()] * len(toot.thread))]
    said = [part.text for part in (toot, *toot.thread)]
    assert len(set(said)) == len(said)
