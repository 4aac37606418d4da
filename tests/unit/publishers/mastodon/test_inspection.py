"""A look at an account: what the server says of it, what it lacks, and that no account waits for another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests

from bot.domain.clock import SystemClock
from bot.publishers.inspection import inspect_all
from bot.publishers.mastodon.inspection import AccountInspector
from bot.publishers.mastodon.servers import software_of
from bot.publishers.network import Inspection
from bot.sandbox.faults import Fault
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import TOKEN, Answer, Doctor, access_to, doctored, requests_seen

ALL = ("profile", "read:statuses", "write:statuses", "write:media")
FORBIDDEN = Answer(status=403, body={"error": "This action is outside the authorized scopes"})


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon(limited=False) as running:
        yield running


def look(
    server: str,
    *,
    doctor: Doctor = lambda _: None,
    acct: str | None = None,
    granted: tuple[str, ...] = (),
    token: str = TOKEN,
) -> Inspection:
    session, _ = doctored(doctor)
    inspector = AccountInspector(access_to(server, acct=acct, token=token), session=session)
    try:
        return inspector.inspect(granted=granted)
    finally:
        inspector.close()


def answering(**answers: Answer) -> Doctor:
    """By what the path of the request holds, with "_" for "/"."""

    def doctor(request: requests.PreparedRequest) -> Answer | None:
        path = (request.path_url or "").replace("/", "_")
        return next((answer for part, answer in answers.items() if part in path), None)

    return doctor


def says_scopes(*scopes: str) -> Answer:
    return Answer(body={"name": "announce", "scopes": list(scopes)})


def test_where_all_is_well_everything_is_told(server: FakeMastodon) -> None:
    found = look(server.url, doctor=answering(apps_verify=says_scopes(*ALL)))
    assert found.address == f"conf@{server.url.removeprefix('http://')}"
    assert found.reachable
    assert found.software == "Mastodon 4.5.15"
    assert found.limits is not None
    assert found.limits.characters == 500
    assert (found.scopes, found.missing, found.trouble) == (ALL, (), "")


def test_a_server_with_only_the_first_instance_record_can_be_used(server: FakeMastodon) -> None:
    without = Answer(status=404, body={"error": "Not found"})
    found = look(server.url, doctor=answering(_api_v2_instance=without), granted=ALL)
    assert (found.reachable, found.software, found.trouble) == (True, "Mastodon 4.5.15", "")
    assert found.address == f"conf@{server.url.removeprefix('http://')}"


@pytest.mark.parametrize("missing", ["read:statuses", "write:statuses", "write:media"])
def test_missing_scopes_are_named_with_purpose_and_remedy(server: FakeMastodon, missing: str) -> None:
    scopes = tuple(scope for scope in ALL if scope != missing)
    found = look(server.url, granted=scopes)
    assert (found.scopes, found.missing) == (scopes, (missing,))
    assert f"the token lacks {missing} (to " in found.trouble
    assert found.remedy


def test_a_token_that_may_not_even_ask_whose_it_is_is_told_which_scope_that_needs(server: FakeMastodon) -> None:
    doctor = answering(accounts_verify=FORBIDDEN, apps_verify=says_scopes("write"))
    found = look(server.url, doctor=doctor)
    assert found.missing == ("read:accounts", "read:statuses")
    assert "read:accounts (to ask whose token it is)" in found.trouble


SILENT = Answer(body={"name": "announce"})


def test_what_is_refused_counts_more_than_what_the_application_has(server: FakeMastodon) -> None:
    found = look(server.url, doctor=answering(apps_verify=says_scopes(*ALL), _media_0=FORBIDDEN))
    assert (found.scopes, found.missing) == (ALL, ("write:media",))


@pytest.mark.parametrize(
    ("refused", "missing"),
    [
        ({}, ()),
        ({"_statuses?": FORBIDDEN}, ("read:statuses",)),
        ({"_statuses_0": FORBIDDEN}, ("write:statuses",)),
        ({"_media_0": FORBIDDEN}, ("write:media",)),
        ({"_media_0": Answer(status=500), "_statuses_0": Answer(status=422, body={"error": "no"})}, ()),
    ],
)
def test_where_no_scopes_are_told_it_tries_what_works(
    server: FakeMastodon, refused: dict[str, Answer], missing: tuple[str, ...]
) -> None:
    found = look(server.url, doctor=answering(apps_verify=SILENT, **refused))
    assert (found.scopes, found.missing) == ((), missing)
    assert bool(found.trouble) is bool(missing)


def test_looking_changes_nothing_on_the_server(server: FakeMastodon) -> None:
    look(server.url, doctor=answering(apps_verify=SILENT))
    assert server.store.statuses() == []
    writing = [line for line in requests_seen(server.url) if not line.startswith("GET ")]
    assert writing == ["PUT /api/v1/statuses/0"], "which nobody has"


def test_a_token_of_another_account_cannot_be_used_and_both_are_named(server: FakeMastodon) -> None:
    found = look(server.url, acct="@other@127.0.0.1")
    assert "belongs to @conf@127.0.0.1" in found.trouble
    assert "@other@127.0.0.1" in found.trouble
    assert found.reachable
    assert found.missing == ()


@pytest.mark.parametrize(
    ("do", "reachable", "said"),
    [
        ("unauthorized-401", True, "does not accept the token"),
        ("html-502", True, "answered 502"),
        ("redirect-301", True, "redirects"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_known_all_the_same(
    server: FakeMastodon, do: str, reachable: bool, said: str
) -> None:
    server.faults.switch([Fault(on="GET /api/v1/*verify_credentials", do=do, times=None)])
    found = look(server.url)
    assert said in found.trouble
    assert (found.reachable, found.software) == (reachable, "Mastodon 4.5.15")


def test_a_server_that_refuses_a_dead_token_everywhere_still_tells_what_it_is(server: FakeMastodon) -> None:
    def doctor(request: requests.PreparedRequest) -> Answer | None:
        dead = Answer(status=401, body={"error": "The access token was revoked"})
        return dead if "Authorization" in request.headers else None

    found = look(server.url, doctor=doctor)
    assert (found.reachable, found.software) == (True, "Mastodon 4.5.15")
    assert "does not accept the token" in found.trouble


def test_a_server_that_is_not_there_is_told() -> None:
    with FakeMastodon() as gone:
        url = gone.url
    found = look(url)
    assert (found.reachable, found.trouble) == (False, "the server cannot be reached.")


def test_a_token_that_no_header_can_carry_shows_nowhere(server: FakeMastodon) -> None:
    found = look(server.url, token="S3CRET\nX")
    assert found.trouble
    assert "S3CRET" not in repr(found)


def test_no_account_waits_for_another_or_is_hidden_by_it() -> None:
    never = threading.Event()

    def hang() -> Inspection:
        never.wait()
        return Inspection()

    def fail() -> Inspection:
        raise RuntimeError("S3CRET")

    looks: dict[str, Callable[[], Inspection]] = {"slow": hang, "broken": fail, "good": lambda: Inspection(address="a")}
    try:
        came = list(inspect_all(looks, longest=timedelta(seconds=2), clock=SystemClock()))
    finally:
        never.set()
    found = dict(came)
    assert [name for name, _ in came][-1] == "slow"
    assert found["good"] == Inspection(address="a")
    assert "did not answer within 2 s" in found["slow"].trouble
    assert "RuntimeError" in found["broken"].trouble
    assert "S3CRET" not in repr(found)


@pytest.mark.parametrize(
    ("instance", "software"),
    [
        ({"version": "4.5.15", "source_url": "https://github.com/mastodon/mastodon"}, "Mastodon 4.5.15"),
        ({"version": "2.7.2 (compatible; Pleroma 2.7.0)"}, "Pleroma 2.7.0"),
        ({"version": "3.5.3 (compatible; Pixelfed 0.12.3)"}, "Pixelfed 0.12.3"),
        ({"version": "0.20.1+git-abc", "source_url": "https://codeberg.org/x/gotosocial"}, "GoToSocial 0.20.1+git-abc"),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_software_is_told_by_name_and_version(instance: object, software: str) -> None:
    assert software_of(instance) == software
