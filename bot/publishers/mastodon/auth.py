"""Get and revoke tokens: register an application, build the authorization address, exchange the code, revoke.

The flow is OAuth's authorization code with the code shown to the operator ("out of band"), which works on any machine.
Errors of Mastodon.py are never chained here, because they quote answers that may hold tokens.
"""

from __future__ import annotations

import json
import re
import warnings
from datetime import timedelta
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError, MastodonIllegalArgumentError
from mastodon.types_base import AttribAccessDict
from requests.adapters import HTTPAdapter

from bot.config import is_loopback
from bot.config.secrets import Application
from bot.domain.errors import AccountBlockedError, CodeRefusedError, PublishError, TransientError
from bot.publishers.mastodon.answers import get_field, get_text
from bot.publishers.mastodon.client import fetch_instance, new_session
from bot.publishers.mastodon.errors import classify
from bot.publishers.mastodon.servers import NEEDS, explain_missing, least_scopes, missing_scopes, software_of

#: "Show the code": Mastodon shows it on a page of its own (documentation: methods/oauth.md).
OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
#: Mastodon refuses longer names (app/lib/application_extension.rb).
_LONGEST_NAME: Final = 60
_CODE_REFUSED: Final = ("invalid_grant", "invalid_request")


class LoginServer:
    """A server at which the operator logs in. `timeout` is the longest wait for one answer."""

    def __init__(self, server: str, *, timeout: timedelta) -> None:
        """Make the client; contacts no server."""
        self._server = server
        self._session = new_session(server)
        self._session.max_redirects = 0
        self._adapter = _RecordingAdapter()
        # Only this server: its metadata could name another one to send the secrets to.
        self._session.adapters.clear()
        self._session.mount(f"{server}/", self._adapter)
        self._client = _Client(
            api_base_url=server,
            ratelimit_method="throw",
            request_timeout=timeout.total_seconds(),
            user_agent="announce",
            session=self._session,
            # Otherwise `log_in` requests it afterwards, and again and again if there is no answer (utility.py).
            mastodon_version="4.0.0",
        )
        self._is_loopback = is_loopback(server)

    def register(self, name: str, *, website: str) -> Application:
        """Register an application with the least scopes that the server knows. Raises a PublishError."""
        scopes = self._least_scopes()
        try:
            client_id, client_secret = Mastodon.create_app(
                name[:_LONGEST_NAME],
                scopes=list(scopes),
                redirect_uris=OUT_OF_BAND,
                website=website,
                api_base_url=self._server,
                request_timeout=self._client.request_timeout,
                session=self._session,
                user_agent="announce",
            )
        except (MastodonError, KeyError, TypeError) as error:
            # Mastodon.py reads the expected fields from any answer, also from an error or a list.
            self._explain(error)
        if not isinstance(client_id, str) or not isinstance(client_secret, str):
            raise TransientError("the server's answer is no application.", remedy="Check `server` in the settings.")
        return Application(server=self._server, client_id=client_id, client_secret=client_secret, scopes=scopes)

    def address(self, application: Application) -> str:
        """The address where the operator allows the application and is shown the code. Raises a PublishError."""
        endpoint = get_text(self._metadata(), "authorization_endpoint") or f"{self._server}/oauth/authorize"
        asked = {
            "response_type": "code",
            "client_id": application.client_id,
            "redirect_uri": OUT_OF_BAND,
            "scope": " ".join(application.scopes),
        }
        return f"{endpoint}?{urlencode(asked)}"

    def needs(self, application: Application) -> dict[str, str]:
        """The scopes that the application asks for, each with its reason."""
        return {next(one for one in scopes if one in application.scopes): why for why, scopes in NEEDS.items()}

    def missing(self, granted: tuple[str, ...]) -> str:
        """The scopes that a token still lacks, in words; empty if it has all, or if the server does not say."""
        return explain_missing(missing_scopes(granted)) if granted else ""

    def exchange(self, application: Application, pasted: str) -> tuple[str, tuple[str, ...]]:
        """Exchange the code in the pasted text for a token; returns it and the scopes that it was granted.

        Raises CodeRefusedError if another code may do, else another PublishError.
        """
        code = clean_code(pasted)
        self._use(application)
        self._adapter.forget()
        trouble: Exception | None = None
        try:
            with warnings.catch_warnings(action="ignore"):
                self._client.log_in(
                    code=code,
                    redirect_uri=OUT_OF_BAND,
                    scopes=list(application.scopes),
                    allow_http=self._is_loopback,
                )
        except (MastodonError, ValueError, KeyError, AttributeError) as error:
            # Also after a success: `log_in` then reads the granted scopes and the server's version.
            trouble = error
        granted = self._adapter.granted
        if granted is None:
            self._explain(trouble)
        return granted

    def revoke(self, application: Application, token: str) -> None:
        """End a token for good, wherever it is used. Harmless to repeat. Raises a PublishError."""
        self._use(application)
        self._client.access_token = token
        try:
            self._client.revoke_access_token(allow_http=self._is_loopback)
        except (MastodonError, AttributeError) as error:
            # An empty answer with a good status is a success: the standard requires no body (RFC 7009, section 2.2).
            if not (self._adapter.status is not None and self._adapter.status < 300 and self._adapter.is_revoking):
                self._explain(error)
        finally:
            self._client.access_token = None

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    def _use(self, application: Application) -> None:
        # Not through the constructor, which reads a file if the id is a file's name.
        self._client.client_id = application.client_id
        self._client.client_secret = application.client_secret

    def _least_scopes(self) -> tuple[str, ...]:
        listed = get_field(self._metadata(), "scopes_supported")
        supported = [str(scope) for scope in listed] if isinstance(listed, list) else []
        software = ""
        if not supported:
            try:
                software = software_of(fetch_instance(self._client))
            except MastodonError as error:
                if self._adapter.status is None:
                    self._explain(error)
        return least_scopes(supported, software=software)

    def _metadata(self) -> Any:
        # From Mastodon 4.3 on (RFC 8414); servers without it have everything at the usual place.
        try:
            return self._client.oauth_authorization_server_info()
        except MastodonError as error:
            self._explain(error)

    def _explain(self, error: Exception | None) -> NoReturn:
        raise self._explained(error) from None

    def _explained(self, error: Exception | None) -> PublishError:
        origin = _origin(error)
        status, words = self._adapter.status, self._adapter.words
        if isinstance(origin, requests.exceptions.InvalidSchema):
            return AccountBlockedError(
                "the server sends its logins to another host, which announce does not follow.",
                remedy=_BY_HAND.format(server=self._server),
            )
        inner = _unwrapped(error)
        if isinstance(inner, MastodonError) and (status is None or 300 <= status < 400):
            return classify(inner, doing="reading")
        if status is None or status < 300:
            return TransientError("the server's answer cannot be read.", remedy="Check `server` in the settings.")
        if status == 429:
            return TransientError("the server's rate limit is reached.", remedy="Try again in ten minutes.")
        if words in _CODE_REFUSED and self._adapter.is_exchanging:
            return CodeRefusedError("the code was not accepted: it is mistyped, used already, or over ten minutes old.")
        if words in ("invalid_client", "unauthorized_client"):
            return AccountBlockedError(
                "the server does not know this application any more, or the token is not its own.",
                remedy=_BY_HAND.format(server=self._server),
            )
        shown = f" ({words})" if re.fullmatch(r"[a-z_]{1,40}", words) else ""
        return TransientError(f"the server answered {status}{shown}.", remedy="Check `server` in the settings.")


_BY_HAND: Final = "You can make and revoke tokens by hand at {server}/settings/applications."


def clean_code(pasted: str) -> str:
    """Extract the code from the pasted text: without white space, or from the whole address that shows it."""
    compact = "".join(pasted.split())
    if compact.startswith(("http://", "https://")):
        return next(iter(parse_qs(urlsplit(compact).query).get("code", [])), compact)
    return compact


def _unwrapped(error: Exception | None) -> BaseException | None:
    # `log_in` reports every failure as wrong arguments.
    if isinstance(error, MastodonIllegalArgumentError) and isinstance(error.__context__, MastodonError):
        return error.__context__
    return error


def _origin(error: Exception | None) -> BaseException | None:
    # Mastodon.py wraps what requests raised, `log_in` once more.
    origin: BaseException | None = error
    while isinstance(origin, MastodonError) and origin.__context__ is not None:
        origin = origin.__context__
    return origin


class _Client(Mastodon):
    """Mastodon.py, without None for what a server's metadata leaves out: it would use None as an address."""

    def oauth_authorization_server_info(self) -> Any:
        return super().oauth_authorization_server_info()


# Mastodon.py completes an answer to the type in this annotation; this type has no fields (internals.py).
_Client.oauth_authorization_server_info.__annotations__["return"] = AttribAccessDict


class _RecordingAdapter(HTTPAdapter):
    """Records the latest answer: Mastodon.py drops the text of errors, and the token of an answer that it rejects."""

    def __init__(self) -> None:
        super().__init__()
        self.path = ""
        self.status: int | None = None
        self.words = ""  #: the error's name or text; nothing else of the answer
        self.granted: tuple[str, tuple[str, ...]] | None = None

    def forget(self) -> None:
        """Forget what was granted before."""
        self.granted = None

    @property
    def is_exchanging(self) -> bool:
        return self.path.endswith("/token")

    @property
    def is_revoking(self) -> bool:
        return self.path.endswith("/revoke")

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.path, self.status, self.words = urlsplit(request.url or "").path, None, ""
        response = super().send(request, *args, **options)
        read = response.content  # may fail half-way; until then there is no answer
        self.status = response.status_code
        try:
            answer = json.loads(read)
        except ValueError:
            return response
        self.words = get_text(answer, "error")
        token = get_text(answer, "access_token")
        if token and response.ok:
            self.granted = token, tuple(get_text(answer, "scope").split())
        return response
