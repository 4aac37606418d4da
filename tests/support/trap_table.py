"""A row of the table of traps, and the stories that most rows tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests

from bot.domain import DeliveryState
from bot.domain.wording import reason_words
from bot.sandbox.profiles import PROFILES
from tests.support.publishing import Answer
from tests.support.traps import Account, Meddle, words_of

KINDS = tuple(PROFILES)
MASTODONS = ("mastodon-4.5", "mastodon-4.6")
#: Those that take a toot without a picture.
WORDS_ALONE = tuple(kind for kind in KINDS if not PROFILES[kind].limits.picture_needed)
POST, PUT, DELETE, UPLOAD = (
    "POST /api/v1/statuses",
    "PUT /api/v1/statuses/*",
    "DELETE /api/v1/statuses/*",
    "POST *media",
)
SENT, REJECTED, DUE = DeliveryState.SENT, DeliveryState.REJECTED, DeliveryState.DUE
MINUTE = timedelta(minutes=1)
SOON = 20 * MINUTE

#: What is set up for an account, what it goes through, and what must be true in the end.
Story = Callable[[Account], None]


@dataclass(frozen=True, kw_only=True)
class Trap:
    """One trap: its name, where it is known from, and its story at the kinds of server that it concerns."""

    name: str
    source: str  #: a section of the fact sheet, or an issue
    story: Story
    kinds: tuple[str, ...] = KINDS


def rows(*traps: Trap) -> pytest.MarkDecorator:
    """A parametrization: every trap at every kind of server that it concerns."""
    names = [trap.name for trap in traps]
    assert len(set(names)) == len(names), "two traps of one name"
    cases = [
        pytest.param(trap.story, kind, id=f"{trap.source}: {trap.name} [{kind}]")
        for trap in traps
        for kind in trap.kinds
    ]
    return pytest.mark.parametrize(("story", "kind"), cases)


def fault(on: str, do: str, **more: Any) -> dict[str, Any]:
    return {"on": on, "do": do, **more}


def says(status: int, error: str | None = None, **headers: str) -> Answer:
    """An answer: with words it is JSON, without them a page of a proxy."""
    body: object = {"error": error} if error is not None else b"<html><body>An error</body></html>"
    return Answer(status=status, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def once(
    *faults: Mapping[str, Any],
    instead: tuple[tuple[str, Answer], ...] = (),
    meddle: Meddle | None = None,
    text: str = "",
    posts: int | None = None,
    at_least: timedelta = timedelta(),
    within: timedelta = SOON,
) -> Story:
    """In the end the server shows the toot once, with the right text, and also the toot after it."""

    def story(account: Account) -> None:
        said, next_said = account.words(text), account.words("And {link}")
        account.goes_wrong(*faults)
        account.line.instead += instead
        account.line.meddle = meddle
        toot, after = account.owes(said), account.owes(next_said)
        lasted = account.deliver_to_the_end()
        assert at_least <= lasted <= within, account.happened
        found = account.toots()
        assert words_of(found) == [said.text.strip(), next_said.text]
        assert [found[0]["id"], found[1]["id"]] == [account.row(toot).status_id, account.row(after).status_id]
        assert (account.row(toot).state, account.row(after).state) == (SENT, SENT)
        if posts is not None:
            assert account.posts == posts + 1

    return story


def refused(*faults: Mapping[str, Any], text: str = "", instead: Answer | None = None, words: str = "") -> Story:
    """The toot is rejected permanently and reported, and the server shows nothing of it; the next one goes out."""

    def story(account: Account) -> None:
        said, next_said = account.words(text), account.words("And {link}")
        account.goes_wrong(*faults)
        account.line.instead += [(POST, instead)] if instead is not None else []
        toot, after = account.owes(said), account.owes(next_said)
        account.deliver_to_the_end()
        assert words_of(account.toots()) == [next_said.text]
        assert (account.row(toot).state, account.row(after).state) == (REJECTED, SENT)
        assert words in reason_words(account.row(toot).reason)
        assert account.happened.count("rejected") == 1

    return story


def blocked_until(*faults: Mapping[str, Any], words: str = "", instead: tuple[tuple[str, Answer], ...] = ()) -> Story:
    """While the block lasts, nothing goes out and one alert is sent; afterwards each toot goes out once."""

    def story(account: Account) -> None:
        said = account.words()
        account.goes_wrong(*faults)
        account.line.instead += instead
        toot = account.owes(said)
        for _ in range(1 if instead else 5):
            account.clock.advance(account.deliver_pending().wait_until - account.clock.now())  # type: ignore[operator]
        assert account.row(toot).state is DUE
        assert words in reason_words(account.ledger.account_view(account.publisher.address).account.blocked)
        assert account.happened.count("blocked") == 1
        if faults:
            assert account.toots() == []  # which mends it as well
        account.deliver_to_the_end()
        assert words_of(account.toots()) == [said.text]
        assert account.row(toot).state is SENT
        assert account.ledger.account_view(account.publisher.address).account.blocked is None

    return story


def changed_answer(
    change: Callable[[requests.Response], None], *, on: str = "POST", times: int = 1
) -> Callable[[], Meddle]:
    """Changes the first answers to requests that post a status; the server has carried them out."""

    def make() -> Meddle:
        left = [times]

        def meddle(request: requests.PreparedRequest, response: requests.Response) -> None:
            is_wanted = f"{request.method} {request.path_url}".startswith(on)
            if is_wanted and "/media" not in (request.path_url or "") and left[0]:
                left[0] -= 1
                change(response)

        return meddle

    return make


def after_answer(change: Callable[[requests.Response], None], **how: Any) -> Story:
    """The server has the toot but the answer is altered: the bot finds the toot and does not send it again."""
    make = changed_answer(change)

    def story(account: Account) -> None:
        once(meddle=make(), posts=1, **how)(account)

    return story


def body(data: bytes) -> Callable[[requests.Response], None]:
    def change(response: requests.Response) -> None:
        response._content = data

    return change


def header(name: str, value: str | None) -> Callable[[requests.Response], None]:
    def change(response: requests.Response) -> None:
        if value is None:
            response.headers.pop(name, None)
        else:
            response.headers[name] = value

    return change
