"""The page for people: what it shows, and that everybody can read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from lxml import etree

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds.build import render_feeds
from tests.support.digests import both

SITE = Site(title="Heron & Bridge", url="https://heronbridge.example", timezone="America/Halifax")
MOMENT = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)
TYPES = ["application/rss+xml", "application/atom+xml", "application/feed+json"]


def entry(slug: str, *, days: int = 0, **changes: Any) -> Entry:
    url = f"https://heronbridge.example/news/{slug}/"
    when = MOMENT + timedelta(days=days)
    plain = Entry(
        post_id=url,
        slug=slug,
        url=url,
        title=slug,
        published=when,
        updated=when,
        released_at=when,
        language="en",
        summary=f"About {slug}.",
        digests=both(slug),
    )
    return replace(plain, **changes)


def page(*entries: Entry, site: Site = SITE, **settings: Any) -> str:
    return bytes(render_feeds(entries, site=site, feeds=Feeds(**settings)).files["news/feeds.html"]).decode()


def tree(*entries: Entry, **settings: Any) -> etree._Element:
    return etree.fromstring(page(*entries, **settings), etree.HTMLParser())


def text(element: etree._Element | None) -> str:
    assert element is not None
    return " ".join("".join(map(str, element.itertext())).split())


def test_it_links_each_feed_in_its_head_and_for_people() -> None:
    made = tree(entry("a"))
    head = made.findall("head/link[@rel='alternate']")
    assert [(link.get("type"), link.get("href")) for link in head] == [
        (TYPES[0], "https://heronbridge.example/news/rss.xml"),
        (TYPES[1], "https://heronbridge.example/news/atom.xml"),
        (TYPES[2], "https://heronbridge.example/news/feed.json"),
    ]
    assert len({link.get("title") for link in head}) == 3
    shown = {link.get("href") for link in made.findall(".//main//a")}
    assert {link.get("href") for link in head} <= shown


def test_it_links_the_feeds_of_categories_and_tags_each_by_its_name() -> None:
    made = tree(entry("a", category="Talks & tea", tags=("x",)), categories=True, tags=True)
    assert [text(heading) for heading in made.iter("h2")] == ["By category", "By tag", "Latest news"]
    links = {link.get("href"): link.get("aria-label") for link in made.findall(".//div[@class='row']/a")}
    assert len(links) == 6
    assert links["https://heronbridge.example/news/tag/x/atom.xml"] == "x, Atom"
    heads = made.findall("head/link[@rel='alternate']")
    assert len(heads) == 9 == len({link.get("title") for link in heads})
    assert "Heron & Bridge: Talks & tea (RSS)" in {link.get("title") for link in heads}


def test_it_shows_the_latest_news_with_the_day_at_the_site() -> None:
    made = tree(*(entry(f"n{number}", days=number) for number in range(12)))
    news = made.findall(".//main//li[@lang]")
    assert [text(item.find("h3")) for item in news] == [f"n{number}" for number in range(11, 1, -1)]
    last = news[-1]
    assert text(last.find("time")) == "2 March 2025", "02:00 UTC is still the evening before in Halifax"
    assert text(last.find("p")) == "About n2."
    assert last.find("h3/a").get("href") == "https://heronbridge.example/news/n2/"  # type: ignore[union-attr]


def test_without_news_it_says_so() -> None:
    assert "There is no news yet." in page()


def test_words_in_another_language_are_marked() -> None:
    made = tree(entry("a", language="de"))
    assert made.get("lang") == "en"
    assert [item.get("lang") for item in made.findall(".//main//li[@lang]")] == ["de"]


def test_the_pages_own_words_are_english_and_the_sites_in_its_language() -> None:
    danish = SITE.model_copy(update={"language": "da", "title": "Hejre", "description": "Nyt fra broen"})
    made = tree(entry("a", language="da", category="Nyt"), site=danish, categories=True, rights="Fri til brug")
    assert made.get("lang") == "en"
    marked = {text(node): node.get("lang") for node in made.iterfind("body//*") if node.get("lang")}
    assert {words: marked.get(words) for words in ("Hejre", "Nyt fra broen", "Nyt", "Fri til brug")} == {
        "Hejre": "da",
        "Nyt fra broen": "da",
        "Nyt": "da",
        "Fri til brug": "da",
    }
    made_up = danish.model_copy(update={"description": ""})
    words = tree(entry("a"), site=made_up).findall(".//main/p[@lang]")
    assert [(text(one), one.get("lang")) for one in words] == [("News from Hejre", "en")]


def test_hidden_posts_and_markup_in_titles_do_not_reach_it() -> None:
    shown = page(entry("a", title="<b>\"x\"</b> & 'y'", summary="</p><script>x</script>"), entry("s", hidden=True))
    assert "&lt;b&gt;&#34;x&#34;&lt;/b&gt; &amp; &#39;y&#39;" in shown
    assert "<script" not in shown
    assert "About s" not in shown
    assert page(entry("a"), entry("s", hidden=True)) == page(entry("a"))


def test_it_asks_nothing_of_anybody() -> None:
    """No script, no picture, no font, no style sheet from elsewhere."""
    made = tree(entry("a"))
    for name in ("script", "img", "iframe", "object", "form"):
        assert not list(made.iter(name))
    assert {link.get("rel") for link in made.iter("link")} == {"alternate"}
    assert "url(" not in page()
    assert "@import" not in page()


@pytest.mark.parametrize("settings", [{}, {"categories": True, "tags": True, "rights": "© us"}], ids=["plain", "all"])
def test_it_has_landmarks_headings_in_order_and_names_for_all_links(settings: dict[str, Any]) -> None:
    made = tree(entry("a", category="c", tags=("t",)), **settings)
    landmarks = ["header", "main", "footer"] if settings else ["header", "main"]
    assert [child.tag for child in made.findall("body/*")] == landmarks
    levels = [int(str(heading.tag)[1]) for heading in made.iter("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - before <= 1 for before, later in pairwise(levels))
    assert all(text(link) for link in made.iter("a"))
    assert made.get("lang") == "en"
    assert text(made.find("head/title")) == "News feeds of Heron & Bridge"
    assert made.find("head/meta[@name='viewport']").get("content") == "width=device-width, initial-scale=1"  # type: ignore[union-attr]
