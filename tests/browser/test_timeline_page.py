"""The timeline page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from mastodon import Mastodon
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from bot.domain.clock import ManualClock
from bot.sandbox.context import TimelinePage
from tests.fakes.mastodon_server import FakeMastodon

pytestmark = pytest.mark.needs("chromium")

ALT = "Lanterns float over a dark fjord; a sign reads: FjordConf, keynote by Ada Example."


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 4, 15, 0, tzinfo=UTC))


@pytest.fixture
def server(clock: ManualClock) -> Iterator[FakeMastodon]:
    with FakeMastodon(clock=clock, timeline=TimelinePage(notice="The clock is pretended."), limited=False) as running:
        yield running


@pytest.fixture
def client(server: FakeMastodon) -> Iterator[Mastodon]:
    with requests.Session() as session:
        yield Mastodon(
            access_token="loopback-main",
            api_base_url=server.url,
            ratelimit_method="throw",
            request_timeout=5,
            session=session,
        )


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, server: FakeMastodon, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that fails the test if its console is not empty, or if it asks anything of another server."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": 720, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda asked: complaints.extend([] if _is_ours(asked.url, server.url) else [asked.url]))
    yield opened
    context.close()
    assert complaints == []


def _is_ours(url: str, server: str) -> bool:
    return url.startswith((server + "/", "data:"))


def picture() -> bytes:
    image = Image.new("RGB", (1200, 630), "#24305e")
    pen = ImageDraw.Draw(image)
    for x in range(0, 1200, 150):
        pen.ellipse((x, 120 + x % 400, x + 110, 230 + x % 400), fill="#f8b26a")
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def toots(client: Mastodon, clock: ManualClock) -> list[Any]:
    """A toot with link and picture, one with a content warning, an edited one with two pictures."""
    media = client.media_post(picture(), mime_type="image/png", description=ALT)
    first = client.status_post(
        "Our first keynote: Ada Example on quiet software.\n\nhttps://conf.example.org/news/keynote #FjordConf",
        media_ids=[media],
    )
    clock.advance(timedelta(hours=1))
    second = client.status_post("The answer was forty-two.", spoiler_text="Quiz spoiler", visibility="unlisted")
    pair = [client.media_post(picture(), mime_type="image/png", description=text) for text in ("Left", None)]
    third = client.status_post("Zwei Bilder", media_ids=pair, language="de")
    clock.advance(timedelta(minutes=5))
    kept = [client.generate_media_edit_attributes(item.id) for item in pair]
    client.status_update(third.id, "Zwei schöne Bilder", media_attributes=kept)
    return [first, second, third]


def test_the_timeline_shows_all_that_a_toot_has(
    page: Page, server: FakeMastodon, toots: list[Any], tmp_path: Path
) -> None:
    page.goto(server.url)
    expect(page.get_by_text("The clock is pretended.")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(3)
    newest = page.get_by_role("article").first
    expect(newest.locator(".words")).to_have_attribute("lang", "de")
    expect(newest.get_by_text("Edited Wed 4 Nov 2026, 16:05 UTC")).to_be_visible()
    expect(newest.get_by_text("No description")).to_be_visible()
    keynote = page.get_by_role("article").last
    expect(keynote.get_by_role("link", name="#FjordConf")).to_be_visible()
    expect(keynote.locator("a[href='https://conf.example.org/news/keynote']")).to_be_visible()
    expect(keynote.locator("header time")).to_have_attribute("title", "1 h 5 min ago")
    expect(keynote.get_by_role("img", name=ALT)).to_be_visible()
    shot = tmp_path / "timeline.png"
    page.screenshot(path=shot, full_page=True)
    with Image.open(shot) as taken:
        assert len(taken.convert("RGB").resize((90, 90)).getcolors(8100) or []) > 50


def test_a_description_is_shown_at_a_click_on_its_badge(page: Page, server: FakeMastodon, toots: list[Any]) -> None:
    page.goto(server.url)
    caption = page.get_by_text(ALT)
    expect(caption).to_be_hidden()
    badge = page.get_by_role("article").last.get_by_text("ALT", exact=True)
    badge.click()
    expect(caption).to_be_visible()
    image = page.get_by_role("img", name=ALT).bounding_box()
    shown = caption.bounding_box()
    assert image is not None
    assert shown is not None
    assert image["y"] <= shown["y"]
    assert shown["y"] + shown["height"] <= image["y"] + image["height"]
    badge.click()
    expect(caption).to_be_hidden()


def test_a_content_warning_hides_the_words_until_it_is_opened(
    page: Page, server: FakeMastodon, toots: list[Any]
) -> None:
    page.goto(server.url)
    words = page.get_by_text("The answer was forty-two.")
    expect(words).to_be_hidden()
    page.get_by_text("Quiz spoiler").focus()
    page.locator(".warning summary").press("Enter")
    expect(words).to_be_visible()


def test_new_toots_come_in_by_themselves_and_disturb_nothing(
    page: Page, server: FakeMastodon, client: Mastodon, toots: list[Any], clock: ManualClock
) -> None:
    page.goto(server.url)
    page.get_by_text("Quiz spoiler").click()
    page.locator(".warning summary").focus()
    words = page.get_by_text("The answer was forty-two.")
    page.evaluate("scrollTo(0, 300)")
    before = words.bounding_box()
    clock.advance(timedelta(minutes=1))
    client.status_post("Fresh from the press")
    expect(page.get_by_role("article")).to_have_count(4, timeout=10_000)
    expect(page.get_by_role("article").first).to_contain_text("Fresh from the press")
    expect(page.get_by_role("status")).to_have_text("One new toot")
    expect(page.locator("#clock")).to_contain_text("16:06 UTC")
    expect(words).to_be_visible()
    after = words.bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == pytest.approx(before["y"], abs=0.6)
    assert page.evaluate("document.activeElement.closest('.warning') !== null")
    client.status_delete(toots[2].id)
    client.status_update(toots[0].id, "Our first keynote is off.")
    expect(page.get_by_role("article")).to_have_count(3, timeout=10_000)
    expect(page.get_by_role("article").last).to_contain_text("is off.")
    expect(words).to_be_visible()


def test_the_first_toot_takes_the_place_of_the_empty_page(page: Page, server: FakeMastodon, client: Mastodon) -> None:
    page.goto(server.url)
    expect(page.get_by_text("No toots yet")).to_be_visible()
    client.status_post("Hello")
    expect(page.get_by_role("article")).to_have_count(1, timeout=10_000)
    expect(page.get_by_text("No toots yet")).to_be_hidden()
    page.get_by_role("navigation").get_by_role("link", name="@main").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("@main")
    page.locator(".when a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Toot")


def test_a_narrow_screen_needs_no_sideways_scrolling(page: Page, server: FakeMastodon, toots: list[Any]) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(server.url)
    expect(page.get_by_role("article")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_words_stand_out_from_their_ground(page: Page, server: FakeMastodon, toots: list[Any]) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text."""
    page.goto(server.url)
    ratios = page.evaluate(CONTRASTS)
    assert len(ratios) > 15
    assert {name: ratio for name, ratio in ratios if ratio < 4.5} == {}


@pytest.fixture
def conversation(client: Mastodon, server: FakeMastodon) -> list[Any]:
    """A thread with a poll at its end, on which somebody has voted."""
    media = client.media_post(picture(), mime_type="image/png", description=ALT, focus=(0.5, 0.5))
    first = client.status_post("The schedule is out.", media_ids=[media])
    poll = client.make_poll(["Sauna", "Board games"], 86_400)
    second = client.status_post("Which social event?", in_reply_to_id=first, poll=poll)
    vote(server, second.poll.id)
    return [first, second]


def vote(server: FakeMastodon, poll_id: str) -> None:
    headers = {"Authorization": "Bearer loopback-volunteer"}
    data = {"choices[]": ["0"]}
    answer = requests.post(f"{server.url}/api/v1/polls/{poll_id}/votes", data=data, headers=headers, timeout=5)
    answer.raise_for_status()


def test_a_thread_and_its_poll_are_shown_around_a_toot(
    page: Page, server: FakeMastodon, conversation: list[Any]
) -> None:
    page.goto(server.url)
    expect(page.get_by_role("img", name="Focus: what a crop keeps")).to_be_visible()
    page.get_by_role("link", name="1 reply").click()
    articles = page.get_by_role("article")
    expect(articles).to_have_count(2)
    expect(articles.first).to_have_attribute("aria-current", "true")
    choices = articles.last.locator(".choice")
    expect(choices).to_have_text(["Sauna 100 %, 1 vote", "Board games 0 %, 0 votes"], use_inner_text=False)
    bars = [bar.bounding_box() for bar in articles.last.locator(".bar").all()]
    assert bars[0] is not None
    assert bars[0]["width"] > 300
    assert {name: ratio for name, ratio in page.evaluate(CONTRASTS) if ratio < 4.5} == {}


def test_a_client_is_agreed_to_with_the_keyboard(page: Page, server: FakeMastodon) -> None:
    form = {"client_name": "announce", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
    app = requests.post(f"{server.url}/api/v1/apps", data=form, timeout=5).json()
    asked = f"client_id={app['client_id']}&redirect_uri=urn:ietf:wg:oauth:2.0:oob&response_type=code&scope=read+write"
    page.goto(f"{server.url}/oauth/authorize?{asked}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Allow announce?")
    assert {name: ratio for name, ratio in page.evaluate(CONTRASTS) if ratio < 4.5} == {}
    page.get_by_label("Account").fill("conf")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    code = page.get_by_label("Code")
    expect(code).to_be_visible()
    assert len(code.input_value()) > 20
    assert server.store.account_named("conf") is not None


CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = rgba(colour).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return 'white';
  };
  const holdsText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  const shown = (node) => node.checkVisibility() && !node.closest('figure') && holdsText(node);
  return [...document.querySelectorAll('body *')].filter(shown).map((node) => {
    const pair = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
    return [node.className || node.tagName, (pair[0] + 0.05) / (pair[1] + 0.05)];
  });
}"""
