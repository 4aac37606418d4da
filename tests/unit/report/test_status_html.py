"""The HTML of a toot on the preview page: as Mastodon writes it, and safe whatever the text holds."""

from __future__ import annotations

import pytest

from bot.report.status_html import status_html
from bot.sandbox.markup import format_content
from bot.sandbox.profiles import PROFILES
from bot.sandbox.text import Entity, Mention, find_entities

SERVER = "https://social.example"
LONG = "https://www.example.org/news/a-title-longer-than-thirty-characters/"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\n\n\ntwo\nthree", "<p>one</p><p>two<br />three</p>"),
        (" \n ", ""),
        ("<b>\"&'", "<p>&lt;b&gt;&quot;&amp;&#x27;</p>"),
        (
            "#Grüße",
            '<p><a href="https://social.example/tags/Gr%C3%BC%C3%9Fe" class="mention hashtag" rel="tag">'
            "#<span>Grüße</span></a></p>",
        ),
        (
            "@here",
            '<p><span class="h-card" translate="no"><a href="https://social.example/@here" class="u-url mention">'
            "@<span>here</span></a></span></p>",
        ),
        (
            "@far@other.example",
            '<p><span class="h-card" translate="no"><a href="https://other.example/@far" class="u-url mention">'
            "@<span>far</span></a></span></p>",
        ),
    ],
)
def test_a_text_becomes_the_html_that_mastodon_writes(text: str, html: str) -> None:
    assert status_html(text, server=SERVER) == html


def test_a_link_shows_thirty_characters_of_its_address() -> None:
    html = status_html(LONG, server=SERVER)
    assert '<span class="invisible">https://www.</span>' in html
    assert '<span class="ellipsis">example.org/news/a-title-longe</span>' in html
    assert '<span class="invisible">r-than-thirty-characters/</span>' in html


def test_what_stands_inside_a_link_is_no_hashtag_and_no_mention() -> None:
    html = status_html("https://example.org/@tide/#top", server=SERVER)
    assert html.count("<a ") == 1


@pytest.mark.parametrize(
    "text",
    [
        f"News: {LONG}\n\n#PyCon #3 c# #a1 mail@conf.example <i>",
        "@one@two.example, @three. (https://example.org/a_(b)) ＃wide #tag#tag",
        "no links, just words & signs",
        "https://example.org/?a=1&b=2#part @x@y.example\r\nnext line",
    ],
)
def test_preview_and_sandbox_agree_although_they_share_no_renderer(text: str) -> None:
    def resolve(entity: Entity) -> Mention:
        host = entity.domain or "social.example"
        return Mention(id="", username=entity.name, acct=entity.name, url=f"https://{host}/@{entity.name}")

    entities = find_entities(text, PROFILES["mastodon-4.6"])
    assert status_html(text, server=SERVER) == format_content(text, entities, resolve=resolve, base=SERVER)
