"""The same post through `announce tick` against each kind of server: pictures, a thread, a warning, two accounts.

The posts are edited and withdrawn as well. What a kind of server cannot have is left out, and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from bot.sandbox.profiles import PROFILES
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import SETTINGS, Project

SECOND_ACCOUNT = '[accounts.kids]\nserver = "{server}"\nvisibility = "unlisted"\nlanguage = "de"\n\n[release]'
COLOURS = ("teal", "olive", "navy", "maroon")
POST = """---
title: {title}
published_datetime: {published}
{more}mastodon:
  content_warning: Spoilers of the programme
  numbered: false
  thread:
    - {second}
    - "The third part names the evening party."
  media:
{media}---

This paragraph is the excerpt, and it says what the news is about in a few words.
"""
FIRST_ALT = "A teal square that stands for the first room"


@pytest.fixture(params=sorted(PROFILES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str) -> Iterator[FakeMastodon]:
    with FakeMastodon(profile=PROFILES[kind]) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: FakeMastodon) -> Project:
    made = Project(root=tmp_path, server=server.url)
    settings = SETTINGS.format(server=server.url).replace('spacing = "2m"', 'spacing = "off"')
    made.write("config/bot.toml", settings.replace("[release]", SECOND_ACCOUNT.format(server=server.url)))
    (tmp_path / "posts").mkdir()
    for colour in COLOURS:
        Image.new("RGB", (64, 48), colour).save(tmp_path / f"{colour}.png")
    return made


@pytest.fixture
def due() -> str:
    return f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}+00:00"


def write(project: Project, due: str, **changes: str) -> None:
    alts = {colour: f"A {colour} square" for colour in COLOURS} | {"teal": changes.pop("alt", FIRST_ALT)}
    media = "".join(
        f'    - file: /{colour}.png\n      alt: "{alts[colour]}"\n      focus: 0.5, -0.25\n' for colour in alts
    )
    words = {"title": "The programme", "second": '"The second part names the rooms."', "more": ""} | changes
    project.write("posts/programme.md", POST.format(published=due, media=media, **words))


def tick(project: Project) -> str:
    done = project.announce("tick")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def statuses(server: FakeMastodon, account: str) -> list[dict[str, Any]]:
    """The account's statuses as their author sees them, oldest first."""
    headers = {"Authorization": f"Bearer loopback-{account}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=10) as client:
        me = client.get("/api/v1/accounts/verify_credentials").raise_for_status().json()
        page = client.get(f"/api/v1/accounts/{me['id']}/statuses", params={"limit": 40}).raise_for_status().json()
    return sorted(page, key=lambda status: (status["created_at"], status["id"]))


def is_chain(found: list[Mapping[str, Any]]) -> bool:
    return [status["in_reply_to_id"] for status in found] == [None, *(status["id"] for status in found[:-1])]


def test_a_post_with_everything_goes_out_right(project: Project, server: FakeMastodon, due: str) -> None:
    write(project, due)
    tick(project)
    for account, visibility, language in (("main", "public", "en"), ("kids", "unlisted", "de")):
        found = statuses(server, account)
        assert len(found) == 3
        assert is_chain(list(found))
        assert "The programme" in found[0]["content"]
        assert "https://2024.djangocon.us/news/programme/" in found[0]["content"]
        assert "second part" in found[1]["content"]
        assert "third part" in found[2]["content"]
        for status in found:
            assert status["spoiler_text"] == "Spoilers of the programme"
            assert status["sensitive"] is True
            assert (status["visibility"], status["language"]) == (visibility, language)
        alts = [media["description"] for media in found[0]["media_attachments"]]
        assert alts == [FIRST_ALT, "A olive square", "A navy square", "A maroon square"]
        assert all(media["meta"]["focus"] == {"x": 0.5, "y": -0.25} for media in found[0]["media_attachments"])
    assert "nothing new" in tick(project)
    assert len(statuses(server, "main")) == 3


def test_a_typo_and_an_alt_text_are_mended_in_place(project: Project, server: FakeMastodon, due: str) -> None:
    write(project, due)
    tick(project)
    before = {account: statuses(server, account) for account in ("main", "kids")}
    write(project, due, title="The programme, mended", alt="A better alt text", second='"The second part, mended."')
    tick(project)
    for account, old in before.items():
        found = statuses(server, account)
        assert [status["id"] for status in found] == [status["id"] for status in old]
        assert "The programme, mended" in found[0]["content"]
        assert "second part, mended" in found[1]["content"]
        assert found[2]["content"] == old[2]["content"]
        assert found[0]["language"] == old[0]["language"]
        assert found[0]["spoiler_text"] == "Spoilers of the programme"
        assert found[0]["media_attachments"][0]["description"] == "A better alt text"
        assert len(found[0]["media_attachments"]) == 4


def test_a_shorter_thread_and_then_none_of_it(project: Project, server: FakeMastodon, due: str) -> None:
    write(project, due)
    tick(project)
    write(project, due, more="withdrawn: true\n")
    assert "deleted" in tick(project)
    assert statuses(server, "main") == []
    assert statuses(server, "kids") == []
    write(project, due)
    tick(project)
    assert statuses(server, "main") == [], "taking the mark away never toots again"


def test_one_failing_account_does_not_delay_the_other(project: Project, server: FakeMastodon, due: str) -> None:
    revoked = [{"revoked": "main"}]
    httpx.put(f"{server.url}/sandbox/faults", json=revoked, timeout=5, trust_env=False).raise_for_status()
    write(project, due)
    project.announce("tick")
    assert len(statuses(server, "kids")) == 3


POLL = """---
title: Which day
published_datetime: {published}
{cover}mastodon:
  poll:
    options: [Thursday, Friday]
    expires_in: 1d
    multiple: true
---

This paragraph asks on which day people want to have the party of the conference.
"""


def test_a_poll_is_asked_and_an_edit_keeps_it(project: Project, server: FakeMastodon, kind: str, due: str) -> None:
    cover = 'cover:\n  url: /teal.png\n  alt: "A square"\n'
    project.write("posts/party.md", POST_POLL := POLL.format(published=due, cover=cover))
    told = project.announce("tick").stdout
    found = statuses(server, "main")
    if "takes no toot without a picture" in told:
        assert kind == "pixelfed"
        assert found == [], "a poll and a picture do not go together there, and without a picture nothing does"
        return
    (toot,) = found
    assert [option["title"] for option in toot["poll"]["options"]] == ["Thursday", "Friday"]
    assert toot["poll"]["multiple"] is True
    ends = datetime.fromisoformat(toot["poll"]["expires_at"])
    project.write("posts/party.md", POST_POLL.replace("Which day", "Which day then"))
    tick(project)
    (edited,) = statuses(server, "main")
    assert "Which day then" in edited["content"]
    assert [option["title"] for option in edited["poll"]["options"]] == ["Thursday", "Friday"]
    assert abs(datetime.fromisoformat(edited["poll"]["expires_at"]) - ends) < timedelta(seconds=30)
