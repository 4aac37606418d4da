"""Mastodon.py's errors → ours, in one table.

Sources: Mastodon.py 2.3.3 internals.py for the classes, the API documentation and source of Mastodon for the codes.
The rule behind the table: while sending, whatever leaves open whether the status exists is OutcomeUnknownError.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal

import requests
from mastodon.errors import MastodonAPIError, MastodonError, MastodonNetworkError, MastodonRatelimitError
from urllib3.exceptions import NewConnectionError

from bot.errors import AccountBlockedError, OutcomeUnknownError, PublishError, RejectedError, TransientError

#: What was being done: reading changes nothing, an upload that is lost is purged by the server, sending posts.
Doing = Literal["reading", "uploading", "sending"]

_BLOCKED: Final = {
    401: ("the server does not accept the token", "Make a new token and set it, see docs/settings.md."),
    403: (
        "the token or the account may not do this",
        "The token needs the scopes write:statuses, write:media, read:statuses and read:accounts; "
        "look also whether the account is suspended.",
    ),
    410: ("the server says that it is gone", "Check `server` in the settings."),
}
#: On a repeat these are answers about the earlier try, or about its key (Mastodon 4.6, Pixelfed, Pleroma).
_OPEN_ON_REPEAT: Final = frozenset({400, 404, 409})


def classify(
    error: MastodonError, *, doing: Doing, repeat: bool = False, ratelimit_reset: float | None = None
) -> PublishError:
    """The error that tells the caller what to do.

    `ratelimit_reset` is the client's epoch seconds; `repeat` says that an earlier try may have been carried out.
    """
    if isinstance(error, MastodonRatelimitError):
        return _rate_limited(error, doing, ratelimit_reset)
    if isinstance(error, MastodonNetworkError):
        return _network(error, doing)
    code, said = _answer(error)
    if code is None:
        return _open("the server's answer cannot be read", doing)
    text = f"the server answered {code}" + (f": {said}" if said else "")
    if said and code in _BLOCKED:
        problem, remedy = _BLOCKED[code]
        return AccountBlockedError(f"{problem} ({text}).", remedy=remedy)
    if said and 400 <= code < 500 and not (repeat and doing == "sending" and code in _OPEN_ON_REPEAT):
        return RejectedError(f"{text}.")
    # 5xx, and pages without a JSON error: those come from a proxy and are no verdict on the text.
    return _open(text, doing)


def _answer(error: MastodonError) -> tuple[int | None, str]:
    # MastodonAPIError carries ('Mastodon API returned error', code, reason, text or None).
    if isinstance(error, MastodonAPIError) and len(error.args) == 4 and isinstance(error.args[1], int):
        said = error.args[3]
        # 404 without JSON gets this made-up text from Mastodon.py.
        return error.args[1], "" if not said or said == "Endpoint not found." else str(said)
    return None, ""


def _rate_limited(error: MastodonError, doing: Doing, reset: float | None) -> PublishError:
    # "Rate limit time calculations failed" is raised after an answer that may well have been a success.
    if "Hit rate limit" not in str(error):
        return _open("the server's rate limit headers cannot be read", doing)
    wait = timedelta(minutes=5) if reset is None else timedelta(seconds=max(1.0, reset - time.time()))
    return TransientError("the server's rate limit is reached.", retry_after=wait)


def _network(error: MastodonNetworkError, doing: Doing) -> PublishError:
    causes = list(_causes(error))
    if any(isinstance(cause, requests.exceptions.TooManyRedirects) for cause in causes):
        return AccountBlockedError(
            "the server redirects to another address.",
            remedy="Write the final address into `server` in the settings; a redirected request is never followed.",
        )
    if any(isinstance(cause, requests.exceptions.SSLError) for cause in causes):
        return TransientError("the server's certificate is not accepted.", remedy="Check `server` and the clock.")
    unsent = (requests.exceptions.ConnectTimeout, NewConnectionError, requests.exceptions.ProxyError)
    if any(isinstance(cause, unsent) for cause in causes):
        return TransientError("the server cannot be reached.")
    return _open("the connection broke before the answer", doing)


def _open(what: str, doing: Doing) -> PublishError:
    if doing == "sending":
        return OutcomeUnknownError(f"{what}; the toot may be there all the same.")
    return TransientError(f"{what}.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        cause = pending.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        # urllib3 keeps the cause in `reason`, requests in args.
        pending += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
