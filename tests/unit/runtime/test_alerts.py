"""What a bot tells people, from pass to pass: each cause once, recovery, and no word of what is under embargo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.inprocess import World
from tests.support.listeners import Webhook, listening_webhook

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

MakeWorld = Callable[..., World]


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with listening_webhook() as listening:
        yield listening


@pytest.fixture
def world(tmp_path: Path, hook: Webhook) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(*, embargoed: bool) -> World:
        def settings(text: str) -> str:
            flag = "embargoed = true\n" if embargoed else ""
            return text + f'[alerts]\nwebhook = "{hook.url}"\n{flag}'

        made.append(World(tmp_path / "site", now=NOW, settings=settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def whats(hook: Webhook) -> list[list[str]]:
    return [[alert["what"] for alert in body["alerts"]] for body in hook.bodies]


def break_template(world: World, *, mended: bool = False) -> None:
    folder = world.root / "config/templates"
    folder.mkdir(exist_ok=True)
    (folder / "default.j2").write_text("{{ title }}" if mended else "{{ titel }}")


@pytest.mark.parametrize("embargoed", [False, True])
def test_a_post_to_come_is_named_only_where_the_settings_say_so(
    world: MakeWorld, hook: Webhook, embargoed: bool
) -> None:
    one = world(embargoed=embargoed)
    one.write_post("a-secret-keynote", NOW + 2 * HOUR, title="A secret speaker")
    (one.root / "posts/another-secret.md").write_text("---\ntitle: broken: yes\n---\n")
    break_template(one)
    one.tick(NOW)
    break_template(one, mended=True)
    (one.root / "posts/another-secret.md").unlink()
    one.tick(NOW + MINUTE)
    told = str(hook.bodies)
    assert len(hook.bodies) == 2, "what was wrong, and that it is no longer so"
    assert len(hook.bodies[0]["alerts"]) == len(hook.bodies[1]["recovered"]) == 2
    assert ("secret" in told) is embargoed
    assert ("due in less than 1 day" in told) is embargoed
    assert ("post-" in told) is not embargoed


def test_each_cause_is_told_once_and_again_an_hour_before(world: MakeWorld, hook: Webhook) -> None:
    one = world(embargoed=True)
    one.write_post("keynote", NOW + 30 * HOUR)
    break_template(one)
    for after in (timedelta(), 7 * HOUR, 8 * HOUR, 29 * HOUR + MINUTE, 29 * HOUR + 2 * MINUTE):
        one.tick(NOW + after)
    first, second = whats(hook)
    assert [what.partition(":")[0] for what in first] == ["posts/keynote.md is due in less than 1 day"]
    assert [what.partition(":")[0] for what in second] == ["posts/keynote.md is due in less than 1 h"]
    assert all(body["recovered"] == [] for body in hook.bodies)


def test_a_bot_that_starts_within_the_hour_tells_it_once(world: MakeWorld, hook: Webhook) -> None:
    one = world(embargoed=True)
    one.write_post("keynote", NOW + 30 * MINUTE)
    break_template(one)
    one.tick(NOW)
    ((what,),) = whats(hook)
    assert "less than 1 h" in what


def test_a_cause_that_flickers_is_told_once_an_hour(world: MakeWorld, hook: Webhook) -> None:
    one = world(embargoed=True)
    path = one.root / "posts/broken.md"
    for minutes in range(0, 50, 10):
        path.write_text("---\ntitle: broken: yes\n---\n")
        one.tick(NOW + minutes * MINUTE)
        path.unlink()
        one.tick(NOW + (minutes + 5) * MINUTE)
    assert sum(len(what) for what in whats(hook)) == 1
    path.write_text("---\ntitle: broken: yes\n---\n")
    one.tick(NOW + 61 * MINUTE)
    assert sum(len(what) for what in whats(hook)) == 2


def test_a_second_mistake_in_the_same_field_is_news(world: MakeWorld, hook: Webhook) -> None:
    one = world(embargoed=True)
    path = one.root / "posts/broken.md"
    attention = []
    for minute, mistake in enumerate(("perhaps", "perhaps", "sometimes", "sometimes")):
        path.write_text(f"---\ntitle: Broken\nhidden: {mistake}\n---\n")
        attention.append(one.tick(NOW + minute * MINUTE).attention)
    assert attention == [True, False, True, False]
    first, second = whats(hook)
    assert first == second == ["posts/broken.md:3: hidden: must be true or false."]


def test_without_news_nothing_is_sent(world: MakeWorld, hook: Webhook) -> None:
    one = world(embargoed=True)
    one.write_post("keynote", NOW)
    one.tick(NOW)
    one.tick(NOW + MINUTE)
    assert hook.bodies == []
