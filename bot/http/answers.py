"""Read an HTTP response: its bytes, its beginning, or its media type and size; or make the error about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.errors import FetchError

if TYPE_CHECKING:
    import httpx


#: Bytes of a page that are read: enough for its <head>.
FIRST_BYTES: Final = 256 * 1024
#: Client error codes (4xx) that are temporary.
_TEMPORARY: Final = frozenset({408, 425, 429})
_LENGTH: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """The whole body of a successful answer (200)."""

    url: str  #: after redirects
    data: bytes
    media_type: str  #: in lower case, without parameters; empty if the answer names none


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """The media type and size of a file, according to its server."""

    url: str  #: after redirects
    media_type: str  #: in lower case, without parameters
    size: int  #: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class PageBeginning:
    """The beginning of the body of a successful answer (200)."""

    path: str  #: of the address after redirects
    media_type: str  #: in lower case, without parameters; empty if the answer names none
    beginning: bytes


def expect_200(answer: httpx.Response) -> None:
    """Raises FetchError for an answer of any other status."""
    if answer.status_code != 200:
        raise make_refusal(answer)


def read_all(answer: httpx.Response, largest: int) -> Fetched:
    """Read the whole answer. Raises FetchError if it is no 200, compressed, or over `largest` bytes."""
    expect_200(answer)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        problem = f"{answer.url} answered compressed, which was not asked for."
        raise FetchError(problem, status=answer.status_code, url=str(answer.url))
    too_large = FetchError(f"{answer.url} is larger than {largest / 1024 / 1024:.0f} MB.", url=str(answer.url))
    stated = answer.headers.get("Content-Length", "")
    if stated.isdecimal() and int(stated) > largest:
        raise too_large
    data = bytearray()
    for chunk in answer.iter_raw():
        data += chunk
        if len(data) > largest:
            raise too_large
    return Fetched(url=str(answer.url), data=bytes(data), media_type=_media_type(answer))


def read_beginning(answer: httpx.Response) -> PageBeginning:
    """Read the first bytes of the answer. Raises FetchError if it is no 200."""
    expect_200(answer)
    data = bytearray()
    for chunk in answer.iter_bytes():
        data += chunk
        if len(data) >= FIRST_BYTES:
            break
    return PageBeginning(path=answer.url.path, media_type=_media_type(answer), beginning=bytes(data[:FIRST_BYTES]))


def measure(answer: httpx.Response) -> Measured | None:
    """Read media type and size of the whole file from the headers; None if either is missing."""
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        return None  # the length is that of the compressed data
    length = answer.headers.get("Content-Length", "")
    if answer.status_code == 206:
        # "bytes 0-0/1234", RFC 9110 section 14.4
        length = answer.headers.get("Content-Range", "").rpartition("/")[2]
    media_type = _media_type(answer)
    if not media_type or not _LENGTH.fullmatch(length):
        return None
    return Measured(url=str(answer.url), media_type=media_type, size=int(length))


def _media_type(answer: httpx.Response) -> str:
    return str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def is_temporary(status: int) -> bool:
    """Whether a retry of a request that got this status may succeed."""
    return status >= 500 or status in _TEMPORARY


def make_refusal(answer: httpx.Response) -> FetchError:
    """Make the error for an answer of another status than the request needs."""
    problem = f"{answer.url} answered {answer.status_code}."
    return FetchError(problem, passing=is_temporary(answer.status_code), status=answer.status_code, url=str(answer.url))
