"""An account without a token says so, and nothing goes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import AccountBlockedError
from bot.model import Picture
from bot.publisher import Publisher
from bot.publishers.absent import AbsentPublisher
from tests.support.publishing import announcement

CALLS: dict[str, Callable[[Publisher], object]] = {
    "introduce": lambda publisher: publisher.introduce(),
    "newest_status_id": lambda publisher: publisher.newest_status_id(),
    "look": lambda publisher: publisher.look(announcement(), after_id="0"),
    "upload": lambda publisher: publisher.upload(Picture(url="https://conf.example.org/a.png", path=Path("a.png"))),
    "publish": lambda publisher: publisher.publish(announcement(), media_ids=(), key="key", repeat=False),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_every_call_is_blocked_and_names_the_variable(call: Callable[[Publisher], object]) -> None:
    publisher = AbsentPublisher(address="conf@example.social", variable="ANNOUNCE_TOKEN_MAIN")
    with pytest.raises(AccountBlockedError) as caught:
        call(publisher)
    assert "conf@example.social" in str(caught.value)
    assert "ANNOUNCE_TOKEN_MAIN" in caught.value.remedy
    assert "`token_file`" in caught.value.remedy
    publisher.close()
