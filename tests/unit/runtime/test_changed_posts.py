"""Each key of front matter, changed on a released post: an edit is sent, `updated` moves, both, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.support.front_matter import all_keys, before_and_after
from tests.support.released_site import ReleasedSite

BODY: Final = "The first paragraph says at some length what there is to be said.\n\nThe second one says more.\n"
LATER: Final = timedelta(minutes=10)
EDIT, UPDATED = "edit", "updated"
NOTHING: Final = frozenset[str]()
BOTH: Final = frozenset({EDIT, UPDATED})
#: What is seen with the built-in template, which says title, excerpt, link and hashtags.
SEEN: Final[Mapping[str, frozenset[str]]] = {
    "title": BOTH,
    "author": frozenset({UPDATED}),
    "speakers": NOTHING,
    "category": frozenset({UPDATED}),
    "tags": frozenset({UPDATED}),
    "kind": NOTHING,
    "published_datetime": NOTHING,
    "updated_datetime": frozenset({UPDATED}),
    "cover.url": BOTH,
    "cover.alt": BOTH,
    "image": BOTH,
    "summary": BOTH,
    "id": NOTHING,
    "hashtags": frozenset({EDIT}),
    "link": frozenset({EDIT}),
    "hidden": NOTHING,
    "language": BOTH,
    "draft": NOTHING,
    "withdrawn": NOTHING,
    "expires": NOTHING,
    "if_missed": NOTHING,
    "order": NOTHING,
    "deadline": NOTHING,
    "reminders.id": NOTHING,
    "reminders.at": NOTHING,
    "reminders.before": NOTHING,
    "reminders.after": NOTHING,
    "reminders.text": NOTHING,
    "reminders.template": NOTHING,
    "reminders.reply": NOTHING,
    "check.allow": NOTHING,
    "mastodon.text": frozenset({EDIT}),
    "mastodon.visibility": NOTHING,
    "mastodon.content_warning": frozenset({EDIT}),
    "mastodon.sensitive": frozenset({EDIT}),
    "mastodon.language": frozenset({EDIT}),
    "mastodon.skip": NOTHING,
    "mastodon.thread": frozenset({EDIT}),
    "mastodon.numbered": frozenset({EDIT}),
    "mastodon.link_card": frozenset({EDIT}),
    "mastodon.poll.options": frozenset({EDIT}),
    "mastodon.poll.expires_in": frozenset({EDIT}),
    "mastodon.poll.multiple": frozenset({EDIT}),
    "mastodon.poll.hide_totals": frozenset({EDIT}),
    "mastodon.quote_policy": frozenset({EDIT}),
    "mastodon.media.file": frozenset({EDIT}),
    "mastodon.media.alt": frozenset({EDIT}),
    "mastodon.media.focus": frozenset({EDIT}),
}
#: A template that says everything it may.
TALKATIVE: Final = (
    "{{ title }} {{ author }} {{ speaker }} {{ category }} {{ tags | join(' ') }}"
    " {{ deadline | date('%d %B') }}\n\n{{ link }}\n"
)


def acquaint(site: ReleasedSite) -> None:
    """Let the bot learn what the server can do, by a post of the day before."""
    site.write("posts/first.md", f"---\ntitle: A first post\npublished_datetime: 2026-03-09 10:00\n---\n{BODY}")
    site.tick()
    assert len(site.publisher.statuses) == 1


def change(site: ReleasedSite, before: str, after: str) -> frozenset[str]:
    """Release a post, change it, and say what came of that."""
    acquaint(site)
    site.write("posts/boats.md", f"---\n{before}---\n{BODY}")
    site.tick()
    assert len(site.publisher.statuses) > 1
    released = site.entry("boats")
    site.write("posts/boats.md", f"---\n{after}---\n{BODY}")
    for _ in range(3):  # parts of a thread follow one another
        site.tick(LATER)
    now = site.entry("boats")
    assert (now.post_id, now.feed_id, now.published) == (released.post_id, released.feed_id, released.published)
    moved = {UPDATED} if now.updated != released.updated else set()
    return frozenset(moved | ({EDIT} if site.publisher.edits else set()))


def test_every_key_has_a_row() -> None:
    assert SEEN.keys() == dict(all_keys()).keys()


@pytest.mark.parametrize("name", dict(all_keys()))
def test_a_changed_key_is_seen_where_it_says_something(tmp_path: Path, name: str) -> None:
    assert change(ReleasedSite(tmp_path), *before_and_after(name)) == SEEN[name]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("author", BOTH),
        ("category", BOTH),
        ("tags", BOTH),
        ("speakers", frozenset({EDIT})),
        ("deadline", frozenset({EDIT})),
    ],
)
def test_what_a_template_says_is_edited_too(tmp_path: Path, name: str, seen: frozenset[str]) -> None:
    site = ReleasedSite(tmp_path)
    site.write("config/templates/default.txt", TALKATIVE)
    assert change(site, *before_and_after(name)) == seen


def test_another_kind_is_another_template(tmp_path: Path) -> None:
    site = ReleasedSite(tmp_path)
    site.write("config/templates/keynote.txt", "A keynote: {{ title }}\n\n{{ link }}\n")
    assert change(site, *before_and_after("kind")) == {EDIT}


def test_the_body_says_both(tmp_path: Path) -> None:
    site = ReleasedSite(tmp_path)
    matter = before_and_after("title")[0].replace("summary: A short summary of the boats.\n", "")
    site.write("posts/boats.md", f"---\n{matter}---\n{BODY}")
    site.tick()
    site.write("posts/boats.md", f"---\n{matter}---\n{BODY.replace('at some length', 'in short')}")
    site.tick(LATER)
    assert site.entry("boats").updated == site.clock.now()
    assert len(site.publisher.edits) == 1


def test_other_templates_and_settings_are_no_change(tmp_path: Path) -> None:
    site = ReleasedSite(tmp_path)
    matter, _ = before_and_after("title")
    site.write("posts/boats.md", f"---\n{matter}---\n{BODY}")
    site.tick()
    released = site.entry("boats")
    site.write("config/templates/default.txt", TALKATIVE)
    settings = (site.root / "config/bot.toml").read_text(encoding="utf-8")
    site.write("config/bot.toml", settings.replace("[release]\n", '[release]\nhashtags = ["HeronConf"]\n'))
    site.tick(LATER)
    assert (site.publisher.edits, site.entry("boats").updated) == ([], released.updated)
