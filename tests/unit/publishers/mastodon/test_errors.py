"""Mastodon.py's real errors → what the caller is told to do.

Sources: PY = Mastodon.py 2.3.3 mastodon/…, RQ = requests 2.34 requests/…, U3 = urllib3 2 urllib3/…,
M = mastodon/mastodon app/…, GTS = superseriousbusiness/gotosocial, PL = Pleroma 2.7, PX = pixelfed/pixelfed.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import IncompleteRead, RemoteDisconnected
from socket import gaierror
from typing import Any

import pytest
import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError
from urllib3 import exceptions as u3
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, PublishError, RejectedError, TransientError
from bot.publishers.mastodon.errors import LONGEST_WAIT, UNNAMED_WAIT, Doing, classify
from tests.support.publishing import Answer, doctored

Kind = type[PublishError]
T, B, R, U = TransientError, AccountBlockedError, RejectedError, OutcomeUnknownError
NAMES: tuple[tuple[Doing, bool], ...] = (
    ("reading", False),
    ("uploading", False),
    ("sending", False),
    ("sending", True),
)

HTML = b"<html><body><h1>Something</h1></body></html>"
POOL = HTTPConnectionPool("conf.invalid", 1)
CONNECTION = HTTPConnection("conf.invalid", 1)


def said(text: str) -> dict[str, str]:
    return {"error": text}


def raised(happening: Answer | Exception) -> tuple[MastodonError, float | None]:
    """The error that Mastodon.py itself raises for this answer, or this error of requests."""

    def doctor(_: requests.PreparedRequest) -> Answer:
        if isinstance(happening, Exception):
            raise happening
        return happening

    session, _ = doctored(doctor)
    session.max_redirects = 0
    with session:
        client = Mastodon(api_base_url="http://conf.invalid", ratelimit_method="throw", session=session)
        with pytest.raises(MastodonError) as caught:
            client.status_post("Said.", idempotency_key="key")
        return caught.value, client.ratelimit_reset


def found(happening: Answer | Exception, doing: Doing = "reading", *, repeat: bool = False) -> PublishError:
    error, reset = raised(happening)
    return classify(error, doing=doing, repeat=repeat, ratelimit_reset=reset)


def tried(reason: Exception) -> u3.MaxRetryError:
    """urllib3's wrapping of what went wrong while connecting or reading (U3 connectionpool.py `urlopen`)."""
    return u3.MaxRetryError(POOL, "/api/v1/statuses", reason)


#: what happens, then the class while reading, uploading, sending, and sending again after an open outcome
ANSWERED: list[tuple[str, Answer, Kind, Kind, Kind, Kind]] = [
    # M controllers/api/base_controller.rb, config/locales/doorkeeper.en.yml; a revoked, wrong or expired token
    ("401", Answer(status=401, body=said("The access token is invalid")), B, B, B, B),
    # a proxy's own password: no word from Mastodon
    ("401 page", Answer(status=401, body=HTML), T, T, U, U),
    # M doorkeeper: a missing scope, a suspended or disabled account
    ("403", Answer(status=403, body=said("This action is outside the authorized scopes")), B, B, B, B),
    # a firewall's page; PY internals.py gives it no text
    ("403 page", Answer(status=403, body=HTML), T, T, U, U),
    # M base_controller.rb `not_found`; on a repeat the key may belong to a status deleted meanwhile
    ("404", Answer(status=404, body=said("Record not found")), B, R, R, U),
    # PY internals.py makes up the text "Endpoint not found."
    ("404 page", Answer(status=404, body=HTML), T, T, U, U),
    # GTS internal/processing/status/create.go: too long, empty; PX ApiV1Controller.php: "Duplicate idempotency key."
    ("400", Answer(status=400, body=said("Duplicate idempotency key.")), B, R, R, U),
    ("400 page", Answer(status=400, body=HTML), T, T, U, U),
    # about the request's way, not about its words
    ("408", Answer(status=408, body=said("Request Timeout")), T, T, U, U),
    # PL lib/pleroma/web/plugs/idempotency_plug.ex: the twin of this request is still running
    ("409", Answer(status=409, body=said("Conflict")), T, T, U, U),
    ("425", Answer(status=425, body=said("Too Early")), T, T, U, U),
    # M concerns/error_responses.rb: the server is shutting itself down
    ("410", Answer(status=410, body=said("Gone")), B, B, B, B),
    ("410 page", Answer(status=410, body=HTML), T, T, U, U),
    # nginx's own page, M dist/nginx.conf `client_max_body_size 99m`
    ("413 page", Answer(status=413, body=HTML), T, T, U, U),
    ("413", Answer(status=413, body=said("Payload too large")), B, R, R, R),
    # M services/post_status_service.rb and validators; nothing is stored, nor is the key
    ("422", Answer(status=422, body=said("Validation failed: Text can't be blank")), B, R, R, R),
    ("422 page", Answer(status=422, body=HTML), T, T, U, U),
    # PY internals.py takes a bare JSON string as the text
    ("422 bare", Answer(status=422, body="No."), B, R, R, R),
    # M concerns/api/error_handling.rb, initializers/rack_attack.rb: turned away at the door
    ("429", Answer(status=429, body=said("Too many requests")), T, T, T, T),
    ("429 page", Answer(status=429, body=HTML), T, T, T, T),
    # PY internals.py: raised for any answer, also after a success
    ("200, garbled reset", Answer(body={"id": "1"}, headers={"X-RateLimit-Reset": "soon"}), T, T, U, U),
    ("200, garbled date", Answer(headers={"X-RateLimit-Reset": "9999999999", "Date": "now"}), T, T, U, U),
    ("429, garbled reset", Answer(status=429, headers={"X-RateLimit-Reset": "soon"}), T, T, U, U),
    # mastodon/mastodon #40399: 4.6 answers a repeated key with 500 though the status is there
    ("500", Answer(status=500, body=said("Internal error")), T, T, U, U),
    ("500 page", Answer(status=500, body=HTML), T, T, U, U),
    # PY internals.py: 501–511 MastodonServerError
    ("501", Answer(status=501, body=HTML), T, T, U, U),
    ("502", Answer(status=502, body=HTML), T, T, U, U),
    # M concerns/api/error_handling.rb: also a lock that could not be had (models/concerns/lockable.rb)
    ("503", Answer(status=503, body=said("There was a temporary problem serving your request")), T, T, U, U),
    # mastodon/mastodon #21840, #7033: the status appears after the proxy has given up
    ("504", Answer(status=504, body=HTML), T, T, U, U),
    # PY internals.py: 520+ (Cloudflare) are plain MastodonAPIError
    ("524", Answer(status=524, body=HTML), T, T, U, U),
    # PY internals.py: a 2xx that is no JSON is MastodonAPIError whose args carry no code
    ("200 empty", Answer(), T, T, U, U),
    ("200 page", Answer(body=HTML), T, T, U, U),
    ("200 cut short", Answer(body=b'{"id": "1'), T, T, U, U),
    # RQ sessions.py `resolve_redirects`: with max_redirects 0 the first one is TooManyRedirects
    ("301", Answer(status=301, headers={"Location": "http://other.invalid/"}), B, B, B, B),
    ("307", Answer(status=307, headers={"Location": "http://other.invalid/"}), B, B, B, B),
    ("302 without an address", Answer(status=302), T, T, U, U),
]

HANDSHAKE = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
EXPIRED = ssl.SSLCertVerificationError(1, "certificate verify failed: certificate has expired")
BAD_CERTIFICATE = requests.exceptions.SSLError(tried(u3.SSLError(EXPIRED)))

#: All as raised in RQ adapters.py `send` around U3 connectionpool.py `urlopen`; PY internals.py wraps each in
#: MastodonNetworkError without naming it as its cause, so only `__context__` tells.
BROKEN: list[tuple[str, Exception, Kind, Kind, Kind, Kind]] = [
    # U3 connection.py `_new_conn`: no connection, so nothing was sent
    ("connecting takes too long", requests.ConnectTimeout(tried(u3.ConnectTimeoutError(CONNECTION, "x"))), T, T, T, T),
    ("refused", requests.ConnectionError(tried(u3.NewConnectionError(CONNECTION, "refused"))), T, T, T, T),
    ("no such name", requests.ConnectionError(tried(u3.NameResolutionError("x", CONNECTION, gaierror()))), T, T, T, T),
    # U3 connectionpool.py `_wrap_proxy_error`: the proxy itself cannot be reached
    (
        "proxy refused",
        requests.exceptions.ProxyError(tried(u3.ProxyError("x", u3.NewConnectionError(CONNECTION, "refused")))),
        *(T, T, T, T),
    ),
    # the same class for what came after the connection (U3 1.26 connectionpool.py)
    (
        "proxy reset",
        requests.exceptions.ProxyError(tried(u3.ProxyError("x", ConnectionResetError(104, "reset")))),
        *(T, T, U, U),
    ),
    # U3 connectionpool.py `_raise_timeout`
    ("no answer in time", requests.ReadTimeout(u3.ReadTimeoutError(POOL, "/", "Read timed out.")), T, T, U, U),
    ("reset", requests.ConnectionError(u3.ProtocolError("Connection aborted.", ConnectionResetError(104))), T, T, U, U),
    ("closed", requests.ConnectionError(u3.ProtocolError("x", RemoteDisconnected("no response"))), T, T, U, U),
    # RQ models.py `iter_content`: the answer had begun
    ("cut short", requests.exceptions.ChunkedEncodingError(u3.ProtocolError("x", IncompleteRead(b"{"))), T, T, U, U),
    ("bad length", requests.exceptions.InvalidHeader(u3.InvalidHeader("Content-Length: 1, 2")), T, T, U, U),
    # the certificate is judged before anything is sent; TLS may also break later
    ("bad certificate", BAD_CERTIFICATE, T, T, T, T),
    ("broken TLS", requests.exceptions.SSLError(tried(u3.SSLError(HANDSHAKE))), T, T, U, U),
    ("too many redirects", requests.TooManyRedirects("Exceeded 0 redirects."), B, B, B, B),
]


@pytest.mark.parametrize("column", range(4), ids=["reading", "uploading", "sending", "sending-again"])
@pytest.mark.parametrize(("happening", "kinds"), [pytest.param(row[1], row[2:], id=row[0]) for row in ANSWERED])
def test_each_answer_has_its_class(happening: Answer, kinds: tuple[Kind, ...], column: int) -> None:
    doing, repeat = NAMES[column]
    assert type(found(happening, doing, repeat=repeat)) is kinds[column]


@pytest.mark.parametrize("column", range(4), ids=["reading", "uploading", "sending", "sending-again"])
@pytest.mark.parametrize(("happening", "kinds"), [pytest.param(row[1], row[2:], id=row[0]) for row in BROKEN])
def test_each_broken_connection_has_its_class(happening: Exception, kinds: tuple[Kind, ...], column: int) -> None:
    doing, repeat = NAMES[column]
    assert type(found(happening, doing, repeat=repeat)) is kinds[column]


def test_the_rows_keep_the_contract() -> None:
    """Reading never rejects and has no open outcome; nor does an upload leave one."""
    for name, _, reading, uploading, *_ in [*ANSWERED, *BROKEN]:
        assert reading in (T, B), name
        assert uploading in (T, B, R), name


def test_an_error_that_was_being_handled_is_no_cause() -> None:
    # Python chains: whoever sends again while handling "refused" would otherwise be told "refused" of a timeout.
    timeout = requests.ReadTimeout(u3.ReadTimeoutError(POOL, "/", "Read timed out."))
    try:
        raise requests.ConnectionError(tried(u3.NewConnectionError(CONNECTION, "refused")))
    except requests.ConnectionError:
        error = found(timeout, "sending")
    assert type(error) is OutcomeUnknownError


@pytest.mark.parametrize(("doing", "kind"), [("uploading", R), ("sending", R), ("reading", T)])
def test_what_mastodon_py_refuses_to_send_is_rejected(doing: Doing, kind: Kind) -> None:
    with pytest.raises(MastodonError) as caught:
        # PY internals.py `__load_media_file`
        Mastodon(api_base_url="http://conf.invalid").media_post(b"bytes of unknown type")
    assert type(classify(caught.value, doing=doing)) is kind


@pytest.mark.parametrize(
    ("happening", "words"),
    [
        (Answer(status=401, body=said("The access token was revoked")), ["revoked", "announce login"]),
        (
            Answer(status=403, body=said("Your login is currently disabled")),
            ["login is currently disabled", "announce accounts", "read:statuses", "read:accounts"],
        ),
        (Answer(status=410, body=said("Gone")), ["`server`"]),
        (Answer(status=404, body=said("Not Found")), ["404", "`server`"]),
        (Answer(status=404, body=HTML), ["404", "`server`"]),
        (
            Answer(status=422, body=said("This method requires an authenticated user")),
            ["authenticated user", "made for an account"],
        ),
        (Answer(status=301, headers={"Location": "http://other.invalid/"}), ["redirects", "`server`"]),
        (BAD_CERTIFICATE, ["certificate", "`server`", "clock"]),
    ],
)
def test_what_a_person_can_mend_is_named(happening: Answer | Exception, words: list[str]) -> None:
    text = str(found(happening))
    assert [word for word in words if word not in text] == []


def test_the_servers_reason_is_passed_on_in_one_short_line() -> None:
    words = str(found(Answer(status=422, body=said("Validation failed:\n  Text can't be blank.")), "sending"))
    assert words == "the server answered 422: Validation failed: Text can't be blank."
    assert len(str(found(Answer(status=422, body=said("x" * 10_000)), "sending"))) < 400


def test_an_open_outcome_says_that_the_toot_may_be_there() -> None:
    assert "may be there" in str(found(Answer(status=504, body=HTML), "sending"))


def _reset(by: timedelta, *, server_clock: timedelta = timedelta()) -> Callable[[], dict[str, Any]]:
    def headers() -> dict[str, Any]:
        now = datetime.now(UTC) + server_clock
        # M controllers/concerns/api/rate_limit_headers.rb: ISO 8601 with six decimals
        return {"X-RateLimit-Reset": (now + by).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "Date": format_datetime(now)}

    return headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (dict, UNNAMED_WAIT),
        (_reset(timedelta(minutes=7)), timedelta(minutes=7)),
        # PY internals.py corrects by the Date header
        (_reset(timedelta(minutes=7), server_clock=timedelta(hours=-9)), timedelta(minutes=7)),
        # GTS internal/middleware: epoch seconds
        (lambda: {"X-RateLimit-Reset": str(int(time.time()) + 90)}, timedelta(seconds=90)),
        # PY internals.py drops a reset that has passed
        (_reset(timedelta(minutes=-1)), UNNAMED_WAIT),
        (_reset(timedelta(days=4000)), LONGEST_WAIT),
        (lambda: {"X-RateLimit-Reset": "9" * 30}, LONGEST_WAIT),
    ],
)
@pytest.mark.parametrize("doing", ["reading", "uploading", "sending"])
def test_a_rate_limit_names_the_wait(headers: Callable[[], dict[str, str]], expected: timedelta, doing: Doing) -> None:
    error = found(Answer(status=429, body=said("Too many requests"), headers=headers()), doing)
    assert isinstance(error, TransientError)
    assert error.retry_after is not None
    assert abs(error.retry_after - expected) < timedelta(seconds=3)


def test_a_reset_that_is_passing_right_now_is_a_wait_all_the_same() -> None:
    error, _ = raised(Answer(status=429))
    told = classify(error, doing="sending", ratelimit_reset=time.time() - 30)
    assert isinstance(told, TransientError)
    assert told.retry_after == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("doing", "scope"), [("reading", "read:statuses"), ("uploading", "write:media"), ("sending", "write:statuses")]
)
def test_the_scope_that_is_missing_is_named(doing: Doing, scope: str) -> None:
    text = str(found(Answer(status=403, body=said("This action is outside the authorized scopes")), doing=doing))
    assert "lacks the scope" in text
    assert scope in text
    assert "announce login" in text
