"""The timeline page without a browser: what stands in it, and what never may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from mastodon import Mastodon

from bot.domain.clock import ManualClock
from bot.sandbox.context import TimelinePage
from bot.sandbox.server import SandboxServer
from bot.sandbox.timeline import show_time

NOW = datetime(2026, 11, 4, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "relative"),
    [
        (NOW, "just now"),
        (NOW - timedelta(seconds=4), "just now"),
        (NOW - timedelta(seconds=50), "50 s ago"),
        (NOW - timedelta(minutes=3), "3 min ago"),
        (NOW - timedelta(days=3, hours=4), "3 days 4 h ago"),
        (NOW + timedelta(hours=2), "in 2 h"),
    ],
)
def test_a_time_is_told_relative_to_now(moment: datetime, relative: str) -> None:
    assert show_time(moment, now=NOW, timezone=UTC).relative == relative


def test_a_time_is_told_in_the_zone_of_the_site() -> None:
    shown = show_time(NOW, now=NOW, timezone=ZoneInfo("America/New_York"))
    assert shown.absolute == "Wed 4 Nov 2026, 10:00 EST"
    assert shown.iso == "2026-11-04T15:00:00+00:00"


def test_the_page_is_calm_when_empty(http: httpx.Client) -> None:
    assert "No toots yet" in http.get("/").text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", "one two three"),
        ("/?account=main", "one three"),
        ("/?account=other", "two"),
        ("/?account=nobody", ""),
        ("/@main", "one three"),
        ("/@other", "two"),
        ("/tags/FjordConf", "two three"),
    ],
)
def test_a_page_shows_what_it_is_selected(
    http: httpx.Client, client: Mastodon, connect: Callable[..., Mastodon], path: str, shown: str
) -> None:
    client.status_post("toot-one")
    connect("loopback-other").status_post("toot-two #fjordconf", visibility="direct")
    client.status_post("toot-three #FjordConf")
    page = http.get(path).text
    assert [word for word in ("one", "two", "three") if f"toot-{word}" in page] == shown.split()


def test_a_permalink_shows_the_one_toot(http: httpx.Client, client: Mastodon) -> None:
    posted = client.status_post("This one")
    client.status_post("That one")
    page = http.get(posted.url).text
    assert "This one" in page
    assert "That one" not in page


def test_a_permalink_shows_the_thread_around_it(http: httpx.Client, client: Mastodon) -> None:
    first = client.status_post("toot-one")
    second = client.status_post("toot-two", in_reply_to_id=first)
    client.status_post("toot-three", in_reply_to_id=second)
    client.status_post("toot-four")
    page = http.get(second.url).text
    assert [word for word in ("one", "two", "three", "four") if f"toot-{word}" in page] == ["one", "two", "three"]
    assert page.index("toot-one") < page.index('aria-current="true"') < page.index("toot-two")
    assert page.count("Continues a thread") == 2
    assert page.count("1 reply") == 2


def test_a_poll_is_shown_with_its_votes(
    http: httpx.Client, client: Mastodon, connect: Callable[..., Mastodon], clock: ManualClock
) -> None:
    posted = client.status_post("Which?", poll=client.make_poll(["<b>Tea", "Coffee"], 3600, multiple=True))
    connect("loopback-other").poll_vote(posted.poll.id, [1])
    page = http.get("/").text
    assert "&lt;b&gt;Tea" in page
    assert "several choices · 1 person · open until" in page
    assert "100 %" in page
    clock.advance(timedelta(hours=2))
    assert "· closed <time" in http.get("/").text


def test_hidden_totals_are_not_shown(http: httpx.Client, client: Mastodon, clock: ManualClock) -> None:
    client.status_post("Which?", poll=client.make_poll(["Tea", "Coffee"], 3600, hide_totals=True))
    assert "0 %<" not in http.get("/").text
    clock.advance(timedelta(hours=2))
    assert "0 %<" in http.get("/").text


@pytest.mark.parametrize(
    ("sent", "said"),
    [({"quote_approval_policy": "nobody"}, "Nobody may quote"), ({}, ""), ({"visibility": "private"}, "")],
)
def test_who_may_quote_is_told_where_not_everybody_may(http: httpx.Client, sent: dict[str, str], said: str) -> None:
    http.post("/api/v1/statuses", data={"status": "x", **sent}).raise_for_status()
    page = http.get("/").text
    assert ("may quote" in page) is bool(said)
    assert said in page


def test_a_focus_is_marked_on_a_picture_that_stands_alone(
    http: httpx.Client, client: Mastodon, draw: Callable[..., bytes]
) -> None:
    media = client.media_post(draw(), mime_type="image/png", focus=(0.5, 0.5))
    client.status_post("x", media_ids=[media])
    assert 'style="left: 75%; top: 25%"' in http.get("/").text


@pytest.mark.parametrize("path", ["/@main/1", "/@nobody", "/@other/{id}"])
def test_what_is_not_there_is_a_404(http: httpx.Client, client: Mastodon, path: str) -> None:
    posted = client.status_post("This one")
    assert http.get(path.format(id=posted.id)).status_code == 404


def test_forty_toots_are_on_a_page_and_the_older_ones_on_the_next(http: httpx.Client, client: Mastodon) -> None:
    for number in range(41):
        client.status_post(f"toot-{number:02}")
    page = http.get("/").text
    assert page.count('<li id="toot-') == 40
    older = page.partition('class="older"><a href="')[2].partition('"')[0]
    assert "toot-00" in http.get("/" + older.replace("&amp;", "&")).text


def test_a_notice_and_the_time_of_the_clock_are_shown(clock: ManualClock) -> None:
    timeline = TimelinePage(notice="Pretended <time>", timezone=ZoneInfo("Asia/Tokyo"))
    with SandboxServer(clock=clock, timeline=timeline) as server:
        page = httpx.get(server.url).text
    assert "Pretended &lt;time&gt;" in page
    assert "Thu 5 Nov 2026, 00:00 JST" in page


def test_nothing_that_is_posted_can_run_or_load_anything(
    http: httpx.Client, client: Mastodon, draw: Callable[..., bytes]
) -> None:
    media = client.media_post(draw(), mime_type="image/png", description='"><script>alt</script>')
    client.status_post("<script>text</script>", spoiler_text="<script>warning</script>", media_ids=[media])
    answer = http.get("/")
    assert answer.text.count("<script") == 1
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src 'self' data:;")
    assert "http" not in policy
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">' in answer.text
    assert 'src="http' not in answer.text


def test_an_avatar_shows_the_initial_only(http: httpx.Client) -> None:
    answer = http.get("/avatars/<b>.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "&lt;</text>" in answer.text
