"""The real client over real HTTP against a server that misbehaves: what is raised, and what the server really has."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from bot.domain import Receipt
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, PublishError, TransientError
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.sandbox.faults import FAULT_KINDS, Fault
from bot.sandbox.profiles import RepeatPolicy
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import (
    TOKEN,
    announcement,
    forget_requests,
    on_loopback,
    picture,
    public_statuses,
    requests_seen,
)
from tests.support.timeouts import patient

T, B, U = TransientError, AccountBlockedError, OutcomeUnknownError
POST = "POST /api/v1/statuses"
SHORT = timedelta(seconds=0.3)
NUMBERS = count()

#: Each of the sandbox's mishaps; one that hangs does so for longer than anybody waits.
EACH_MISHAP = [f"{mishap}:30" if mishap == "hang" else mishap for mishap in FAULT_KINDS]
BLOCKING = ("redirect-301", "unauthorized-401", "forbidden-403")


class Impatient(HTTPAdapter):
    """Waits only briefly for requests of one method, so that all others have time enough on a busy machine."""

    method = ""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        if request.method == self.method:
            options["timeout"] = SHORT.total_seconds()
        return super().send(request, *args, **options)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A publisher that has verified its account, and its server."""

    server: FakeMastodon
    publisher: MastodonPublisher
    adapter: Impatient

    def goes_wrong(self, on: str, do: str, *, times: int | None = None) -> None:
        """From now on, or so many times."""
        self.adapter.method = on.partition(" ")[0] if "hang" in do else ""
        self.server.faults.switch([Fault(on=on, do=do, times=times)])

    def emit(self, *, repeat: bool = False) -> Receipt:
        return self.publisher.publish(announcement(), media_ids=(), key="key", repeat=repeat)

    def there(self, *, expected: int) -> int:
        """How many statuses the server has; waits for those that it may still be working on."""
        end = time.monotonic() + 10
        while (found := len(public_statuses(self.server.url))) < expected and time.monotonic() < end:
            time.sleep(0.02)
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon(limited=False) as running:
        yield running


@pytest.fixture
def stage(server: FakeMastodon) -> Iterator[Stage]:
    """The server of this file, with nothing on it and nothing wrong with it."""
    server.faults.switch()
    for status in server.store.statuses():
        server.store.remove(status, with_media=True)
    session, adapter = requests.Session(), Impatient()
    session.trust_env = False
    session.mount("http://", adapter)
    # A new account each time: the server remembers the keys of one for an hour.
    with on_loopback(server.url, token=f"{TOKEN}{next(NUMBERS)}", session=session) as publisher:
        publisher.verify_account()
        forget_requests(server.url)
        yield Stage(server=server, publisher=publisher, adapter=adapter)


def failure(call: Callable[[], object]) -> PublishError:
    """What is raised, in time, and without the token anywhere."""
    began = time.monotonic()
    with pytest.raises(PublishError) as caught:
        call()
    assert time.monotonic() - began < 20
    told = [*traceback.format_exception(caught.value), repr(caught.value), repr(caught.value.__dict__)]
    assert TOKEN not in "".join(told)
    return caught.value


@pytest.mark.parametrize(
    ("do", "kind", "there"),
    [
        ("post-then-drop", U, 1),
        ("post-then-504", U, 1),
        ("post-then-html-502", U, 1),
        ("post-then-error-500", U, 1),
        ("post-then-503", U, 1),
        ("post-then-empty-200", U, 1),
        ("post-then-hang:30", U, 1),
        ("drop", U, 0),
        ("hang:30", U, 0),
        ("504", U, 0),
        ("error-500", U, 0),
        ("html-502", U, 0),
        ("503", U, 0),
        ("empty-200", U, 0),
        ("429-with-reset", T, 0),
        ("429-without-reset", T, 0),
        ("redirect-301", B, 0),
        ("unauthorized-401", B, 0),
        ("forbidden-403", B, 0),
    ],
)
@pytest.mark.parametrize("repeat", [False, True], ids=["first", "again"])
def test_a_failing_post_is_told_by_its_class_and_made_once(
    stage: Stage, do: str, kind: type[PublishError], there: int, repeat: bool
) -> None:
    stage.goes_wrong(POST, do)
    assert type(failure(lambda: stage.emit(repeat=repeat))) is kind
    assert stage.there(expected=there) == there
    assert requests_seen(stage.server.url) == [POST]


@pytest.mark.parametrize("do", EACH_MISHAP)
def test_once_the_fault_is_over_the_same_publisher_posts(stage: Stage, do: str) -> None:
    stage.goes_wrong(POST, do, times=1)
    failure(stage.emit)
    stage.adapter.method = ""
    receipt = stage.emit(repeat=True)
    assert [status["id"] for status in public_statuses(stage.server.url)] == [receipt.status_id]


@pytest.mark.parametrize("do", ["post-then-drop", "post-then-504", "post-then-empty-200", "post-then-hang:30"])
def test_a_look_finds_what_arrived_without_an_answer(stage: Stage, do: str) -> None:
    before = stage.publisher.newest_status_id()
    stage.goes_wrong(POST, do)
    failure(stage.emit)
    assert stage.there(expected=1) == 1
    (seen,) = stage.publisher.read_back(announcement(), after_id=before)
    assert seen.text == announcement().text
    assert [seen.status_id] == [status["id"] for status in public_statuses(stage.server.url)]


def test_a_rate_limit_names_the_wait(stage: Stage) -> None:
    stage.goes_wrong(POST, "429-with-reset")
    error = failure(stage.emit)
    assert isinstance(error, TransientError)
    assert error.retry_after is not None
    # The sandbox names a reset in five minutes; Date has whole seconds.
    assert timedelta(minutes=4, seconds=40) < error.retry_after < timedelta(minutes=5, seconds=3)


def test_a_redirect_is_never_followed(stage: Stage) -> None:
    # Followed, the POST would become GET /api/v1/statuses, which answers [] (Mastodon.py, requests).
    stage.goes_wrong("*", "redirect-301")
    error = failure(stage.emit)
    assert isinstance(error, AccountBlockedError)
    assert "`server`" in error.remedy
    assert requests_seen(stage.server.url) == [POST]
    assert type(failure(stage.publisher.verify_account)) is AccountBlockedError
    assert len(requests_seen(stage.server.url)) == 2


@pytest.mark.parametrize("do", EACH_MISHAP)
@pytest.mark.parametrize("on", ["GET /api/*", "GET */source"])
def test_reading_is_transient_or_blocked_and_nothing_else(stage: Stage, on: str, do: str) -> None:
    stage.emit()
    stage.goes_wrong(on, do)
    kind = B if do in BLOCKING else T
    assert type(failure(lambda: stage.publisher.read_back(announcement(), after_id="0"))) is kind
    if on != "GET */source":
        assert type(failure(stage.publisher.newest_status_id)) is kind
        assert type(failure(stage.publisher.verify_account)) is kind
    stage.server.faults.switch()
    assert stage.there(expected=1) == 1


@pytest.mark.parametrize("do", EACH_MISHAP)
def test_recent_statuses_that_cannot_be_read_are_none_at_all(stage: Stage, do: str) -> None:
    stage.emit()
    stage.goes_wrong("GET /api/v1/accounts/*/statuses", do)
    kind = B if do in BLOCKING else T
    assert type(failure(lambda: stage.publisher.list_recent(since=datetime(2000, 1, 1, tzinfo=UTC)))) is kind


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("do", EACH_MISHAP)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_edit_or_deletion_that_fails_can_be_made_again(
    stage: Stage, method: str, do: str, carried_out: bool
) -> None:
    receipt = stage.emit()
    new = announcement("New words.", link=None)

    def change() -> None:
        if method == "DELETE":
            stage.publisher.delete(receipt.status_id)
        else:
            stage.publisher.edit(receipt.status_id, new, shown=announcement())

    stage.goes_wrong(f"{method} /api/v1/statuses/*", f"post-then-{do}" if carried_out else do, times=1)
    error = failure(change)
    assert type(error) is (B if do in BLOCKING else T if do.startswith("429") else U)
    stage.adapter.method = ""
    change()
    contents = [status["content"] for status in public_statuses(stage.server.url)]
    assert contents == ([] if method == "DELETE" else ["<p>New words.</p>"])


@pytest.mark.parametrize("do", EACH_MISHAP)
def test_an_upload_that_fails_is_transient_or_blocked_and_posts_nothing(stage: Stage, do: str, tmp_path: Path) -> None:
    stage.goes_wrong("POST /api/*/media", do)
    kind = B if do in BLOCKING else T
    assert type(failure(lambda: stage.publisher.upload(picture(tmp_path)))) is kind
    assert requests_seen(stage.server.url, method="POST") == ["POST /api/v2/media"]
    assert public_statuses(stage.server.url) == []


def test_the_key_makes_one_status_of_two_posts_where_the_server_honours_it(stage: Stage) -> None:
    assert stage.emit() == stage.emit(repeat=True)
    assert stage.there(expected=1) == 1


def test_a_repeat_answered_with_500_is_an_open_outcome(stage: Stage) -> None:
    # Mastodon 4.6: mastodon/mastodon #40399.
    stage.server.faults.switch(repeat=RepeatPolicy.ERROR)
    stage.emit()
    assert type(failure(lambda: stage.emit(repeat=True))) is OutcomeUnknownError
    assert stage.there(expected=1) == 1


def test_another_account_than_the_settings_say_sends_nothing(stage: Stage, tmp_path: Path) -> None:
    url = stage.server.url
    with on_loopback(url, acct="@other@example.social") as publisher:
        for call in (
            publisher.verify_account,
            publisher.newest_status_id,
            lambda: publisher.read_back(announcement(), after_id="0"),
            lambda: publisher.upload(picture(tmp_path)),
            lambda: publisher.publish(announcement(), media_ids=(), key="key", repeat=False),
            lambda: publisher.edit("1", announcement(), shown=None),
            lambda: publisher.delete("1"),
            lambda: publisher.list_recent(since=datetime.now(UTC)),
        ):
            error = failure(call)
            assert isinstance(error, AccountBlockedError)
            assert f"@conf@{url.removeprefix('http://')}" in str(error)
            assert "@other@example.social" in str(error)
    assert [line for line in requests_seen(url) if not line.startswith("GET ")] == []
    assert public_statuses(url) == []


# -- without a server


def one_that_says(server: str) -> Callable[[], object]:
    """Introduces itself on the way."""

    def emit() -> None:
        with on_loopback(server, timeout=SHORT) as publisher:
            publisher.publish(announcement(), media_ids=(), key="key", repeat=False)

    return emit


@contextmanager
def listening(backlog: int = 5) -> Iterator[tuple[str, tuple[str, int]]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", listener.getsockname()


def test_a_port_where_nobody_listens_means_that_nothing_was_sent() -> None:
    with FakeMastodon() as server, on_loopback(server.url) as publisher:
        publisher.verify_account()
        server.stop()
        publisher.close()  # the open connection would still be served
        error = failure(lambda: publisher.publish(announcement(), media_ids=(), key="key", repeat=False))
    assert type(error) is TransientError
    assert "cannot be reached" in str(error)


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent() -> None:
    # An address whose network interface does not exist: refused by the resolver, without asking the network.
    error = failure(one_that_says("http://[fe80::1%25nosuch0]:1"))
    assert type(error) is TransientError
    assert "cannot be reached" in str(error)
    assert "NameResolutionError" in str(error.__cause__)


def test_a_server_that_never_picks_up_means_that_nothing_was_sent() -> None:
    with listening(backlog=0) as (url, address), socket.socket() as waiting, socket.socket() as another:
        # The queue of the listener is full, so the next connection gets no answer at all.
        for sock in (waiting, another):
            sock.setblocking(False)
            sock.connect_ex(address)
        error = failure(one_that_says(url))
    assert type(error) is TransientError
    assert "cannot be reached" in str(error)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_says_nothing_is_not_waited_for_longer_than_the_timeout(scheme: str) -> None:
    with listening() as (url, _):
        began = time.monotonic()
        assert type(failure(one_that_says(url.replace("http", scheme)))) is TransientError
        assert time.monotonic() - began < patient(5)
