"""The tree of errors. Each class answers one question: what should the caller do?

BotError                     the base class: what happened, and the remedy
├─ UsageError                the command was used wrongly: exit 2
├─ ConfigError               the settings are wrong: every fault at once, exit 2
├─ PostError                 a post file is unusable (path, line, field): skip this post, keep the rest
├─ ComposeError              no announcement can be composed from this post: hold it, keep the rest
│  └─ PictureUnusableError   because its picture cannot be used
├─ OutputError               a public file cannot be written: keep the last good one and report the failure
├─ SourceError               a repository of posts cannot be fetched: keep the last copy and report the failure
├─ OldFeedError              a feed whose ids are to be kept cannot be read: release nothing without those ids
├─ FetchError                a resource on the web cannot be fetched; `passing`: a later try may succeed
├─ PublishError              a request to one account's server failed
│   ├─ TransientError        nothing was posted: retry, after `retry_after` if the server named it
│   ├─ AccountBlockedError   token, scope or address is wrong: send nothing for this account until that is corrected
│   ├─ CodeRefusedError      the server refused the code of a login: ask the operator for another one
│   ├─ RejectedError         the server refuses this announcement: do not send it again unchanged
│   └─ OutcomeUnknownError   the server may have accepted it: search the account before sending again
└─ LedgerError               stop: without the ledger nothing may be sent
    ├─ DamagedLedgerError    put the file aside and adopt what the accounts show
    ├─ LeaseHeldError        another process delivers for this account: try again later
    └─ LeaseLostError        another process has taken over: discard the result in hand
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path


class BotError(Exception):
    """The base class: `message` says in one line what happened, `remedy` what the operator can do, if anything."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class UsageError(BotError):
    """The command was used wrongly."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault in the settings: `where` is the dotted name of the setting."""

    where: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.problem} {self.remedy}".rstrip()


class ConfigError(BotError):
    """The settings cannot be used; `faults` lists every fault that was found."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.path = path
        self.faults = tuple(faults)


class PostError(BotError):
    """A post file cannot be used. `line` and `column` count from 1; None if the fault has no single position.

    `rule` is the name of the fault in `bot/domain/rules.py`; `others` are the other files involved in it. `value` is a
    hash of what the field holds, which tells two mistakes in one field apart; empty if it holds nothing.
    """

    def __init__(
        self,
        path: Path,
        problem: str,
        *,
        rule: str = "unreadable",
        line: int | None = None,
        column: int | None = None,
        field: str = "",
        value: str = "",
        remedy: str = "",
        others: tuple[Path, ...] = (),
    ) -> None:
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {field + ': ' if field else ''}{problem}", remedy=remedy)
        self.path = path
        self.rule = rule
        self.line = line
        self.column = column
        self.field = field
        self.value = value
        self.problem = problem
        self.others = others


class ComposeError(BotError):
    """No announcement can be composed from a post: the template is broken, or the link does not fit.

    `field` is the front matter key that causes it; empty if no single key does. `kind` tells such errors of one post
    apart without their words: alerts are keyed by it. `detail` is the message without the path of the `post`.
    """

    def __init__(self, detail: str, *, kind: str, post: Path | None = None, remedy: str = "", field: str = "") -> None:
        super().__init__(detail if post is None else f"{post}: {detail}", remedy=remedy)
        self.detail = detail
        self.kind = kind
        self.field = field


class ComposeFileError(ComposeError):
    """A template or the file of people is faulty. `line` counts from 1; None if no line is known."""

    def __init__(self, path: str, line: int | None, problem: str, *, remedy: str = "") -> None:
        place = path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {problem}", kind=f"file {place}", remedy=remedy)
        self.path = path
        self.line = line
        self.problem = problem


class PictureUnusableError(ComposeError):
    """The picture at `url` cannot be used, and the settings (`if_no_picture`) hold a toot without its picture."""

    def __init__(self, detail: str, *, url: str, post: Path | None = None, remedy: str = "") -> None:
        super().__init__(detail, kind=f"picture {url}", post=post, remedy=remedy)
        self.url = url


class OutputError(BotError):
    """A public file could not be written; its previous content is unchanged.

    `subject` is the file, or the slug of the post that the file leaves out.
    """

    def __init__(self, message: str, *, remedy: str = "", subject: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.subject = subject


class PublicFileError(OutputError):
    """One file of the public folder could not be written; `problem` says why, without the path."""

    def __init__(self, path: Path, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{path}: {problem}", remedy=remedy, subject=str(path))
        self.problem = problem


class SourceError(BotError):
    """A source's posts cannot be fetched; the copy that was fetched last stays in use."""


class OldFeedError(BotError):
    """A feed whose ids and dates are to be kept cannot be read.

    `kind` classifies the failure independently of the message: the HTTP status of the answer, "unreachable" if a
    later try may succeed, else empty.
    """

    def __init__(self, message: str, *, remedy: str = "", kind: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.kind = kind


class FetchError(BotError):
    """A resource on the web cannot be fetched. `passing`: a later try may succeed.

    `status` is the HTTP status of an unsuccessful answer; None if there was no such answer. `url` is the address
    that the message names; empty if it names none. `kind` tells such failures apart without their words: the status,
    "unreachable" for a passing one, "refused" for another, unless the caller names one.
    """

    def __init__(
        self, message: str, *, passing: bool = False, status: int | None = None, url: str = "", kind: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind or (str(status) if status is not None else "unreachable" if passing else "refused")
        self.url = url
        self.passing = passing
        self.status = status


class PublishError(BotError):
    """A request to one account's server failed."""


class TransientError(PublishError):
    """Nothing was posted, and a later try may succeed. `retry_after` is the wait that the server asked for."""

    def __init__(self, message: str, *, remedy: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class BlockCause(Enum):
    """What keeps an account from publishing. The values are part of alert keys: a new cause is a new alert."""

    NOT_SIGNED_IN = "not_signed_in"
    MALFORMED = "malformed"  #: the token
    REFUSED = "refused"  #: the token
    FORBIDDEN = "forbidden"  #: the account is suspended, or the token lacks a scope
    GONE = "gone"
    UNREADABLE = "unreadable"
    ANOTHER_ACCOUNT = "another_account"
    REDIRECTED = "redirected"
    OTHER = "other"


class AccountBlockedError(PublishError):
    """The account cannot publish (token, scope, wrong address); the announcement is not at fault."""

    def __init__(self, message: str, *, remedy: str = "", cause: BlockCause = BlockCause.OTHER) -> None:
        super().__init__(message, remedy=remedy)
        self.cause = cause


class WrongAccountError(AccountBlockedError):
    """The token belongs to the account at `address`, which is not the one in the settings."""

    def __init__(self, message: str, *, address: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy, cause=BlockCause.ANOTHER_ACCOUNT)
        self.address = address


class CodeRefusedError(PublishError):
    """The server refused the code of a login; the operator gets another one at the same address."""


class RejectedError(PublishError):
    """The server refuses this announcement, and would refuse it again unchanged."""


class OutcomeUnknownError(PublishError):
    """The server may or may not have carried out the request."""


class LedgerError(BotError):
    """The ledger cannot be read or written; nothing may be sent without it."""


class DamagedLedgerError(LedgerError):
    """The ledger's file is not a ledger, or is corrupt; the bot has not changed it."""


class LeaseHeldError(LedgerError):
    """Another process holds this account's lease for at most `remaining` longer."""

    def __init__(self, message: str, *, remaining: timedelta) -> None:
        super().__init__(message)
        self.remaining = remaining


class LeaseLostError(LedgerError):
    """The lease has passed to another process; the caller must not record the result in hand."""
