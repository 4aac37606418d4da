"""An account without a token says so, and nothing goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain import Picture, SeenStatus
from bot.domain.errors import AccountBlockedError
from bot.publishers.contract import AbsentPublisher, Publisher
from tests.support.publishing import announcement

SEEN = SeenStatus(status_id="1", url="u", created_at=datetime(2026, 11, 4, tzinfo=UTC), links=frozenset())

CALLS: dict[str, Callable[[Publisher], object]] = {
    "verify_account": lambda publisher: publisher.verify_account(),
    "newest_status_id": lambda publisher: publisher.newest_status_id(),
    "read_back": lambda publisher: publisher.read_back(announcement(), after_id="0"),
    "upload": lambda publisher: publisher.upload(Picture(url="https://conf.example.org/a.png", path=Path("a.png"))),
    "list_recent": lambda publisher: publisher.list_recent(since=datetime.now(UTC)),
    "fetch_text": lambda publisher: publisher.fetch_text(SEEN),
    "edit": lambda publisher: publisher.edit("1", announcement(), shown=None),
    "delete": lambda publisher: publisher.delete("1"),
    "publish": lambda publisher: publisher.publish(announcement(), media_ids=(), key="key", repeat=False),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_every_call_is_blocked_and_says_why(call: Callable[[Publisher], object]) -> None:
    publisher = AbsentPublisher(address="conf@example.social", trouble="ANNOUNCE_TOKEN_MAIN is not set")
    with pytest.raises(AccountBlockedError) as caught:
        call(publisher)
    assert "conf@example.social: ANNOUNCE_TOKEN_MAIN is not set." in str(caught.value)
    assert caught.value.remedy
    publisher.close()
