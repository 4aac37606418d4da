"""Limits the addresses and the duration of a request; used by `bot.http.client`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.domain.errors import FetchError

#: Host and port → its addresses; raises OSError if it has none.
Resolve = Callable[[str, int], Sequence[str]]


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
