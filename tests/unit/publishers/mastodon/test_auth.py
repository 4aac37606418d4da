"""Registering, the code's exchange and revoking, whatever the server answers; and its secrets show nowhere."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.config.secrets import Application
from bot.domain.errors import AccountBlockedError, CodeRefusedError, PublishError, TransientError
from bot.publishers.mastodon.auth import OUT_OF_BAND, LoginServer, clean_code
from tests.support.scripted_server import OddServer, Says, odd_server

TOKEN = "PLANTED-token"
SECRET = "PLANTED-secret"
CODE = "PLANTED-code"
SCOPES = ("profile", "read:statuses", "write:statuses", "write:media")
METADATA = "/.well-known/oauth-authorization-server"
HTML = b"<html><body>Welcome!</body></html>"


@pytest.fixture
def server() -> Iterator[OddServer]:
    """A server that does everything right until a test makes it odd."""
    with odd_server() as odd:
        odd.answers |= {
            METADATA: Says({"scopes_supported": ["read", "profile", "write", *SCOPES]}),
            "/api/v1/apps": Says({"client_id": "app", "client_secret": SECRET}),
            "/oauth/token": Says({"access_token": TOKEN, "token_type": "Bearer", "scope": " ".join(SCOPES)}),
            "/oauth/revoke": Says({}),
        }
        yield odd


@pytest.fixture
def client(server: OddServer) -> Iterator[LoginServer]:
    made = LoginServer(server.url, timeout=timedelta(seconds=10))
    yield made
    made.close()


@pytest.fixture
def application(server: OddServer) -> Application:
    return Application(server=server.url, client_id="app", client_secret=SECRET, scopes=SCOPES)


def test_the_application_asks_for_the_least_scopes_and_no_more(client: LoginServer, server: OddServer) -> None:
    made = client.register("announce for " + "x" * 80, website="https://conf.example.org")
    assert (made.client_id, made.client_secret, made.scopes) == ("app", SECRET, SCOPES)
    (form,) = server.forms["/api/v1/apps"]
    assert form["scopes"] == " ".join(SCOPES)
    assert form["redirect_uris"] == OUT_OF_BAND
    assert len(form["client_name"]) == 60


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_server_without_metadata_is_asked_what_it_runs(client: LoginServer, server: OddServer, version: str) -> None:
    del server.answers[METADATA]
    server.answers[f"/api/{version}/instance"] = Says({"version": "3.5.3 (compatible; Pixelfed 0.12.3)"})
    assert client.register("announce", website="").scopes == ("read", "write")


@pytest.mark.parametrize(
    ("says", "kind", "said"),
    [
        (Says({"error": "Validation failed: Redirect URI"}, 422), TransientError, "the server answered 422."),
        (Says({"error": "Too many requests"}, 429), TransientError, "rate limit"),
        (Says(HTML, 502), TransientError, "the server answered 502."),
        (Says(HTML), TransientError, "cannot be read"),
        (Says(b""), TransientError, "cannot be read"),
        (Says([]), TransientError, "cannot be read"),
        (Says({"client_id": "app"}), TransientError, "cannot be read"),
        (Says({"client_id": "app", "client_secret": None}), TransientError, "no application"),
        (Says(b"", 301, {"Location": "/elsewhere"}), AccountBlockedError, "redirects"),
    ],
)
def test_a_registration_that_fails_says_why(
    client: LoginServer, server: OddServer, says: Says, kind: type[PublishError], said: str
) -> None:
    server.answers["/api/v1/apps"] = says
    with pytest.raises(kind, match=said):
        client.register("announce", website="")


def test_the_address_holds_what_the_server_needs_and_no_secret(client: LoginServer, application: Application) -> None:
    address = urlsplit(client.address(application))
    assert address.path == "/oauth/authorize"
    assert parse_qs(address.query) == {
        "response_type": ["code"],
        "client_id": ["app"],
        "redirect_uri": [OUT_OF_BAND],
        "scope": [" ".join(SCOPES)],
    }
    assert SECRET not in address.query


def test_a_code_becomes_a_token_with_its_scopes(
    client: LoginServer, server: OddServer, application: Application
) -> None:
    assert client.exchange(application, CODE) == (TOKEN, SCOPES)
    assert server.asked == [f"GET {METADATA}", "POST /oauth/token"], "and nothing else is asked"
    (form,) = server.forms["/oauth/token"]
    assert form["grant_type"] == "authorization_code"
    assert (form["code"], form["client_id"], form["client_secret"]) == (CODE, "app", SECRET)


@pytest.mark.parametrize("scope", [{"scope": "write:statuses"}, {}])
def test_a_token_with_fewer_scopes_is_handed_over_all_the_same(
    client: LoginServer, server: OddServer, application: Application, scope: dict[str, str]
) -> None:
    """It has to be known to be revoked."""
    server.answers["/oauth/token"] = Says({"access_token": TOKEN, **scope})
    assert client.exchange(application, CODE) == (TOKEN, tuple(scope.values()))


REFUSED = Says({"error": "invalid_grant", "error_description": f"no {CODE}"}, 400)


@pytest.mark.parametrize(
    ("says", "kind", "said"),
    [
        (REFUSED, CodeRefusedError, "mistyped"),
        (Says({"error": "invalid_client"}, 401), AccountBlockedError, "does not know this application"),
        (Says({"error": "invalid_scope"}, 400), TransientError, r"answered 400 \(invalid_scope\)"),
        (Says({"error": f"{TOKEN} {SECRET} {CODE}"}, 400), TransientError, "answered 400."),
        (Says(f'{{"access_token": "{TOKEN}"'.encode()), TransientError, "cannot be read"),
        (Says(HTML, 503), TransientError, "answered 503"),
        (Says(b""), TransientError, "cannot be read"),
        (Says({"token_type": "Bearer"}), TransientError, "cannot be read"),
    ],
)
def test_an_exchange_that_fails_says_why_and_shows_no_secret(
    client: LoginServer,
    server: OddServer,
    application: Application,
    says: Says,
    kind: type[PublishError],
    said: str,
) -> None:
    server.answers["/oauth/token"] = says
    with pytest.raises(PublishError, match=said) as caught:
        client.exchange(application, CODE)
    assert type(caught.value) is kind
    shown = "".join(traceback.format_exception(caught.value))
    assert "PLANTED" not in shown


def test_after_a_refused_code_the_next_one_may_do(
    client: LoginServer, server: OddServer, application: Application
) -> None:
    good, server.answers["/oauth/token"] = server.answers["/oauth/token"], REFUSED
    with pytest.raises(CodeRefusedError):
        client.exchange(application, "wrong")
    server.answers["/oauth/token"] = good
    assert client.exchange(application, CODE)[0] == TOKEN


@pytest.mark.parametrize("endpoint", ["token_endpoint", "revocation_endpoint"])
def test_no_secret_goes_to_another_host(
    client: LoginServer, server: OddServer, application: Application, endpoint: str
) -> None:
    with odd_server() as other:
        server.answers[METADATA] = Says({endpoint: f"{other.url}/oauth"})
        with pytest.raises(AccountBlockedError, match="another host"):
            client.exchange(application, CODE) if endpoint == "token_endpoint" else client.revoke(application, TOKEN)
        assert other.asked == []


def test_a_server_that_is_not_there_cannot_be_reached(client: LoginServer, application: Application) -> None:
    with odd_server() as gone:
        nowhere = LoginServer(gone.url, timeout=timedelta(seconds=2))
    for attempt in (
        lambda: nowhere.register("announce", website=""),
        lambda: nowhere.exchange(application, CODE),
        lambda: nowhere.revoke(application, TOKEN),
    ):
        with pytest.raises(TransientError, match="cannot be reached") as caught:
            attempt()
        assert "PLANTED" not in "".join(traceback.format_exception(caught.value))
    nowhere.close()


@pytest.mark.parametrize("body", [{}, b""])
def test_revoking_names_the_token_and_its_application(
    client: LoginServer, server: OddServer, application: Application, body: object
) -> None:
    server.answers["/oauth/revoke"] = Says(body)
    client.revoke(application, TOKEN)
    assert server.forms["/oauth/revoke"] == [{"client_id": "app", "client_secret": SECRET, "token": TOKEN}]


@pytest.mark.parametrize(
    ("says", "kind", "said"),
    [
        (Says({"error": "unauthorized_client"}, 403), AccountBlockedError, "not its own"),
        (Says(HTML, 502), TransientError, "answered 502"),
        (Says({"error": TOKEN}, 400), TransientError, "answered 400."),
    ],
)
def test_a_revocation_that_fails_says_so(
    client: LoginServer, server: OddServer, application: Application, says: Says, kind: type[PublishError], said: str
) -> None:
    server.answers["/oauth/revoke"] = says
    with pytest.raises(kind, match=said) as caught:
        client.revoke(application, TOKEN)
    assert "PLANTED" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("abc-123_X", "abc-123_X"),
        ("  abc 123\t\n", "abc123"),
        ("https://example.social/oauth/authorize/native?code=abc-123", "abc-123"),
        ("http://127.0.0.1:3000/x?state=1&code=abc%2B1 ", "abc+1"),
        ("https://example.social/oauth/authorize", "https://example.social/oauth/authorize"),
    ],
)
def test_a_code_is_found_in_what_was_pasted(pasted: str, code: str) -> None:
    assert clean_code(pasted) == code


def test_an_application_keeps_its_secrets_out_of_its_repr(application: Application) -> None:
    assert "PLANTED" not in repr(application)
    assert "app'" not in repr(application)
