"""The guarded HTTP client, for every request but those that Mastodon.py makes.

A URL from a post or another server must not reach the machine's own network. So this client resolves every host name,
the policy must allow all its addresses, and the connection goes to the address that was checked, so DNS rebinding has
no effect. Redirects are limited, and each one is checked like the first URL. No cookies, no compression; time and size
are limited while the data arrives.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bot.config import is_loopback
from bot.domain.errors import FetchError
from bot.domain.logs import log
from bot.http.answers import Fetched, Measured, PageBeginning, make_refusal, measure, read_all, read_beginning
from bot.http.policy import ConnectPolicy, Resolve

if TYPE_CHECKING:
    import httpx


__all__ = ["ConnectPolicy", "Fetched", "Measured", "PageBeginning", "Resolve", "WebClient", "look_up_addresses"]

_LOG: Final = logging.getLogger("bot.http")
USER_AGENT: Final = "announce (a conference's announcement bot)"
MOST_REDIRECTS: Final = 3
_PORTS: Final = {"http": 80, "https": 443}
#: A name and password in an address (RFC 3986 section 3.2.1), which no message may show.
_CREDENTIALS: Final = re.compile(r"//[^/?#]*@")


class WebClient:
    """Sends requests as far as its policy allows. Holds no connection, so one may serve several threads."""

    def __init__(
        self,
        policy: ConnectPolicy = ConnectPolicy(),  # noqa: B008 — frozen
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tls` replaces the machine's own certificates."""
        self._policy = policy
        self._resolve = resolve or look_up_addresses
        self._tls = tls
        self._timer = timer

    def prepare(self) -> None:
        """Load libraries and certificates in advance. Sends no request."""
        with self._client("", timedelta(seconds=1)):
            pass

    def get(self, url: str, *, largest: int, within: timedelta, past_caches: bool = False) -> Fetched:
        """Fetch with GET: at most `largest` bytes, all of it `within` a time. Raises FetchError.

        `past_caches` makes caches on the way revalidate their copy.
        """
        headers = {"Cache-Control": "no-cache"} if past_caches else {}
        with (
            explain_errors(url),
            self._client(url, within) as client,
            self._answer(client, "GET", url, headers) as answer,
        ):
            return read_all(answer, largest)

    def measure(self, url: str, *, within: timedelta) -> Measured:
        """Get the media type and size of a file without fetching it. Raises FetchError, also if either is missing.

        Sends HEAD; if the answer is incomplete, GET with a range of one byte (RFC 9110 section 14).
        """
        with explain_errors(url), self._client(url, within) as client:
            with self._answer(client, "HEAD", url, {}) as answer:
                found = measure(answer) if answer.status_code == 200 else None
            if found is not None:
                return found
            with self._answer(client, "GET", url, {"Range": "bytes=0-0"}) as answer:
                if answer.status_code not in (200, 206):
                    raise make_refusal(answer)
                found = measure(answer)
        if found is None:
            raise FetchError(f"{url} does not say of what type and how long it is.", url=url)
        return found

    def post_form(self, url: str, fields: Mapping[str, str], *, within: timedelta) -> None:
        """POST a form and require a 2xx answer; redirects are not followed. Raises FetchError."""
        with (
            explain_errors(url),
            self._client(url, within) as client,
            client.stream("POST", self._checked(url), data=dict(fields), follow_redirects=False) as answer,
        ):
            if not answer.is_success:
                raise make_refusal(answer)

    def post(self, url: str, *, headers: Mapping[str, str], content: bytes, within: timedelta) -> int:
        """POST, and return the answer's status; redirects are not followed.

        Raises FetchError, whose text contains the URL, which may be a secret.
        """
        with (
            explain_errors(url),
            self._client(url, within) as client,
            client.stream(
                "POST", self._checked(url), headers=dict(headers), content=content, follow_redirects=False
            ) as answer,
        ):
            return answer.status_code

    def get_beginning(self, url: str, *, within: timedelta) -> PageBeginning:
        """GET the first bytes of a page, following redirects within its site only. Raises FetchError."""
        headers = {"Cache-Control": "no-cache"}
        with (
            explain_errors(url),
            self._client(url, within) as client,
            self._answer(client, "GET", url, headers, check_redirect=partial(_check_same_site, url)) as answer,
        ):
            return read_beginning(answer)

    def headers_of(self, url: str, *, within: timedelta) -> Mapping[str, str]:
        """The headers of the answer to a GET, with any status; redirects are not followed. Raises FetchError."""
        headers = {"Cache-Control": "no-cache"}
        with (
            explain_errors(url),
            self._client(url, within) as client,
            client.stream("GET", self._checked(url), headers=headers, follow_redirects=False) as answer,
        ):
            return answer.headers

    @contextmanager
    def _answer(
        self,
        client: httpx.Client,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        check_redirect: Callable[[httpx.URL, httpx.URL], None] = lambda _here, _there: None,
    ) -> Iterator[httpx.Response]:
        """The answer at the end of the redirects, its body not read yet. `check_redirect` raises FetchError."""
        here = self._checked(url)
        for _ in range(MOST_REDIRECTS + 1):
            client.cookies.clear()
            with client.stream(method, here, headers=dict(headers), follow_redirects=False) as answer:
                if not answer.has_redirect_location:
                    yield answer
                    return
                there = self._checked(str(here.join(answer.headers["Location"])))
            check_redirect(here, there)
            here = there
        raise FetchError(f"{url} redirects more than {MOST_REDIRECTS} times.", url=url, kind="redirects")

    def _client(self, url: str, within: timedelta) -> httpx.Client:
        from urllib.request import getproxies  # imported here: it takes 40 ms, only for a request

        import httpx  # imported here: it takes 140 ms, only for a request

        from bot.http.transport import Guard, GuardedTransport  # imports httpx

        self._tls = self._tls or ssl.create_default_context()
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if self._policy.proxies and getproxies() and not is_loopback(url):
            # The proxy resolves the name and connects, so the guard has nothing to check.
            return httpx.Client(verify=self._tls, headers=headers, timeout=within.total_seconds(), event_hooks=_HOOKS)
        guard = Guard(self._resolve, self._timer, self._timer() + within.total_seconds(), self._policy.may_reach)
        transport = GuardedTransport(guard, self._tls)
        return httpx.Client(
            transport=transport,
            trust_env=False,
            headers=headers,
            timeout=within.total_seconds(),
            event_hooks=_HOOKS,
        )

    def _checked(self, url: str) -> httpx.URL:
        import httpx  # imported here: it takes 140 ms, only for a request

        parsed = httpx.URL(url)
        if parsed.userinfo:
            raise FetchError(f"the address at {parsed.host} is not fetched: it carries a name or password.")
        if parsed.scheme not in self._policy.schemes or not parsed.host:
            schemes = " or ".join(self._policy.schemes)
            raise FetchError(f"{url} is not fetched: it does not begin with {schemes}://.", url=url)
        return parsed


def _log_answer(answer: httpx.Response) -> None:
    # Only the host: path and query may be secret.
    request = answer.request
    log(_LOG, logging.DEBUG, "answer", method=request.method, host=request.url.host, status=answer.status_code)


_HOOKS: Final[Mapping[str, list[Callable[..., Any]]]] = {"response": [_log_answer]}


def look_up_addresses(host: str, port: int) -> Sequence[str]:
    """All addresses of a host, as the machine looks them up. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_same_site(here: httpx.URL, there: httpx.URL) -> bool:
    """Whether a redirect stays on the site: same host and port, with or without "www."; http to https, not back."""
    if here.scheme == "https" and there.scheme != "https":
        return False
    is_default = [(url.port or _PORTS[url.scheme]) == _PORTS[url.scheme] for url in (here, there)]
    same_port = all(is_default) or here.port == there.port
    return same_port and here.host.removeprefix("www.") == there.host.removeprefix("www.")


def _check_same_site(url: str, here: httpx.URL, there: httpx.URL) -> None:
    if not is_same_site(here, there):
        raise FetchError(f"{url} leads to another site, {there.host}.", url=url, kind="another-site")


@contextmanager
def explain_errors(url: str) -> Iterator[None]:
    """Turn every error of the request into a FetchError that names the address, without a password in it."""
    import httpcore  # httpx loads it
    import httpx  # imported here: it takes 140 ms, only for a request

    url = _CREDENTIALS.sub("//", url)
    try:
        yield
    except FetchError as error:
        if url in error.url:
            raise
        problem = f"{url} cannot be fetched: {error.message}"
        raise FetchError(problem, passing=error.passing, status=error.status, url=url, kind=error.kind) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise FetchError(f"{url} is not a web address.") from error
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError) as error:
        words = "it takes too long" if isinstance(error, httpcore.TimeoutException) else "the connection failed"
        raise FetchError(f"{url} cannot be fetched: {words}.", passing=True) from error
