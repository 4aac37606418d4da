"""The traps of servers that are not Mastodon (section 8 of the fact sheet); see `test_traps.py` for the whole table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import Poll
from bot.domain.wording import reason_words
from bot.sandbox.rates import PLEROMA_RATES, Rate
from tests.support.trap_table import (
    DUE,
    KINDS,
    MINUTE,
    POST,
    PUT,
    REJECTED,
    SENT,
    WORDS_ALONE,
    Story,
    Trap,
    fault,
    once,
    refused,
    rows,
    says,
)
from tests.support.traps import Account, Stage, stage, words_of

LONG = "All the rooms. " * 400


def look_through_pages(account: Account) -> None:
    """`min_id` above a known id, over several pages, whatever ids look like there."""
    for number in range(45):
        account.publisher.publish(
            account.words(f"By hand, {number}"), media_ids=_filler(account), key=f"{account.name}{number}", repeat=False
        )
        account.clock.advance(timedelta(minutes=2))
    said = account.words()
    toot = account.owes(said)
    account.goes_wrong(fault(POST, "post-then-504"))
    account.deliver_pending()
    assert account.row(toot).after_id not in (None, "0")
    for number in range(45):
        account.publisher.publish(
            account.words(f"Later, {number}"), media_ids=_filler(account), key=f"{account.name}-{number}", repeat=False
        )
    account.deliver_to_the_end()
    assert words_of(account.toots()).count(said.text) == 1
    assert account.row(toot).state is SENT


def _filler(account: Account) -> tuple[str, ...]:
    return (account.publisher.upload(account.picture()),) if account.kind.limits.picture_needed else ()


def a_failure_that_is_replayed(account: Account) -> None:
    """Pleroma gives the 500 again for six hours: only another key, after the absence was proven, gets through."""
    said = account.words()
    toot = account.owes(said)
    account.goes_wrong(fault(POST, "error-500"))
    assert 2 * MINUTE <= account.deliver_to_the_end() < 3 * MINUTE
    assert words_of(account.toots()) == [said.text]
    assert (account.row(toot).generation, account.posts) == (1, 2)
    keys = {
        one.headers["Idempotency-Key"] for one in account.line.sent if one.method == "POST" and _posts(one.path_url)
    }
    assert len(keys) == 2


def _posts(path: str) -> bool:
    return path == "/api/v1/statuses"


def a_repeated_answer(do: str) -> Story:
    """A clear no that the server gives again for each repeat of its key, long after its cause has gone."""

    def story(account: Account) -> None:
        said = account.words()
        account.goes_wrong(fault(POST, do))
        account.owes(said)
        assert account.deliver_to_the_end() < 6 * MINUTE
        assert words_of(account.toots()) == [said.text]
        assert account.posts == 2

    return story


def a_key_is_refused_though_the_first_try_failed(account: Account) -> None:
    """Pixelfed remembers the key of a try that failed as well: looked for, then sent with another one."""
    said = account.words()
    toot = account.owes(said)
    account.goes_wrong({"repeat": "400"}, fault(POST, "503"))
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]
    assert account.row(toot).state is SENT


def a_duplicate_key_answer_on_a_repeat(account: Account) -> None:
    said = account.words()
    account.goes_wrong(fault(POST, "drop"))
    account.line.instead += [(POST, says(503, "busy")), (POST, says(400, "Duplicate idempotency key."))]
    toot = account.owes(said)
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]
    assert account.row(toot).state is SENT
    assert "rejected" not in account.happened


def an_edit_that_is_there_already(account: Account) -> None:
    """GoToSocial answers 422 "status was not changed" to the repeat of an edit whose answer was lost."""
    said = account.words()
    toot = account.owes(said)
    account.deliver_to_the_end()
    new = replace(said, text=f"Mended. {said.text}")
    account.goes_wrong(fault(PUT, "post-then-504"))
    edit = account.owes_edit(toot, new)
    account.deliver_to_the_end()
    assert len(account.line.lines("PUT")) == 2
    assert words_of(account.toots()) == [new.text]
    assert account.row(edit).state is SENT


def markdown_by_default(account: Account) -> None:
    said = account.words("**Doors** open _at nine_: {link}")
    account.goes_wrong({"markdown": account.name})
    toot = account.owes(said)
    account.deliver_pending()
    assert words_of(account.toots()) == [said.text]
    new = replace(said, text=f"*Now* {said.text}")
    account.goes_wrong({"markdown": account.name})
    account.owes_edit(toot, new)
    account.deliver_pending()
    (found,) = account.toots()
    assert found["text"] == new.text
    assert "*Now* **Doors** open _at nine_" in found["content"]


def a_poll_as_json(account: Account) -> None:
    """Mastodon.py writes true and false as "1" and "0" there, which GoToSocial cannot read."""
    poll = Poll(options=("Tea", "Coffee"), expires_in=timedelta(days=1), multiple=True, hide_totals=False)
    said = account.words("Tea or coffee? {link}", poll=poll, content_warning="Drinks")
    toot = account.owes(said)
    account.deliver_to_the_end()
    new = replace(said, text=f"Mended. {said.text}", content_warning=None)
    account.owes_edit(toot, new)
    account.deliver_to_the_end()
    (found,) = account.toots()
    assert (found["text"], found["sensitive"], found["warning"]) == (new.text, False, "")
    assert ([one["title"] for one in found["poll"]["options"]], found["poll"]["multiple"]) == (["Tea", "Coffee"], True)


def a_toot_without_its_picture(account: Account) -> None:
    """Pixelfed answers 403 to one, which is said of accounts: the toot is rejected, the account goes on."""
    bare, said = account.words(pictures=()), account.words()
    toot, after = account.owes(bare), account.owes(said)
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]
    assert (account.row(toot).state, account.row(after).state) == (REJECTED, SENT)
    assert "without a picture" in reason_words(account.row(toot).reason)


def spend(account: Account, rate: Rate, who: str) -> None:
    """As if others had used up a rate limit."""
    counter = account.server.app.extensions["announce-sandbox"].counter
    for _ in range(rate.limit):
        counter.count(rate, who, account.clock.now())


def the_limit_of_an_address(account: Account) -> None:
    """GoToSocial counts by address: all that this machine asks. Nothing is lost, and nothing is asked meanwhile."""
    said = account.words()
    toot = account.owes(said)
    rate = account.kind.rates.requests[0]
    spend(account, rate, "127.0.0.1")
    waiting = account.deliver_pending()
    assert waiting.wait_until is not None
    assert timedelta(seconds=1) <= waiting.wait_until - account.clock.now() <= 5 * MINUTE + timedelta(seconds=5)
    asked = len(account.line.sent)
    account.deliver_pending()
    assert (len(account.line.sent), account.row(toot).state) == (asked, DUE)
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]


def throttled(account: Account) -> None:
    """Pleroma's 15 in ten seconds, without any header: waited for all the same."""
    said = account.words()
    account.owes(said)
    me = account.call("GET", "/api/v1/accounts/verify_credentials").json()["id"]
    spend(account, PLEROMA_RATES.requests[0], me)
    assert 5 * MINUTE <= account.deliver_to_the_end() < 6 * MINUTE
    assert words_of(account.toots()) == [said.text]
    assert account.posts == 2


TABLE = rows(
    Trap(
        name="the key is ignored",
        source="section 8 GoToSocial",
        story=once({"repeat": "ignored"}, fault(POST, "post-then-504"), posts=1),
    ),
    Trap(name="ids in pages", source="section 8 GoToSocial, Pleroma", story=look_through_pages),
    Trap(name="too long", source="section 8", story=refused(text=f"{LONG}{{link}}"), kinds=KINDS),
    Trap(name="no words at all", source="section 8 GoToSocial", story=refused(text=" \n"), kinds=WORDS_ALONE),
    Trap(
        name="503 when overloaded",
        source="section 8 GoToSocial",
        story=once(instead=((POST, says(503, "busy", Retry_After="30")),)),
    ),
    Trap(name="an edit that changes nothing", source="section 8 GoToSocial", story=an_edit_that_is_there_already),
    Trap(name="Markdown by default", source="section 8 GoToSocial", story=markdown_by_default),
    Trap(name="a poll as JSON", source="section 8 GoToSocial", story=a_poll_as_json, kinds=WORDS_ALONE),
    Trap(
        name="a 500 replayed for six hours",
        source="section 8 Pleroma",
        story=a_failure_that_is_replayed,
        kinds=("pleroma",),
    ),
    Trap(
        name="a 503 replayed for six hours",
        source="section 8 Pleroma",
        story=once({"repeat": "replayed"}, fault(POST, "503"), within=5 * MINUTE),
    ),
    Trap(
        name="a 429 replayed for six hours",
        source="section 8 Pleroma",
        story=a_repeated_answer("429-with-reset"),
        kinds=("pleroma", "pixelfed"),
    ),
    Trap(
        name="a 403 replayed for six hours",
        source="section 8 Pleroma",
        story=a_repeated_answer("forbidden-403"),
        kinds=("pleroma", "pixelfed"),
    ),
    Trap(
        name="a twin still at work (409)",
        source="section 8 Pleroma",
        story=once(instead=((POST, says(409, "busy")),), posts=2),
    ),
    Trap(
        name="an upload answered 202 though finished",
        source="section 8 Pleroma",
        story=once({"media": "slow", "looks": 0}),
    ),
    Trap(name="a failed edit answered 500", source="section 8 Akkoma", story=once(fault(PUT, "error-500"))),
    Trap(
        name="a key refused after a failure",
        source="section 8 Pixelfed",
        story=a_key_is_refused_though_the_first_try_failed,
    ),
    Trap(name="a duplicate key on a repeat", source="section 8 Pixelfed", story=a_duplicate_key_answer_on_a_repeat),
    Trap(
        name="no toot without a picture",
        source="section 8 Pixelfed",
        story=a_toot_without_its_picture,
        kinds=("pixelfed",),
    ),
)

LIMITS = rows(
    Trap(name="300 per address", source="section 8 GoToSocial", story=the_limit_of_an_address, kinds=("gotosocial",)),
    Trap(name="15 in ten seconds", source="section 8 Pleroma", story=throttled, kinds=("pleroma",)),
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("pictures")) as made:
        yield made


@TABLE
def test_the_traps_of_other_servers(here: Stage, story: Story, kind: str) -> None:
    story(here.account(kind))


@LIMITS
def test_the_rate_limits_of_other_servers(here: Stage, story: Story, kind: str) -> None:
    story(here.account(kind, limited=True))
