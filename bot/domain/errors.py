"""The tree of errors. Each class answers one question: what should the caller do?

BotError                     one base; what happened, and the remedy
├─ UsageError                the command was used wrongly: exit 2
├─ ConfigError               the settings are wrong: every fault at once, exit 2
├─ PostError                 path, line, field: skip this post, keep the rest
├─ ComposeError              this post cannot be said on Mastodon as it stands: hold it, keep the rest
│  └─ PictureUnusableError   for want of a picture
├─ OutputError               a public file cannot be written: keep the last good one, say so
├─ SourceError               a repository of posts cannot be fetched: keep what was fetched last, say so
├─ OldFeedError              a feed that was to be taken over cannot be read: nothing is released without its ids
├─ FetchError                something on the web cannot be fetched; `passing`: a later try may succeed
├─ PublishError              about one account's server
│   ├─ TransientError        nothing was posted: retry, after `retry_after` if the server named it
│   ├─ AccountBlockedError   token, scope or address: nothing of this account goes out until that is mended
│   ├─ CodeRefusedError      the code of a login was not accepted: ask for it once more
│   ├─ RejectedError         the server refuses this announcement: never again as it stands
│   └─ OutcomeUnknownError   it may have been accepted: look before sending again
└─ LedgerError               stop: without the ledger nothing may be sent
    ├─ DamagedLedgerError    put the file aside and adopt what the accounts show
    ├─ LeaseHeldError        another process delivers for this account: come back later
    └─ LeaseLostError        another process has taken over: drop what was in hand
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path


class BotError(Exception):
    """What happened, in one line for a reader, and the remedy if there is one."""

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
    """One thing that is wrong in the settings: `where` is the dotted name of the setting."""

    where: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.problem} {self.remedy}".rstrip()


class ConfigError(BotError):
    """The settings cannot be used; `faults` lists everything that is wrong with them."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.path = path
        self.faults = tuple(faults)


class PostError(BotError):
    """A post file that cannot be used. `line` and `column` count from 1; None where none is to blame.

    `rule` is the name of the fault in `bot/domain/rules.py`; `others` are further files that cause it.
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
        self.problem = problem
        self.others = others


class ComposeError(BotError):
    """A post that cannot be turned into an announcement: a broken template, a text without room for its link.

    `field` is the front matter key to look at; empty where none is to blame.
    """

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class ComposeFileError(ComposeError):
    """A fault of a template, or of the file of people. `place` is the file, with ":LINE" where the line is known."""

    def __init__(self, place: str, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{place}: {problem}", remedy=remedy)
        self.place = place
        self.problem = problem


class PictureUnusableError(ComposeError):
    """A picture cannot be used, and the settings hold the toot for it (`if_no_picture`). `url` is the picture's."""

    def __init__(self, message: str, *, url: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.url = url


class OutputError(BotError):
    """A public file could not be written; what stood there before still stands.

    `subject` is the file, or the slug of the post that is left out of it.
    """

    def __init__(self, message: str, *, remedy: str = "", subject: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.subject = subject


class PublicFileError(OutputError):
    """One file of the public folder: what is wrong with it."""

    def __init__(self, path: Path, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{path}: {problem}", remedy=remedy, subject=str(path))
        self.problem = problem


class SourceError(BotError):
    """A source's posts cannot be fetched; those that were fetched last stay in force."""


class OldFeedError(BotError):
    """A feed whose ids and dates were to be taken over cannot be read.

    `kind` tells such failures apart without their words: the HTTP status of its server, "unreachable" if a later try
    may succeed, else empty.
    """

    def __init__(self, message: str, *, remedy: str = "", kind: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.kind = kind


class FetchError(BotError):
    """Something on the web that cannot be fetched. `passing`: a later try may succeed.

    `status` is the HTTP status of an answer that was no success; None if there was no such answer. `url` is the
    address that the message names; empty if it names none.
    """

    def __init__(self, message: str, *, passing: bool = False, status: int | None = None, url: str = "") -> None:
        super().__init__(message)
        self.url = url
        self.passing = passing
        self.status = status


class PublishError(BotError):
    """Something about one account's server."""


class TransientError(PublishError):
    """Nothing was posted, and a later try may succeed. `retry_after` is the wait that the server asked for."""

    def __init__(self, message: str, *, remedy: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class BlockCause(Enum):
    """What keeps an account from publishing: another cause is told anew. The values are part of alert keys."""

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
    """The account cannot publish (token, scope, wrong address); no announcement is at fault."""

    def __init__(self, message: str, *, remedy: str = "", cause: BlockCause = BlockCause.OTHER) -> None:
        super().__init__(message, remedy=remedy)
        self.cause = cause


class WrongAccountError(AccountBlockedError):
    """The token belongs to the account at `address`, which is not the one in the settings."""

    def __init__(self, message: str, *, address: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy, cause=BlockCause.ANOTHER_ACCOUNT)
        self.address = address


class CodeRefusedError(PublishError):
    """A login's code was not accepted; the same address gives another one."""


class RejectedError(PublishError):
    """The server refuses this announcement; sending it again unchanged would change nothing."""


class OutcomeUnknownError(PublishError):
    """The request may or may not have been carried out."""


class LedgerError(BotError):
    """The ledger cannot be read or written; nothing may be sent without it."""


class DamagedLedgerError(LedgerError):
    """The ledger's file is no ledger, or broken; it was not touched."""


class LeaseHeldError(LedgerError):
    """Another process holds this account's lease for at most `remaining` longer."""

    def __init__(self, message: str, *, remaining: timedelta) -> None:
        super().__init__(message)
        self.remaining = remaining


class LeaseLostError(LedgerError):
    """The lease has passed to another process; the result in hand must not be recorded as ours."""
