"""The real client over real HTTP against a server that misbehaves: what is raised, and what the server really has."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import AccountBlockedError, OutcomeUnknownError, PublishError, RejectedError, TransientError
from bot.model import Receipt
from bot.publishers.mastodon import MastodonPublisher
from bot.sandbox.faults import MISHAPS, Fault
from bot.sandbox.personality import Repeat
from bot.sandbox.server import SandboxServer
from tests.support.publishing import TOKEN, announcement, on_loopback, picture, public_statuses, requests_seen

T, B, R, U = TransientError, AccountBlockedError, RejectedError, OutcomeUnknownError
POST = "POST /api/v1/statuses"
TIMEOUT = timedelta(seconds=0.4)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(limited=False) as running:
        yield running


@pytest.fixture
def publisher(server: SandboxServer) -> Iterator[MastodonPublisher]:
    with on_loopback(server.url, timeout=TIMEOUT) as made:
        made.introduce()
        yield made


def say(publisher: MastodonPublisher, *, repeat: bool = False) -> Receipt:
    return publisher.publish(announcement(), media_ids=(), key="key", repeat=repeat)


def failure(call: Callable[[], object]) -> PublishError:
    """What is raised, in time, and without the token anywhere."""
    began = time.monotonic()
    with pytest.raises(PublishError) as caught:
        call()
    assert time.monotonic() - began < 3
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
        ("post-then-hang:5", U, 1),
        ("drop-before", U, 0),
        ("hang:5", U, 0),
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
    server: SandboxServer, publisher: MastodonPublisher, do: str, kind: type[PublishError], there: int, repeat: bool
) -> None:
    server.faults.switch([Fault(on=POST, do=do, times=None)])
    error = failure(lambda: say(publisher, repeat=repeat))
    assert type(error) is kind
    assert len(public_statuses(server.url)) == there
    assert requests_seen(server.url, path="/api/v1/statuses") == [POST]


@pytest.mark.parametrize("mishap", MISHAPS)
def test_every_class_but_unknown_means_that_nothing_is_there(
    server: SandboxServer, publisher: MastodonPublisher, mishap: str
) -> None:
    server.faults.switch([Fault(on=POST, do=f"{mishap}:5" if mishap == "hang" else mishap)])
    error = failure(lambda: say(publisher))
    assert type(error) in (T, B, U)
    if type(error) is not U:
        assert public_statuses(server.url) == []


@pytest.mark.parametrize("mishap", MISHAPS)
def test_once_the_fault_is_over_the_same_publisher_posts(
    server: SandboxServer, publisher: MastodonPublisher, mishap: str
) -> None:
    server.faults.switch([Fault(on=POST, do=f"{mishap}:5" if mishap == "hang" else mishap)])
    failure(lambda: say(publisher))
    receipt = say(publisher, repeat=True)
    assert [status["id"] for status in public_statuses(server.url)] == [receipt.status_id]


@pytest.mark.parametrize("do", ["post-then-drop", "post-then-504", "post-then-empty-200", "post-then-hang:5"])
def test_a_look_finds_what_arrived_without_an_answer(
    server: SandboxServer, publisher: MastodonPublisher, do: str
) -> None:
    before = publisher.newest_status_id()
    server.faults.switch([Fault(on=POST, do=do)])
    failure(lambda: say(publisher))
    (seen,) = publisher.look(announcement(), after_id=before)
    assert seen.text == announcement().text
    assert [seen.status_id] == [status["id"] for status in public_statuses(server.url)]


def test_a_rate_limit_names_the_wait(server: SandboxServer, publisher: MastodonPublisher) -> None:
    server.faults.switch([Fault(on=POST, do="429-with-reset")])
    error = failure(lambda: say(publisher))
    assert isinstance(error, TransientError)
    assert error.retry_after is not None
    # The sandbox names a reset in five minutes; Date has whole seconds.
    assert timedelta(minutes=4, seconds=57) < error.retry_after < timedelta(minutes=5, seconds=3)


def test_a_redirect_is_never_followed(server: SandboxServer, publisher: MastodonPublisher) -> None:
    # Followed, the POST would become GET /api/v1/statuses, which answers [] (Mastodon.py, requests).
    server.faults.switch([Fault(on="*", do="redirect-301", times=None)])
    already = len(requests_seen(server.url))
    error = failure(lambda: say(publisher))
    assert isinstance(error, AccountBlockedError)
    assert "`server`" in error.remedy
    assert requests_seen(server.url)[already:] == [POST]
    assert type(failure(publisher.introduce)) is AccountBlockedError
    assert len(requests_seen(server.url)) == already + 2


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("method", ["introduce", "newest_status_id", "look", "look at the source"])
def test_reading_is_transient_or_blocked_and_nothing_else(
    server: SandboxServer, publisher: MastodonPublisher, method: str, mishap: str
) -> None:
    say(publisher)
    calls: dict[str, Callable[[], object]] = {
        "introduce": publisher.introduce,
        "newest_status_id": publisher.newest_status_id,
        "look": lambda: publisher.look(announcement(), after_id="0"),
        "look at the source": lambda: publisher.look(announcement(), after_id="0"),
    }
    on = "GET */source" if method == "look at the source" else "GET /api/*"
    server.faults.switch([Fault(on=on, do=f"{mishap}:5" if mishap == "hang" else mishap, times=None)])
    blocked = mishap in ("redirect-301", "unauthorized-401", "forbidden-403")
    assert type(failure(calls[method])) is (B if blocked else T)
    server.faults.switch()
    assert len(public_statuses(server.url)) == 1


@pytest.mark.parametrize("mishap", MISHAPS)
def test_an_upload_that_fails_is_transient_or_blocked_and_posts_nothing(
    server: SandboxServer, publisher: MastodonPublisher, mishap: str, tmp_path: Path
) -> None:
    server.faults.switch([Fault(on="POST /api/*/media", do=f"{mishap}:5" if mishap == "hang" else mishap)])
    blocked = mishap in ("redirect-301", "unauthorized-401", "forbidden-403")
    assert type(failure(lambda: publisher.upload(picture(tmp_path)))) is (B if blocked else T)
    assert public_statuses(server.url) == []
    assert requests_seen(server.url, method="POST") == ["POST /api/v2/media"]


def test_the_key_makes_one_status_of_two_posts_where_the_server_honours_it(
    server: SandboxServer, publisher: MastodonPublisher
) -> None:
    assert say(publisher) == say(publisher, repeat=True)
    assert len(public_statuses(server.url)) == 1


def test_a_repeat_answered_with_500_is_an_open_outcome(server: SandboxServer, publisher: MastodonPublisher) -> None:
    # Mastodon 4.6: mastodon/mastodon #40399.
    server.faults.switch(repeat=Repeat.ERROR)
    say(publisher)
    assert type(failure(lambda: say(publisher, repeat=True))) is OutcomeUnknownError
    assert len(public_statuses(server.url)) == 1


@contextmanager
def listening(backlog: int = 5) -> Iterator[tuple[socket.socket, str]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_port_where_nobody_listens_means_that_nothing_was_sent(
    server: SandboxServer, publisher: MastodonPublisher
) -> None:
    server.stop()
    publisher.close()  # the open connection would still be served
    error = failure(lambda: say(publisher))
    assert type(error) is TransientError
    assert "cannot be reached" in str(error)


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent() -> None:
    # An address whose network interface does not exist: refused by the resolver, without asking the network.
    with on_loopback("http://[fe80::1%25nosuch0]:1", timeout=TIMEOUT) as publisher:
        error = failure(lambda: say(publisher))
    assert type(error) is TransientError
    assert "cannot be reached" in str(error)
    assert "NameResolutionError" in str(error.__cause__)


def test_a_server_that_never_picks_up_means_that_nothing_was_sent() -> None:
    with listening(backlog=0) as (listener, url), socket.socket() as waiting, socket.socket() as another:
        # The queue of the listener is full, so the next connection gets no answer at all.
        for sock in (waiting, another):
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        with on_loopback(url, timeout=TIMEOUT) as publisher:
            error = failure(lambda: say(publisher))
    assert type(error) is TransientError
    assert "cannot be reached" in str(error)


def test_a_server_without_https_is_transient_and_names_the_setting(server: SandboxServer) -> None:
    with listening() as (_, url), on_loopback(url.replace("http:", "https:"), timeout=TIMEOUT) as publisher:
        assert type(failure(publisher.introduce)) is TransientError


def test_another_account_than_the_settings_say_sends_nothing(server: SandboxServer, tmp_path: Path) -> None:
    with on_loopback(server.url, acct="@other@example.social", timeout=TIMEOUT) as publisher:
        for call in (
            publisher.introduce,
            publisher.newest_status_id,
            lambda: publisher.look(announcement(), after_id="0"),
            lambda: publisher.upload(picture(tmp_path)),
            lambda: say(publisher),
        ):
            error = failure(call)
            assert isinstance(error, AccountBlockedError)
            assert "@conf@127.0.0.1" in str(error)
            assert "@other@example.social" in str(error)
    assert requests_seen(server.url, method="POST") == []
    assert public_statuses(server.url) == []
