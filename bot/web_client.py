"""Asking addresses that a person wrote into a post or the settings: pictures, pages, feeds, hubs.

Such an address must not lead into the machine's own network. So every name is looked up here, every address that it has
must be public, and the connection goes to the very address that was checked: a name cannot mean something else a moment
later. Redirects are followed a few times, each checked like the first. No cookies, no proxies, no compression; time
and size are limited while the bytes come in.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, Final

from bot.errors import FetchError

if TYPE_CHECKING:
    import httpcore
    import httpx

USER_AGENT: Final = "announce (a conference's announcement bot)"
MOST_REDIRECTS: Final = 3
#: RFC 6052: an IPv4 address in its last 32 bits, for networks that speak IPv6 only.
_NAT64: Final = IPv6Network("64:ff9b::/96")
#: Answers that say nothing about the next try.
_PASSING: Final = frozenset({408, 425, 429})

#: Host and port → its addresses; raises OSError if it has none.
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A good answer (200)."""

    url: str  #: where it was found in the end
    data: bytes
    media_type: str  #: as the answer says, in lower case, without parameters; empty if it does not say


class WebClient:
    """Fetches what is public. Holds no connection, so one may serve several threads."""

    def __init__(
        self,
        *,
        may_reach: Callable[[str], bool] | None = None,
        schemes: Collection[str] = ("https",),
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`may_reach` says of an IP address whether it may be connected to, else the public ones.

        `tls` replaces the machine's own certificates.
        """
        self._may_reach = may_reach or is_public
        self._schemes = tuple(schemes)
        self._resolve = resolve or system_addresses
        self._tls = tls
        self._timer = timer

    def get(self, url: str, *, largest: int, within: timedelta, past_caches: bool = False) -> Fetched:
        """Fetch with GET: at most `largest` bytes, all of it `within` a time. Raises FetchError.

        `past_caches` asks those in between to see whether what they hold is still right.
        """
        with explained(url), self._client(within) as client:
            if past_caches:
                client.headers["Cache-Control"] = "no-cache"
            here = self._checked(url)
            for _ in range(MOST_REDIRECTS + 1):
                client.cookies.clear()
                with client.stream("GET", here, follow_redirects=False) as answer:
                    if not answer.has_redirect_location:
                        return _read(answer, largest)
                    here = self._checked(str(here.join(answer.headers["Location"])))
            raise FetchError(f"{url} redirects more than {MOST_REDIRECTS} times.")

    def post_form(self, url: str, fields: Mapping[str, str], *, within: timedelta) -> None:
        """POST a form, and expect a 2xx for it; redirects are not followed. Raises FetchError."""
        with (
            explained(url),
            self._client(within) as client,
            client.stream("POST", self._checked(url), data=dict(fields), follow_redirects=False) as answer,
        ):
            if not answer.is_success:
                passing = answer.status_code >= 500 or answer.status_code in _PASSING
                raise FetchError(f"{url} answered {answer.status_code}.", passing=passing)

    def _client(self, within: timedelta) -> httpx.Client:
        import httpx

        guard = _Guard(self._resolve, self._timer, self._timer() + within.total_seconds(), self._may_reach)
        self._tls = self._tls or ssl.create_default_context()
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        return httpx.Client(
            transport=_transport(guard, self._tls), trust_env=False, headers=headers, timeout=within.total_seconds()
        )

    def _checked(self, url: str) -> httpx.URL:
        import httpx

        parsed = httpx.URL(url)
        if parsed.scheme not in self._schemes or not parsed.host:
            raise FetchError(f"{url} is not fetched: it does not begin with {' or '.join(self._schemes)}://.")
        if parsed.userinfo:
            raise FetchError(f"the address at {parsed.host} is not fetched: it carries a name or password.")
        return parsed


def system_addresses(host: str, port: int) -> Sequence[str]:
    """All addresses of a host, as the machine looks them up. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an IP address is somebody's on the public internet, not of this machine, its network, or of none."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            return is_public(str(IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if any(part is not None for part in inner):
            return all(part is None or is_public(str(part)) for part in inner)
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def anywhere(address: str) -> bool:  # noqa: ARG001 - the shape of a rule
    """For `may_reach`, where the settings allow private addresses."""
    return True


class _Guard:
    """Opens connections to checked addresses only, and lets none of them last beyond the end."""

    def __init__(
        self, resolve: Resolve, timer: Callable[[], float], end: float, may_reach: Callable[[str], bool]
    ) -> None:
        self._resolve = resolve
        self._timer = timer
        self._end = end
        self._may_reach = may_reach

    def remaining(self, timeout: float | None) -> float:
        """The time that a step may take, in seconds. Raises FetchError if there is none."""
        left = self._end - self._timer()
        if left <= 0:
            raise FetchError("it takes too long.", passing=True)
        return left if timeout is None else min(left, timeout)

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """The host's addresses; all of them may be connected to. Raises FetchError."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchError(f"{host} has no address.", passing=True) from error
        if not found:
            raise FetchError(f"{host} has no address.", passing=True)
        if not all(map(self._may_reach, found)):
            raise FetchError(f"{host} is on a private network, not on the public internet.")
        return found


def _transport(guard: _Guard, tls: ssl.SSLContext) -> httpx.BaseTransport:
    """The way of httpx to its answers, over a pool that knows the guard (httpcore: "Network Backends")."""
    import httpcore
    import httpx

    class Stream(httpcore.NetworkStream):
        def __init__(self, inner: httpcore.NetworkStream) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self._inner.read(max_bytes, guard.remaining(timeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._inner.write(buffer, guard.remaining(timeout))

        def close(self) -> None:
            self._inner.close()

        def start_tls(
            self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.NetworkStream:
            return Stream(self._inner.start_tls(ssl_context, server_hostname, guard.remaining(timeout)))

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class Backend(httpcore.NetworkBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore.NetworkStream:
            failed: httpcore.NetworkError | httpcore.TimeoutException | None = None
            for address in guard.addresses(host, port):
                try:
                    plain = httpcore.SyncBackend()
                    left = guard.remaining(timeout)
                    return Stream(plain.connect_tcp(address, port, left, local_address, socket_options))
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
            assert failed is not None
            raise failed

    class Body(httpx.SyncByteStream):
        def __init__(self, answer: httpcore.Response) -> None:
            self._answer = answer

        def __iter__(self) -> Iterator[bytes]:
            return self._answer.iter_stream()

        def close(self) -> None:
            self._answer.close()

    class Transport(httpx.BaseTransport):
        def __init__(self) -> None:
            self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=Backend())

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            url = request.url
            answer = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream if isinstance(request.stream, httpx.SyncByteStream) else None,
                    extensions=request.extensions,
                )
            )
            return httpx.Response(status_code=answer.status, headers=answer.headers, stream=Body(answer))

        def close(self) -> None:
            self._pool.close()

    return Transport()


def expect_200(answer: httpx.Response) -> None:
    """Raises FetchError for every other answer."""
    if answer.status_code != 200:
        passing = answer.status_code >= 500 or answer.status_code in _PASSING
        raise FetchError(f"{answer.url} answered {answer.status_code}.", passing=passing)


def _read(answer: httpx.Response, largest: int) -> Fetched:
    expect_200(answer)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError(f"{answer.url} answered compressed, which was not asked for.")
    too_large = FetchError(f"{answer.url} is larger than {largest / 1024 / 1024:.0f} MB.")
    stated = answer.headers.get("Content-Length", "")
    if stated.isdecimal() and int(stated) > largest:
        raise too_large
    data = bytearray()
    for chunk in answer.iter_raw():
        data += chunk
        if len(data) > largest:
            raise too_large
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Fetched(url=str(answer.url), data=bytes(data), media_type=media_type)


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn whatever goes wrong on the way into a FetchError that names the address."""
    import httpcore
    import httpx

    try:
        yield
    except FetchError as error:
        if url in error.message:
            raise
        raise FetchError(f"{url} cannot be fetched: {error.message}", passing=error.passing) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise FetchError(f"{url} is not a web address.") from error
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError) as error:
        words = "it takes too long" if isinstance(error, httpcore.TimeoutException) else "the connection failed"
        raise FetchError(f"{url} cannot be fetched: {words}.", passing=True) from error
