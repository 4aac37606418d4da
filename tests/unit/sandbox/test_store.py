"""What the sandbox remembers, and what is left after a restart."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mastodon import Mastodon

from bot.domain.clock import ManualClock
from bot.domain.errors import UsageError
from bot.sandbox.ids import username_for
from bot.sandbox.media import inspect_image
from bot.sandbox.records import Draft, Media, Target
from bot.sandbox.server import SandboxServer
from bot.sandbox.store import Store

NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


def test_ids_follow_the_clock() -> None:
    store = Store(clock=ManualClock(NOON))
    account = store.account_for_token("loopback-main")
    assert int(account.id) >> 16 == int(NOON.timestamp() * 1000)


@pytest.mark.parametrize("step", [timedelta(), timedelta(days=-3), timedelta(seconds=1)])
def test_ids_grow_whatever_the_clock_does(step: timedelta) -> None:
    clock = ManualClock(NOON)
    store = Store(clock=clock)
    account = store.account_for_token("loopback-main")
    first = store.publish(account, Draft(text="one"), Target())
    clock.step_to(NOON + step)
    assert int(store.publish(account, Draft(text="two"), Target()).id) > int(first.id)


def test_ids_are_unique_among_threads(tmp_path: Path) -> None:
    store = Store(clock=ManualClock(NOON), path=tmp_path / "state.json")
    account = store.account_for_token("loopback-main")
    with ThreadPoolExecutor(8) as pool:
        posted = list(pool.map(lambda number: store.publish(account, Draft(text=str(number)), Target()), range(40)))
    assert len({status.id for status in posted}) == 40
    again = Store(clock=ManualClock(NOON), path=tmp_path / "state.json")
    assert again.statuses() == store.statuses()
    assert len(again.statuses()) == 40


@pytest.mark.parametrize(
    ("token", "username"),
    [
        ("loopback-main", "main"),
        ("loopback-news_bot2", "news_bot2"),
        ("loopback-News Bot", "news_bot_{}"),
        ("loopback-news-bot", "news_bot_{}"),
        ("loopback-main_12345678", "main_12345678_{}"),
        ("loopback-user12345678", "user12345678_{}"),
        ("loopback-", "user{}"),
        ("s3cret", "user{}"),
    ],
)
def test_a_username_is_readable_and_tells_no_secret(token: str, username: str) -> None:
    assert username_for(token) == username.format(sha256(token.encode()).hexdigest()[:8])


@given(st.lists(st.text("aB1-_ ", min_size=1, max_size=4), unique=True, max_size=30), st.booleans())
def test_no_two_tokens_share_a_username(names: list[str], ours: bool) -> None:
    usernames = [username_for(f"loopback-{name}" if ours else name) for name in names]
    assert len(set(usernames)) == len(names)
    assert all(name == name.lower() and len(name) <= 30 for name in usernames)


def test_everything_survives_a_restart(
    tmp_path: Path, clock: ManualClock, connect: Callable[..., Mastodon], draw: Callable[..., bytes]
) -> None:
    path = tmp_path / "deep" / "state.json"
    with SandboxServer(clock=clock, state=path) as server:
        client = connect(url=server.url)
        media = client.media_post(draw(), mime_type="image/png", description="A blue field")
        posted = client.status_post("Kept", media_ids=[media], idempotency_key="k1", language="de")
        gone = client.status_post("Gone")
        client.status_delete(gone.id)
        client.status_update(posted.id, "Kept, mended", media_ids=[media])
    with SandboxServer(clock=clock, state=path) as server:
        client = connect(url=server.url)
        kept = client.status_post("Kept", idempotency_key="k1")
        assert (kept.id, kept.content, kept.language) == (posted.id, "<p>Kept, mended</p>", "de")
        assert kept.media_attachments[0].description == "A blue field"
        assert server.store.media_bytes(server.store.media_of(server.store.statuses()[0])[0]) == draw()
        assert len(client.status_history(posted.id)) == 2
        assert [status.id for status in client.account_statuses(client.me().id)] == [posted.id]
        assert int(client.status_post("New").id) > int(gone.id)


def test_the_state_file_holds_no_token(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    Store(clock=ManualClock(NOON), path=path).account_for_token("s3cret-token")
    assert "s3cret" not in path.read_text()
    assert json.loads(path.read_text())["version"] == 1


def test_old_keys_are_forgotten(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    store = Store(clock=clock, path=tmp_path / "state.json")
    account = store.account_for_token("loopback-main")
    store.publish(account, Draft(text="one"), Target(), key="k1")
    clock.advance(timedelta(hours=2))
    store.publish(account, Draft(text="two"), Target(), key="k2")
    assert list(json.loads((tmp_path / "state.json").read_text())["keys"]) == [f"{account.id}:k2"]


def test_pictures_lie_beside_the_state_file_and_leave_with_their_status(
    tmp_path: Path, draw: Callable[..., bytes]
) -> None:
    store = Store(clock=ManualClock(NOON), path=tmp_path / "state.json")
    account = store.account_for_token("loopback-main")
    with store.transaction():
        media = Media(id=store.new_id(), account_id=account.id, created_at=NOON, facts=inspect_image(draw()))
        store.add_media(media, draw())
    picture = tmp_path / "state.json.media" / media.file_name
    assert picture.read_bytes() == draw()
    status = store.publish(account, Draft(text="", media_ids=(media.id,)), Target())
    store.remove(status, with_media=True)
    assert not picture.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.json", "state.json.media"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"statuses": 7}'])
def test_a_file_that_is_no_state_is_named_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"state\.json is not a state file.*Move it away"):
        Store(clock=ManualClock(NOON), path=path)
    assert path.read_text() == content


def test_a_folder_is_no_state_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        Store(clock=ManualClock(NOON), path=tmp_path)
