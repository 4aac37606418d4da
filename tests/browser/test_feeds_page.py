"""The page about the feeds in a real browser: light and dark, narrow and wide, by eye and by keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds.build import render_feeds
from tests.support.digests import both

pytestmark = pytest.mark.needs("chromium")

SITE = Site(title="Neapline 2027", url="https://2027.neapline.example.org", timezone="America/Halifax")
FEEDS = Feeds(categories=True, tags=True, rights="© 2027 Neapline, CC BY 4.0")
MOMENT = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)

# WCAG 2.2, 1.4.3: the contrast of two colours, from the relative luminance of each.
CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('h1, h2, h3, p, a, time, code, small, li')].map((element) => {
    const ink = light(getComputedStyle(element).color);
    return [element.tagName, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}"""

FOCUSED = "[document.activeElement.href, getComputedStyle(document.activeElement).outlineStyle]"


def entry(number: int) -> Entry:
    url = f"{SITE.url}/news/n{number}/"
    when = MOMENT + timedelta(days=number)
    return Entry(
        post_id=url,
        slug=f"n{number}",
        url=url,
        title=f"Tide tables, part {number}" if number else "Averyveryverylongwordthatdoesnotendbeforethemargin" * 2,
        category=("Programme", "Tickets")[number % 2],
        tags=("tides", "volunteering", "local area")[: number % 4],
        published=when,
        updated=when,
        released_at=when,
        language="en",
        summary="The keeper of the gauge at pier four tells how the readings of a whole coast are drawn.",
        digests=both(str(number)),
    )


#: A test of colours needs both schemes, one of sizes both widths.
BOTH_SCHEMES = pytest.mark.parametrize("page", [("light", 1000), ("dark", 320)], indirect=True, ids=["light", "dark"])
BOTH_WIDTHS = pytest.mark.parametrize("page", [("light", 1000), ("light", 320)], indirect=True, ids=[1000, 320])


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """The page in a colour scheme and at a width; it fails the test if it asks for anything."""
    scheme, width = request.param
    made = render_feeds([entry(number) for number in range(6)], site=SITE, feeds=FEEDS)
    path = tmp_path / "feeds.html"
    path.write_bytes(bytes(made.files["news/feeds.html"]))
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("request", lambda asked: wrong.append(asked.url) if asked.url != path.as_uri() else None)
    opened.goto(path.as_uri())
    yield opened
    pictures = os.environ.get("SCREENSHOTS")
    if pictures:
        opened.screenshot(path=f"{pictures}/feeds-{scheme}-{width}.png", full_page=True)
    context.close()
    assert wrong == []


@BOTH_SCHEMES
def test_all_words_can_be_told_from_the_paper(page: Page) -> None:
    contrasts: list[list[Any]] = page.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    assert [found for found in contrasts if found[1] < 4.5] == []


@BOTH_WIDTHS
def test_nothing_runs_out_of_a_narrow_window(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@BOTH_SCHEMES
def test_the_colours_follow_the_reader(page: Page, request: pytest.FixtureRequest) -> None:
    red = int(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0]"))
    assert (red < 64) is ("dark" in request.node.name)


@BOTH_SCHEMES
def test_each_link_can_be_reached_and_seen_by_keyboard(page: Page) -> None:
    count = page.locator("a").count()
    outlines = []
    for _ in range(count):
        page.keyboard.press("Tab")
        outlines.append(
            page.evaluate("[document.activeElement.href, getComputedStyle(document.activeElement).outlineStyle]")
        )
    assert {outline for _, outline in outlines} == {"solid"}
    assert len({href for href, _ in outlines}) == len({link.get_attribute("href") for link in page.locator("a").all()})


@BOTH_WIDTHS
def test_links_are_large_enough_to_touch(page: Page) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels high, but for links within a sentence."""
    heights = page.evaluate(
        "[...document.querySelectorAll('.row a')].map((link) => link.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24
