"""An httpx transport that connects only where the guard allows (httpcore: "Network Backends").

Imports httpx, which takes 140 ms: import this module where a request is made, not at the start.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import httpcore
import httpx

from bot.domain.errors import FetchError
from bot.http.policy import Resolve


class Guard:
    """Allows connections only to checked addresses, and no step beyond the deadline."""

    def __init__(
        self, resolve: Resolve, timer: Callable[[], float], end: float, may_reach: Callable[[str], bool]
    ) -> None:
        self._resolve = resolve
        self._timer = timer
        self._end = end
        self._may_reach = may_reach

    def remaining(self, timeout: float | None) -> float:
        """The time left for a step, in seconds. Raises FetchError if there is none."""
        left = self._end - self._timer()
        if left <= 0:
            raise FetchError("it takes too long.", passing=True)
        return left if timeout is None else min(left, timeout)

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """Resolve the host and check all its addresses. Raises FetchError if the policy forbids one."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchError(f"{host} has no address.", passing=True) from error
        if not found:
            raise FetchError(f"{host} has no address.", passing=True)
        if not all(map(self._may_reach, found)):
            raise FetchError(f"{host} is on a private network, not on the public internet.", kind="private-network")
        return found


class GuardedTransport(httpx.BaseTransport):
    """A transport that lets the guard check every connection."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=_Backend(guard))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises the errors of httpcore, and FetchError."""
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
        return httpx.Response(status_code=answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in self._guard.addresses(host, port):
            try:
                left = self._guard.remaining(timeout)
                plain = httpcore.SyncBackend().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(plain, self._guard)
        assert failed is not None
        raise failed


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._guard.remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._guard.remaining(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._guard.remaining(timeout))
        return _Stream(inner, self._guard)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
