"""Mastodon's rate limits (section 5 of the fact sheet) as traps; see `test_traps.py` for the whole table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.sandbox.rates import REQUEST_RATES, STATUS_RATE, Rate
from tests.support.trap_table import DUE, MASTODONS, MINUTE, Story, Trap, rows
from tests.support.traps import Account, Stage, stage, words_of

BY_NAME = {rate.name: rate for rate in (*REQUEST_RATES, STATUS_RATE)}


def held_by_a_limit(name: str, *, at_most: timedelta) -> Story:
    """An account that has used up a limit waits for its reset; another one on the server goes on meanwhile."""

    def story(account: Account) -> None:
        account.owes(account.words("An earlier one: {link}"))  # so that there is a page to turn
        account.deliver_to_the_end()
        said = account.words(pictures=(account.picture(),))
        toot = account.owes(said)
        me = account.call("GET", "/api/v1/accounts/verify_credentials").json()["id"]
        spend(account, BY_NAME[name], me)
        waiting = account.deliver_pending()
        assert waiting.wait_until is not None
        assert timedelta(0) < waiting.wait_until - account.clock.now() <= at_most + timedelta(seconds=5)
        asked = len(account.line.sent)
        account.deliver_pending()
        assert (len(account.line.sent), account.row(toot).state) == (asked, DUE), "it does not ask before the reset"
        another = account.another()
        hers = another.words()
        another.owes(hers)
        assert another.deliver_to_the_end() == timedelta()
        assert words_of(another.toots()) == [hers.text]
        assert timedelta(0) < account.deliver_to_the_end() <= at_most + timedelta(seconds=30)
        _, found = account.toots()
        assert (found["text"], len(found["media_attachments"])) == (said.text, 1)

    return story


def a_deletion_beyond_the_limit(account: Account) -> None:
    said = account.words()
    toot = account.owes(said)
    account.deliver_to_the_end()
    me = account.call("GET", "/api/v1/accounts/verify_credentials").json()["id"]
    spend(account, BY_NAME["deletions"], me)
    account.owes_deletion(toot)
    assert timedelta(0) < account.deliver_to_the_end() <= 31 * MINUTE
    assert account.toots() == []


def spend(account: Account, rate: Rate, who: str) -> None:
    """As if a person had used up a rate limit by hand."""
    counter = account.server.app.extensions["announce-sandbox"].counter
    for _ in range(rate.limit):
        counter.count(rate, who, account.clock.now())


LIMITS = rows(
    Trap(
        name="30 uploads in 30 minutes",
        source="section 5",
        story=held_by_a_limit("media", at_most=30 * MINUTE),
        kinds=MASTODONS,
    ),
    Trap(
        name="300 toots in 3 hours",
        source="section 5",
        story=held_by_a_limit("statuses", at_most=180 * MINUTE),
        kinds=MASTODONS,
    ),
    Trap(
        name="300 pages in 15 minutes",
        source="section 5",
        story=held_by_a_limit("pages", at_most=15 * MINUTE),
        kinds=MASTODONS,
    ),
    Trap(
        name="1500 requests in 5 minutes",
        source="section 5",
        story=held_by_a_limit("user", at_most=5 * MINUTE),
        kinds=MASTODONS,
    ),
    Trap(name="30 deletions in 30 minutes", source="section 5", story=a_deletion_beyond_the_limit, kinds=MASTODONS),
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("pictures")) as made:
        yield made


@LIMITS
def test_the_rate_limits_of_mastodon(here: Stage, story: Story, kind: str) -> None:
    story(here.account(kind, limited=True))
