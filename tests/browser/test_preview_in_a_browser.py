"""The page of `announce preview --html` in a real browser: light and dark, on a phone and wide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from bot.config import Config
from bot.domain.clock import ManualClock
from bot.operations.check import check_post
from bot.operations.preview import preview as preview_post
from bot.operations.site import find_post
from bot.report.page import preview_page

pytestmark = pytest.mark.needs("chromium")

ACCOUNT = '[accounts.main]\nserver = "https://social.example"\nacct = "@conf@social.example"\n'
POST = """---
title: "Averyveryverylongwordthatdoesnotendbeforethemarginofaphonethatisheldupright and more"
published_datetime: 2026-03-13 14:00-07:00
tags: tides, piers
cover: {url: /assets/wave.png, alt: "A wave, drawn with a brush"}
mastodon:
  content_warning: "Food"
  thread: ["Second, with @friend@social.example.org and #Tides: https://a-long-name.example.org/with/a/path/that/goes"]
---

This paragraph is long enough to be the excerpt of this post, and it is one sentence.

| a wide | table | with | many | columns | that | do | not | fit | on | a | phone |
|---|---|---|---|---|---|---|---|---|---|---|---|
| a wide | table | with | many | columns | that | do | not | fit | on | a | phone |

    a line of code that is much longer than any phone is wide, and must not make the page scroll sideways

> quoted

![far](https://far.example.org/x.png)
"""

# WCAG 2.2, 1.4.3: the contrast of each text with what is painted behind it, from the relative luminance of both.
CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const paint = parts(getComputedStyle(one).backgroundColor);
      if (paint.length < 4 || paint[3] === 1) return light(paint);
    }
    return 1;
  };
  const texts = [...document.body.querySelectorAll('*')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) && element.getClientRects().length);
  return texts.map((element) => {
    const ink = light(parts(getComputedStyle(element).color)), paper = behind(element);
    return [element.tagName + '.' + element.className, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}"""


def _page(config: Config, now: datetime) -> str:
    found = preview_post(config, find_post(config, "tide"), ManualClock(now))
    return preview_page(found, check_post(found.site, found.post, environ={}))


@pytest.fixture
def page(
    request: pytest.FixtureRequest, browser: Browser, site_config: Callable[..., Config], tmp_path: Path
) -> Iterator[Page]:
    """Light and on a phone, or in the colour scheme and at the width that the test is parametrized with."""
    variant: Any = getattr(request, "param", ("light", 390))
    scheme, width = variant
    config = site_config(accounts=ACCOUNT)
    for name in ("posts", "assets"):
        (tmp_path / name).mkdir()
    Image.new("RGB", (900, 600), "teal").save(tmp_path / "assets/wave.png")
    (tmp_path / "posts/tide.md").write_text(POST, encoding="utf-8")
    now = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    html = _page(config, now)
    file = tmp_path / "preview.html"
    file.write_text(html, encoding="utf-8")
    opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    said: list[str] = []
    opened.on("request", lambda sent: asked.append(sent.url))
    opened.on("console", lambda message: said.append(message.text))
    opened.goto(file.as_uri())
    yield opened
    opened.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == [], "the page breaks none of its own rules"


def evaluated(page: Page, script: str) -> Any:
    return page.evaluate(script)


@pytest.mark.parametrize("page", [("light", 390), ("dark", 1000)], indirect=True, ids=["light", "dark"])
def test_every_text_can_be_read(page: Page) -> None:
    contrasts = evaluated(page, CONTRASTS)
    assert len(contrasts) > 30
    assert [one for one in contrasts if one[1] < 4.5] == []


@pytest.mark.parametrize("page", [("light", 320), ("light", 390), ("dark", 1000)], indirect=True, ids=[320, 390, 1000])
def test_it_never_scrolls_sideways(page: Page) -> None:
    assert evaluated(page, "document.documentElement.scrollWidth <= innerWidth")


def test_the_pictures_are_there(page: Page) -> None:
    assert evaluated(page, "[...document.images].map((one) => [one.complete, one.naturalWidth > 0])") == [
        [True, True],
        [True, True],
    ]
    assert page.get_by_role("img", name="A wave, drawn with a brush").count() == 2


def test_headings_form_an_outline_and_parts_have_names(page: Page) -> None:
    levels = evaluated(page, "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((one) => +one.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.get_by_role("article", name="Toot 2 of 2 on conf@social.example").is_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_text("Second, with").is_visible()
