"""Taking over what an account already shows into a ledger that does not know of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import load_config
from bot.domain import AccountFacts, DeliveryState, EventKind, Occasion, SeenStatus
from bot.domain.clock import ManualClock
from bot.domain.deliveries import DeliveryKey
from bot.domain.errors import TransientError, UsageError
from bot.operations.adopt import adopt_account, release_due
from bot.runtime.app import Bot, make_bot
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
ACCOUNT = "conf@example.social"
SETTINGS = f"""
[site]
title = "Conf"
url = "https://conf.example"
timezone = "UTC"
[accounts.main]
server = "https://example.social"
acct = "@{ACCOUNT}"
[release]
wait_for_page = "off"
"""

POST = "---\ntitle: {}\npublished_datetime: {:%Y-%m-%d %H:%M:%SZ}\n---\n\nThe hall opens its doors.\n"


class Silent(RecordingPublisher):
    """An account whose server does not answer."""

    def verify_account(self) -> AccountFacts:
        raise TransientError("it does not answer.")


def released(root: Path, publisher: RecordingPublisher, clock: ManualClock) -> Bot:
    """A bot that has released two posts into its feeds and sent nothing."""
    (root / "config").mkdir()
    (root / "posts").mkdir()
    (root / "config/bot.toml").write_text(SETTINGS)
    for slug in ("shown", "unknown"):
        (root / f"posts/{slug}.md").write_text(POST.format(slug, NOW - timedelta(hours=1)))
    bot = make_bot(
        load_config(root / "config/bot.toml"),
        environ={},
        clock=clock,
        ledger=ScratchLedger(clock),
        publishers={ACCOUNT: publisher},
    )
    release_due(bot)
    return bot


def test_only_what_the_account_shows_is_recorded_as_sent_and_only_once(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    publisher = RecordingPublisher(address=ACCOUNT, clock=clock)
    bot = released(tmp_path, publisher, clock)
    entries = {entry.slug: entry for entry in bot.context.ledger.snapshot().entries.values()}
    assert entries.keys() == {"shown", "unknown"}
    assert publisher.posted == 0
    status = SeenStatus(
        status_id="7",
        url="https://recording.invalid/7",
        created_at=NOW - timedelta(minutes=50),
        links=frozenset({entries["shown"].url}),
        text="by hand",
    )
    publisher.statuses.append(status)
    (event,) = adopt_account(bot, ACCOUNT)
    assert (event.kind, event.slug, event.detail) == (EventKind.ADOPTED, "shown", status.url)
    deliveries = bot.context.ledger.snapshot().deliveries
    taken = deliveries[DeliveryKey(entries["shown"].post_id, ACCOUNT, Occasion.PUBLISH)]
    assert (taken.state, taken.status_id, taken.settled_at) == (DeliveryState.SENT, "7", status.created_at)
    other = deliveries.get(DeliveryKey(entries["unknown"].post_id, ACCOUNT, Occasion.PUBLISH))
    assert other is None or other.state is DeliveryState.DUE
    assert adopt_account(bot, ACCOUNT) == ()
    bot.close()


def test_an_account_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    bot = released(tmp_path, Silent(address=ACCOUNT, clock=clock), clock)
    before = bot.context.ledger.snapshot().deliveries
    with pytest.raises(UsageError, match="cannot be read: it does not answer"):
        adopt_account(bot, ACCOUNT)
    assert bot.context.ledger.snapshot().deliveries == before
    bot.close()
