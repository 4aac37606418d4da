"""The table of traps: what is known to go wrong between a client and a server, each through the whole protocol.

A trap is set up on the sandbox, a toot is delivered over HTTP on a clock that is moved on until nothing waits, and then
the server is counted. This file has the traps of Mastodon's errors and of Mastodon.py (section 7 of the fact sheet);
`test_traps_of_servers.py` those of the other kinds of server (section 8), `test_traps_known.py` the known issues and
what sections 1 to 6 warn of (section 9), `test_traps_limits.py` the rate limits (section 5), `test_traps_mishaps.py`
every mishap at every request.

Traps that cannot reach us, and why:

- Scheduled statuses (#30039, #37237, #17676, #40051; GoToSocial's backdating, Pleroma posting at once): `scheduled_at`
  is never sent. The bot publishes at the time itself.
- Waiting and pacing of Mastodon.py, which send an empty file part after a 429: the client is made with "throw".
- `synchronous=True` of media_post, which waits without end: the publisher polls by itself, with a deadline.
- Its locally counted lengths: ours are counted by `bot.compose.length`. Its `version_check_mode` and a wrong
  `mastodon_version`: neither is given; that uploads go to /api/v2/media is a row below.
- `lang=` of one client leaking into others: none is ever given (a row below looks). `create_app` without an error's
  words: `tests/unit/publishers/mastodon/test_auth.py`.
- A naive `scheduled_at` or other local times: none is sent; those that come are made aware
  (`test_mastodon_odd_answers.py`).
- `media_ids` and `media_attributes` together (a TypeError): never given together (`test_mastodon_changes.py`).
- Two sends of one account at the same time (#21840 on 4.5, the lock of 4.6): one lease, one thread.
- Link cards (#30417, #23931, #26685, #39480, #26613): `card` is never read or waited for; the page is, before the
  release (`wait_for_page`). The stampede of #4486 and #21861 is met by the site, see docs.
- Pixelfed's visibility "direct" and albums of video, media of more than one kind: posts have pictures alone, and
  `direct` is refused by the server like any 422.
- A content warning without a text: there is no announcement without text (`tests/acceptance/test_wrong_input.py`);
  that one would be harmless is a row of `test_traps_known.py` all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.domain.wording import reason_words
from tests.support.trap_table import (
    DUE,
    MINUTE,
    POST,
    SENT,
    UPLOAD,
    WORDS_ALONE,
    Story,
    Trap,
    after_answer,
    blocked_until,
    body,
    changed_answer,
    fault,
    header,
    once,
    refused,
    rows,
    says,
)
from tests.support.traps import Account, Stage, stage, words_of

SCHEDULED = b'{"id": "1", "scheduled_at": "2026-11-04T12:00:00.000Z", "params": {}, "media_attachments": []}'


def a_token_of_another_account(account: Account) -> None:
    said = account.words()
    toot = account.owes(said)
    account.publisher._acct = "@somebody-else@example.social"
    account.deliver_pending()
    assert (account.row(toot).state, account.happened) == (DUE, ["blocked"])
    assert f"@{account.name}@" in reason_words(account.ledger.account_view(account.publisher.address).account.blocked)
    assert [one.method for one in account.line.sent if one.method != "GET"] == [], "nothing was sent"
    account.publisher._acct = None
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]


def a_token_of_an_application(account: Account) -> None:
    form = {"client_name": "announce", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
    app = account.call("POST", "/api/v1/apps", data=form).raise_for_status().json()
    form = {"grant_type": "client_credentials", "scope": "read write"}
    form |= {name: app[name] for name in ("client_id", "client_secret")}
    token = account.call("POST", "/oauth/token", data=form).raise_for_status().json()["access_token"]
    good, account.publisher._client.access_token = account.publisher._client.access_token, token
    said = account.words()
    toot = account.owes(said)
    account.deliver_pending()
    assert (account.row(toot).state, account.happened) == (DUE, ["blocked"])
    account.publisher._client.access_token = good
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]


def a_token_revoked_while_an_answer_is_open(account: Account) -> None:
    said = account.words()
    toot = account.owes(said)
    account.goes_wrong(fault(POST, "post-then-drop"), fault("GET */statuses", "unauthorized-401", skip=3))
    account.deliver_pending()
    assert account.happened == ["no answer", "blocked"]
    account.goes_wrong({"revoked": account.name})
    for _ in range(3):
        account.clock.advance(MINUTE)
        account.deliver_pending()
    assert account.posts == 1
    account.mended()
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]
    assert (account.posts, account.row(toot).state) == (1, SENT)


def the_upload_after_a_rate_limit_has_its_bytes(account: Account) -> None:
    said = account.words(pictures=(account.picture(),))
    account.goes_wrong(fault(UPLOAD, "429-with-reset"))
    account.owes(said)
    assert account.deliver_to_the_end() >= 5 * MINUTE
    (found,) = account.toots()
    (media,) = found["media_attachments"]
    assert (media["meta"]["original"]["width"], media["meta"]["original"]["height"]) == (64, 48)
    assert len([line for line in account.line.lines("POST") if line.endswith("/media")]) == 2


def what_is_never_said(account: Account) -> None:
    """No `lang`, no `scheduled_at`; an ASCII key; what is sensitive is said, yes or no."""
    account.owes(account.words("Größe, 日本, 👩‍👩‍👧: {link}", pictures=(account.picture(),)))
    account.deliver_to_the_end()
    # To the older address where the version is not one of Mastodon's: that waits until the picture is there.
    version = "v2" if account.kind.software[0] in ("mastodon", "pixelfed") else "v1"
    assert account.line.lines("POST") == [f"POST /api/{version}/media", "POST /api/v1/statuses"]
    sent = account.line.sent[-1]
    assert isinstance(sent.body, str)
    assert "sensitive=0" in sent.body
    assert not any(
        name in f"{one.path_url} {one.body!r}" for one in account.line.sent for name in ("lang=", "scheduled")
    )
    assert str(sent.headers["Idempotency-Key"]).isascii()
    assert type(account.row(account.owes(account.words())).key.post_id) is str


def an_id_is_plain_text(account: Account) -> None:
    toot = account.owes(account.words())
    account.deliver_to_the_end()
    status_id = account.row(toot).status_id
    assert type(status_id) is str
    assert repr(status_id) == f"'{status_id}'"


def a_proxy_that_redirects(code: int) -> Story:
    def story(account: Account) -> None:
        blocked_until(
            instead=((POST, says(code, Location=f"{account.server.url}/api/v1/statuses")),), words="redirects"
        )(account)
        assert account.posts == 2

    return story


def an_edit_whose_answer_is_odd(account: Account) -> None:
    said = account.words()
    toot = account.owes(said)
    account.deliver_to_the_end()
    new = account.words(f"Mended. {said.text}", pictures=said.pictures)
    account.line.meddle = changed_answer(body(b""), on="PUT")()
    edit = account.owes_edit(toot, new)
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [new.text]
    assert account.row(edit).state is SENT


LATER = header("X-RateLimit-Reset", "soon")
SAID_422 = "Validation failed: Text contained a disallowed hashtag: x"

TABLE = rows(
    # -- answers to the first try that are a clear no
    Trap(name="422 is for good", source="section 7", story=refused(instead=says(422, SAID_422), words=SAID_422)),
    Trap(
        name="422 in German", source="section 2", story=refused(instead=says(422, "Text ist zu lang"), words="zu lang")
    ),
    Trap(
        name="400 is for good", source="section 10.4", story=refused(instead=says(400, "no status"), words="no status")
    ),
    Trap(name="422 duplicate record", source="section 7", story=refused(instead=says(422, "Duplicate record"))),
    # -- the account
    Trap(name="token of another account", source="section 6", story=a_token_of_another_account),
    Trap(name="token of an application", source="section 7", story=a_token_of_an_application, kinds=WORDS_ALONE),
    Trap(
        name="token revoked",
        source="section 7",
        story=blocked_until({"revoked": "*"}, words="does not accept the token"),
    ),
    Trap(
        name="token revoked, told in German",
        source="section 2",
        story=blocked_until({"revoked": "*"}, {"texts": "de"}, words="widerrufen"),
    ),
    Trap(
        name="token revoked while an answer is open",
        source="section 10.4",
        story=a_token_revoked_while_an_answer_is_open,
    ),
    Trap(
        name="no scope to post",
        source="section 6",
        story=blocked_until({"scopes": "read write:media"}, words="write:statuses"),
    ),
    Trap(
        name="no scope to read back",
        source="section 3",
        story=blocked_until({"scopes": "read:accounts write"}, words="read:statuses"),
    ),
    Trap(
        name="account suspended",
        source="section 7",
        story=blocked_until(instead=((POST, says(403, "Your login is currently disabled")),), words="disabled"),
    ),
    Trap(
        name="server shutting down",
        source="section 7",
        story=blocked_until(instead=((POST, says(410, "Gone")),), words="gone"),
    ),
    # -- pages of a proxy are no verdict
    *(
        Trap(name=f"HTML {code}", source="section 10.4", story=once(instead=((POST, says(code)),), posts=2))
        for code in (400, 403, 404, 410, 413, 422, 500, 520, 522)
    ),
    Trap(
        name="503 with Retry-After",
        source="section 7",
        story=once(instead=((POST, says(503, "busy", Retry_After="30")),)),
    ),
    *(
        Trap(name=f"redirect {code}", source="Mastodon.py", story=a_proxy_that_redirects(code))
        for code in (302, 303, 307, 308)
    ),
    # -- the toot is there, and its answer is of no use
    Trap(name="2xx, empty", source="Mastodon.py", story=after_answer(body(b""))),
    Trap(name="2xx, HTML", source="Mastodon.py", story=after_answer(body(b"<html>Welcome!</html>"))),
    Trap(name="2xx, a list", source="Mastodon.py", story=after_answer(body(b"[]"))),
    Trap(name="2xx, a mapping of nothing", source="Mastodon.py", story=after_answer(body(b"{}"))),
    Trap(name="2xx, cut short", source="Mastodon.py", story=after_answer(body(b'{"id": "1", "created_'))),
    Trap(name="2xx, a scheduled status", source="Mastodon.py", story=after_answer(body(SCHEDULED))),
    Trap(name="unreadable X-RateLimit-Reset", source="Mastodon.py", story=after_answer(LATER)),
    Trap(name="unreadable Date", source="Mastodon.py", story=after_answer(header("Date", "tomorrow"))),
    Trap(name="no Date", source="Mastodon.py", story=after_answer(header("Date", None))),
    Trap(
        name="no X-RateLimit headers", source="section 8 Pleroma", story=after_answer(header("X-RateLimit-Reset", None))
    ),
    Trap(name="an edit's odd answer", source="Mastodon.py", story=an_edit_whose_answer_is_odd),
    # -- rate limits
    Trap(
        name="429 with a reset",
        source="section 5",
        story=once(fault(POST, "429-with-reset"), at_least=5 * MINUTE, within=8 * MINUTE, posts=2),
    ),
    Trap(
        name="429 without a reset",
        source="section 5",
        story=once(fault(POST, "429-without-reset"), at_least=5 * MINUTE, within=8 * MINUTE, posts=2),
    ),
    Trap(
        name="429 of a proxy, in HTML",
        source="section 5",
        story=once(instead=((POST, says(429)),), at_least=5 * MINUTE, posts=2),
    ),
    Trap(
        name="429 that names a reset in a year",
        source="section 5",
        story=once(
            instead=((POST, says(429, "wait", X_RateLimit_Reset="2027-03-10T00:00:00.000000Z")),),
            at_least=timedelta(hours=20),
            within=timedelta(hours=25),
        ),
    ),
    Trap(name="empty file part after a 429", source="Mastodon.py", story=the_upload_after_a_rate_limit_has_its_bytes),
    # -- Mastodon.py's ways
    Trap(name="what is never said", source="Mastodon.py", story=what_is_never_said),
    Trap(name="ids are plain text", source="Mastodon.py", story=an_id_is_plain_text),
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("pictures")) as made:
        yield made


@TABLE
def test_the_traps_of_errors_and_of_the_client(here: Stage, story: Story, kind: str) -> None:
    story(here.account(kind))
