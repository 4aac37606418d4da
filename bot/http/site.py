"""Asking the conference's own site: a first look at a page, and the call that lets the site be built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.errors import FetchError
from bot.http.client import MOST_REDIRECTS, WebClient, expect_200, explained

if TYPE_CHECKING:
    import httpx


#: Of a page so much is read: what stands in its head.
FIRST_BYTES: Final = 256 * 1024
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """The beginning of a good answer (200)."""

    path: str  #: where on the site it was found in the end
    media_type: str  #: in lower case, without parameters; empty if it does not say
    beginning: bytes


class SiteClient(WebClient):
    """Follows redirects within one site only."""

    def prepare(self) -> None:
        """Do beforehand what the first question would do: load libraries and certificates. Contacts nobody."""
        with self._client(timedelta(seconds=1)):
            pass

    def glance(self, url: str, *, within: timedelta) -> Glance:
        """GET a page, and read no more than its first bytes. Raises FetchError."""
        with explained(url), self._client(within) as client:
            client.headers["Cache-Control"] = "no-cache"
            here = self._checked(url)
            for _ in range(MOST_REDIRECTS + 1):
                client.cookies.clear()
                with client.stream("GET", here, follow_redirects=False) as answer:
                    if not answer.has_redirect_location:
                        return _beginning(answer)
                    there = self._checked(str(here.join(answer.headers["Location"])))
                if not is_same_site(here, there):
                    raise FetchError(f"{url} leads to another site, {there.host}.")
                here = there
            raise FetchError(f"{url} redirects more than {MOST_REDIRECTS} times.")

    def post(self, url: str, *, headers: Mapping[str, str], content: bytes, within: timedelta) -> int:
        """POST, and return the answer's status; redirects are not followed.

        Raises FetchError, whose text holds the address: it may be a secret.
        """
        with (
            explained(url),
            self._client(within) as client,
            client.stream(
                "POST", self._checked(url), headers=dict(headers), content=content, follow_redirects=False
            ) as answer,
        ):
            return answer.status_code


def is_same_site(here: httpx.URL, there: httpx.URL) -> bool:
    """Whether a redirect stays: the same host and port, with or without "www."; from http to https, not back."""
    if here.scheme == "https" and there.scheme != "https":
        return False
    is_default = [(url.port or _PORTS[url.scheme]) == _PORTS[url.scheme] for url in (here, there)]
    same_port = all(is_default) or here.port == there.port
    return same_port and here.host.removeprefix("www.") == there.host.removeprefix("www.")


def _beginning(answer: httpx.Response) -> Glance:
    expect_200(answer)
    data = bytearray()
    for chunk in answer.iter_bytes():
        data += chunk
        if len(data) >= FIRST_BYTES:
            break
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Glance(path=answer.url.path, media_type=media_type, beginning=bytes(data[:FIRST_BYTES]))
