"""Mastodon.py's errors → ours, in one table.

Sources: Mastodon.py 2.3.3 internals.py for the classes, the API documentation and source of Mastodon for the codes.
The rule of the table: while sending, an error that leaves open whether the status exists is an OutcomeUnknownError.
Every other class means that it does not exist.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal

import requests
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonIllegalArgumentError,
    MastodonNetworkError,
    MastodonRatelimitError,
)
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.domain.errors import (
    AccountBlockedError,
    BlockCause,
    OutcomeUnknownError,
    PublishError,
    RejectedError,
    TransientError,
)

#: The kind of request: reading changes nothing, the server purges a lost upload, sending posts.
Doing = Literal["reading", "uploading", "sending"]

#: The wait after a rate limit without a usable reset time: the shortest of Mastodon's windows (rack_attack.rb).
UNNAMED_WAIT: Final = timedelta(minutes=5)
#: No server has a window of more than a few hours (rate_limiter.rb); a later reset time is a mistake.
LONGEST_WAIT: Final = timedelta(days=1)
_LONGEST_WORDS: Final = 300

_BLOCKED: Final = {
    401: ("the server does not accept the token", "`announce login` makes a new one, see docs/accounts.md."),
    403: (
        "the token or the account may not do this",
        "Look whether the account is suspended.",
    ),
    410: ("the server says that it is gone", "Check `server` in the settings."),
}
_CAUSES: Final = {401: BlockCause.REFUSED, 403: BlockCause.FORBIDDEN, 410: BlockCause.GONE}
#: The scopes that the token needs for each kind of request (mastodon: config/initializers/doorkeeper.rb).
SCOPES: Final[dict[Doing, tuple[str, ...]]] = {
    "reading": ("read:accounts", "read:statuses"),
    "uploading": ("write:media",),
    "sending": ("write:statuses",),
}
_SCOPE_WORDS: Final = "outside the authorized scopes"  # doorkeeper.en.yml; other locales translate it
#: About the transport or a concurrent twin of the request, not the text (409: Pleroma's idempotency_plug.ex).
_NO_VERDICT: Final = frozenset({408, 409, 425})
#: On a repeat these answers are about the earlier try, or about its key (Mastodon 4.6, Pixelfed, Pleroma).
_OPEN_ON_REPEAT: Final = frozenset({400, 404})


def classify(
    error: MastodonError, *, doing: Doing, repeat: bool = False, ratelimit_reset: float | None = None, words: str = ""
) -> PublishError:
    """Choose the error that tells the caller what to do.

    `ratelimit_reset` is in the client's epoch seconds; `repeat` means that an earlier try may have succeeded; `words`
    is the answer's JSON error, which Mastodon.py drops where it expects a list.
    """
    if isinstance(error, MastodonRatelimitError):
        return _rate_limited(error, doing, ratelimit_reset)
    if isinstance(error, MastodonNetworkError):
        return _network(error, doing)
    if isinstance(error, MastodonIllegalArgumentError) and doing != "reading":
        # Raised before a request is made (Mastodon.py: statuses.py, `__load_media_file` in internals.py).
        return RejectedError(f"it cannot be sent: {error}")
    code, reason = _answer(error)
    if code is None:
        return _open("the server's answer cannot be read", doing)
    return _answered(code, reason or _one_line(words), doing, repeat=repeat)


def _answered(code: int, reason: str, doing: Doing, *, repeat: bool) -> PublishError:
    text = f"the server answered {code}" + (f": {reason}" if reason else "")
    if reason and code in _BLOCKED:
        problem, remedy = _BLOCKED[code]
        if code == 403:
            problem, remedy = _forbidden(reason, doing)
        return AccountBlockedError(f"{problem} ({text}).", remedy=remedy, cause=_CAUSES[code])
    if reason and 400 <= code < 500 and code not in _NO_VERDICT:
        if doing == "reading":
            return AccountBlockedError(
                f"the server does not let the account read ({text}).",
                remedy="Check `server` in the settings, and that the token was made for an account.",
                cause=BlockCause.UNREADABLE,
            )
        if doing == "uploading" or not repeat or code not in _OPEN_ON_REPEAT:
            return RejectedError(f"{text}.")
    # 5xx, and pages without a JSON error: they come from a proxy and say nothing about the text.
    return _open(text, doing, remedy="Check `server` in the settings." if code == 404 and doing == "reading" else "")


def _forbidden(reason: str, doing: Doing) -> tuple[str, str]:
    problem, remedy = _BLOCKED[403]
    scopes = " and ".join(SCOPES[doing])
    if _SCOPE_WORDS in reason:
        return f"the token lacks the scope {scopes}", "`announce login` makes a new one with all that it needs."
    return problem, f"The token needs {scopes} for this (`announce accounts` shows what it has). {remedy}"


def _answer(error: MastodonError) -> tuple[int | None, str]:
    # MastodonAPIError carries ('Mastodon API returned error', code, reason, text or None).
    if isinstance(error, MastodonAPIError) and len(error.args) == 4 and isinstance(error.args[1], int):
        reason = error.args[3]
        # Mastodon.py makes up this text for a 404 without JSON.
        return error.args[1], "" if not reason or reason == "Endpoint not found." else _one_line(str(reason))
    return None, ""


def _one_line(words: str) -> str:
    line = " ".join(words.split()).rstrip(".")
    return line if len(line) <= _LONGEST_WORDS else f"{line[:_LONGEST_WORDS]}…"


def _rate_limited(error: MastodonError, doing: Doing, reset: float | None) -> PublishError:
    # "Rate limit time calculations failed" is raised after an answer that may have been a success.
    if "Hit rate limit" not in str(error):
        return _open("the server's rate limit headers cannot be read", doing)
    if reset is None:
        wait = UNNAMED_WAIT
    else:
        # Whole seconds, as in the headers: the client has converted them to its own clock.
        wait = timedelta(seconds=min(max(1, round(reset - time.time())), LONGEST_WAIT.total_seconds()))
    return TransientError("the server's rate limit is reached.", retry_after=wait)


def _network(error: MastodonNetworkError, doing: Doing) -> PublishError:
    causes = tuple(_causes(error))
    if _any(causes, requests.exceptions.TooManyRedirects):
        return AccountBlockedError(
            "the server redirects to another address.",
            remedy="Write the final address into `server` in the settings; a redirected request is never followed.",
            cause=BlockCause.REDIRECTED,
        )
    if _any(causes, ssl.SSLCertVerificationError):
        return TransientError("the server's certificate is not accepted.", remedy="Check `server` and the clock.")
    if _any(causes, ConnectTimeoutError, NewConnectionError):
        return TransientError("the server cannot be reached.")
    if _any(causes, requests.exceptions.SSLError):
        # Not only a failed handshake: TLS can also break after the request was sent.
        return _open("the encrypted connection broke", doing, remedy="Check `server` in the settings.")
    return _open("the connection broke before the answer", doing)


def _open(what: str, doing: Doing, *, remedy: str = "") -> PublishError:
    if doing == "sending":
        return OutcomeUnknownError(f"{what}; the toot may be there all the same.")
    return TransientError(f"{what}.", remedy=remedy)


def _any(causes: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(error: MastodonNetworkError) -> Iterator[BaseException]:
    # Mastodon.py raises while it handles the error of requests; requests and urllib3 keep their causes in `args` and
    # `reason`. No further `__context__` is followed: it may belong to an earlier request that was refused, while this
    # one was sent.
    seen: set[int] = set()
    pending: list[object] = [error.__cause__ or error.__context__]
    while pending:
        cause = pending.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        pending += [getattr(cause, "reason", None), *cause.args]
