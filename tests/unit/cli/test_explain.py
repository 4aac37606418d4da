"""What `announce explain` says of a post whose entry cannot be compared with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bot.cli.explain import _words
from bot.domain import Digests, Post, Snapshot
from bot.feeds.entry import entry_of
from bot.operations.explain import explanation_of
from bot.planner.plan import Plan

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


def test_the_entry_of_an_upgraded_ledger_is_not_called_different(make_post: Callable[..., Post]) -> None:
    post = make_post(published=NOW)
    entry = entry_of(post, released_at=NOW)
    for digests, said in ((entry.digests, "as the feeds show them"), (Digests(), "the next cycle compares them")):
        snapshot = Snapshot(entries={entry.post_id: replace(entry, digests=digests)})
        found = explanation_of(post, None, plan=Plan(now=NOW), snapshot=snapshot, events=())
        assert said in _words(found)
        assert "not in the feeds" not in _words(found)
