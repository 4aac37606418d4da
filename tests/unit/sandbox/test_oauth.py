"""OAuth: registering a client, agreeing to it, tokens, scopes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from mastodon import Mastodon

from bot.domain.clock import ManualClock
from bot.sandbox.oauth import OUT_OF_BAND, allows, challenge_of, within
from bot.sandbox.profiles import PROFILES
from bot.sandbox.server import SandboxServer

BACK = "http://127.0.0.1:9/back"
OUT_OF_SCOPE = {"error": "This action is outside the authorized scopes"}


@pytest.fixture
def web(server: SandboxServer) -> Any:
    """Plain HTTP without a token."""
    with httpx.Client(base_url=server.url, timeout=5, verify=False) as plain:
        yield plain


def register(web: httpx.Client, *, scopes: str = "read write", uris: str = f"{OUT_OF_BAND}\n{BACK}") -> dict[str, Any]:
    answer = web.post("/api/v1/apps", data={"client_name": "announce", "scopes": scopes, "redirect_uris": uris})
    assert answer.status_code == 200, answer.text
    app: dict[str, Any] = answer.json()
    return app


def agree(
    web: httpx.Client, app: dict[str, Any], *, uri: str = OUT_OF_BAND, scope: str = "read write", **more: str
) -> Any:
    asked = {"client_id": app["client_id"], "redirect_uri": uri, "response_type": "code", "scope": scope, **more}
    assert web.get("/oauth/authorize", params=asked).status_code == 200
    return web.post("/oauth/authorize", data={**asked, "account": more.get("account", "main")})


def code_on(page: httpx.Response) -> str:
    found = re.search(r'id="code"[^>]*value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def exchange(web: httpx.Client, app: dict[str, Any], code: str, **more: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": OUT_OF_BAND,
        **more,
    }
    return web.post("/oauth/token", data=form)


def token_of(web: httpx.Client, *, scopes: str = "read write") -> str:
    app = register(web, scopes=scopes)
    token: str = exchange(web, app, code_on(agree(web, app, scope=scopes))).json()["access_token"]
    return token


@pytest.mark.parametrize("name", PROFILES)
def test_mastodon_py_walks_all_the_way(name: str, clock: ManualClock, connect: Callable[..., Mastodon]) -> None:
    with SandboxServer(clock=clock, profile=PROFILES[name]) as server:
        client_id, secret = Mastodon.create_app("announce", scopes=["read", "write"], api_base_url=server.url)
        client = connect(None, url=server.url, client_id=client_id, client_secret=secret)
        page = httpx.post(client.auth_request_url(scopes=["read", "write"], allow_http=True), data={"account": "conf"})
        client.log_in(code=code_on(page), scopes=["read", "write"], allow_http=True)
        assert client.me().username == "conf"
        assert client.app_verify_credentials().name == "announce"
        client.revoke_access_token(allow_http=True)
        assert client.access_token is None


def test_the_browser_brings_the_code_back(web: httpx.Client) -> None:
    app = register(web)
    answer = agree(web, app, uri=BACK, state="s 1")
    assert answer.status_code == 302
    sent = urlsplit(answer.headers["Location"])
    assert f"{sent.scheme}://{sent.netloc}{sent.path}" == BACK
    told = parse_qs(sent.query)
    assert told["state"] == ["s 1"]
    assert exchange(web, app, told["code"][0], redirect_uri=BACK).json()["token_type"] == "Bearer"


def test_a_refusal_is_brought_back_too(web: httpx.Client) -> None:
    answer = agree(web, register(web), uri=BACK, decision="deny")
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_id": "x"}, 401),
        ({"redirect_uri": "http://127.0.0.1:9/elsewhere"}, 400),
        ({"response_type": "token"}, 400),
        ({"scope": "admin:read"}, 400),
        ({"code_challenge": "c", "code_challenge_method": "plain"}, 400),
    ],
)
def test_what_cannot_be_agreed_to_is_a_page_and_no_redirect(
    web: httpx.Client, change: dict[str, str], status: int
) -> None:
    app = register(web)
    asked = {"client_id": app["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": "read", **change}
    for answer in (web.get("/oauth/authorize", params=asked), web.post("/oauth/authorize", data=asked)):
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")


def test_a_code_serves_once_and_for_ten_minutes(web: httpx.Client, clock: ManualClock) -> None:
    app = register(web)
    code = code_on(agree(web, app))
    assert exchange(web, app, code).status_code == 200
    assert exchange(web, app, code).json()["error"] == "invalid_grant"
    late = code_on(agree(web, app))
    clock.advance(timedelta(minutes=10))
    answer = exchange(web, app, late)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_for_its_client_and_its_address(web: httpx.Client) -> None:
    app, other = register(web), register(web)
    assert exchange(web, other, code_on(agree(web, app))).json()["error"] == "invalid_grant"
    assert exchange(web, app, code_on(agree(web, app)), redirect_uri=BACK).json()["error"] == "invalid_grant"
    answer = exchange(web, app, code_on(agree(web, app)), client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_code_with_a_challenge_wants_its_verifier(web: httpx.Client) -> None:
    """The verifier and its challenge are the example of RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    app = register(web)
    challenge = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    assert exchange(web, app, code_on(agree(web, app, **challenge))).json()["error"] == "invalid_grant"
    assert exchange(web, app, code_on(agree(web, app, **challenge)), code_verifier=verifier).status_code == 200


def test_the_same_client_account_and_scopes_get_the_same_token_until_it_is_revoked(web: httpx.Client) -> None:
    app = register(web)
    first, again = (exchange(web, app, code_on(agree(web, app))).json()["access_token"] for _ in range(2))
    assert first == again
    other = exchange(web, app, code_on(agree(web, app, account="other"))).json()["access_token"]
    assert other != first
    credentials = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    for _ in range(2):
        assert web.post("/oauth/revoke", data={**credentials, "token": first}).json() == {}
    me = web.get("/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {first}"})
    assert (me.status_code, me.json()) == (401, {"error": "The access token was revoked"})
    assert exchange(web, app, code_on(agree(web, app))).json()["access_token"] != first


def test_nobody_revokes_the_token_of_another_client(web: httpx.Client) -> None:
    token, other = token_of(web), register(web)
    credentials = {"client_id": other["client_id"], "client_secret": other["client_secret"]}
    answer = web.post("/oauth/revoke", data={**credentials, "token": token})
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")


def test_a_client_alone_speaks_for_nobody(web: httpx.Client) -> None:
    app = register(web)
    form = {"grant_type": "client_credentials", "scope": "read"}
    credentials = (app["client_id"], app["client_secret"])
    token = web.post("/oauth/token", data=form, auth=credentials).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert web.get("/api/v1/timelines/public", headers=headers).json() == []
    answer = web.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert (answer.status_code, answer.json()) == (422, {"error": "This method requires an authenticated user"})


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "admin:read"}, 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "client_id": "x"}, 401, "invalid_client"),
    ],
)
def test_what_is_wrong_with_a_token_request_is_named(
    web: httpx.Client, form: dict[str, str], status: int, error: str
) -> None:
    app = register(web)
    answer = web.post("/oauth/token", data={**{n: app[n] for n in ("client_id", "client_secret")}, **form})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"redirect_uris": OUT_OF_BAND}, "Application name can't be blank"),
        ({"client_name": "x" * 61, "redirect_uris": OUT_OF_BAND}, "Application name is too long"),
        ({"client_name": "x"}, "Redirect URI can't be blank"),
        ({"client_name": "x", "redirect_uris": "javascript:alert(1)"}, "Redirect URI must be an absolute URI."),
        ({"client_name": "x", "redirect_uris": OUT_OF_BAND, "scopes": "admin"}, "Scopes doesn't match"),
    ],
)
def test_a_client_that_cannot_be_registered_is_told_why(web: httpx.Client, form: dict[str, str], fault: str) -> None:
    answer = web.post("/api/v1/apps", data=form)
    assert answer.status_code == 422
    assert fault in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/v1/statuses", "write:statuses"),
        ("PUT", "/api/v1/statuses/1", "write:statuses"),
        ("DELETE", "/api/v1/statuses/1", "write:statuses"),
        ("GET", "/api/v1/statuses/1", "read:statuses"),
        ("GET", "/api/v1/statuses/1/source", "read:statuses"),
        ("GET", "/api/v1/statuses/1/context", "read:statuses"),
        ("GET", "/api/v1/statuses/1/history", "read:statuses"),
        ("GET", "/api/v1/accounts/1/statuses", "read:statuses"),
        ("GET", "/api/v1/timelines/public", "read:statuses"),
        ("GET", "/api/v1/polls/1", "read:statuses"),
        ("POST", "/api/v1/polls/1/votes", "write:statuses"),
        ("POST", "/api/v2/media", "write:media"),
        ("GET", "/api/v1/media/1", "write:media"),
        ("PUT", "/api/v1/media/1", "write:media"),
        ("DELETE", "/api/v1/media/1", "write:media"),
        ("GET", "/api/v1/accounts/verify_credentials", "read:accounts"),
        ("GET", "/api/v1/accounts/verify_credentials", "profile"),
    ],
)
def test_a_token_does_what_its_scopes_allow_and_no_more(web: httpx.Client, method: str, path: str, scope: str) -> None:
    for granted, allowed in ((scope, True), (scope.partition(":")[0], True), ("read:lists write:lists", False)):
        headers = {"Authorization": f"Bearer {token_of(web, scopes=granted)}"}
        answer = web.request(method, path, headers=headers)
        assert ((answer.status_code, answer.json()) == (403, OUT_OF_SCOPE)) is not allowed


@pytest.mark.parametrize(
    ("granted", "needed", "allowed"),
    [
        (("write",), "write:media", True),
        (("write:media",), "write:media", True),
        (("write:media",), "write", False),
        (("read",), "write:media", False),
        (("profile",), "profile", True),
    ],
)
def test_a_scope_covers_its_parts(granted: tuple[str, ...], needed: str, allowed: bool) -> None:
    assert allows(granted, needed) is allowed
    assert within([needed], granted) is allowed


@pytest.mark.parametrize(("name", "status"), [("mastodon-4.5", 200), ("gotosocial", 404), ("pleroma", 404)])
def test_metadata_lead_to_the_endpoints_where_the_server_has_them(name: str, status: int) -> None:
    with SandboxServer(profile=PROFILES[name]) as server:
        answer = httpx.get(f"{server.url}/.well-known/oauth-authorization-server")
        assert answer.status_code == status
        if status == 200:
            told = answer.json()
            assert told["token_endpoint"] == f"{server.url}/oauth/token"
            assert told["code_challenge_methods_supported"] == ["S256"]


def test_neither_token_nor_secret_is_kept_in_the_state_file(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "state.json"
    with SandboxServer(clock=clock, state=path) as server, httpx.Client(base_url=server.url, verify=False) as web:
        app = register(web)
        token = exchange(web, app, code_on(agree(web, app))).json()["access_token"]
    assert token not in path.read_text()
    assert app["client_secret"] not in path.read_text()
    with SandboxServer(clock=clock, state=path) as server:
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"{server.url}/api/v1/accounts/verify_credentials", headers=headers)
        assert answer.json()["username"] == "main"


def test_the_page_shows_names_as_text(web: httpx.Client) -> None:
    form = {"client_name": "<script>x</script>", "redirect_uris": OUT_OF_BAND}
    app = web.post("/api/v1/apps", data=form).json()
    asked = {"client_id": app["client_id"], "redirect_uri": OUT_OF_BAND, "response_type": "code", "state": '"><b>'}
    page = web.get("/oauth/authorize", params=asked)
    assert "<script" not in page.text
    assert '"><b>' not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
