"""What the rest of the bot asks of a kind of network: one adapter for each `type` of account in the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from bot.config import Account
from bot.config.secrets import Application
from bot.domain import Capabilities, Limits
from bot.domain.clock import Clock
from bot.publishers.contract import Publisher

if TYPE_CHECKING:
    from bot.http.client import WebClient


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountAccess:
    """An account of the settings, and what it takes to reach it."""

    account: Account
    address: str  #: the account's identity in the ledger
    token: str = field(repr=False)
    timeout: timedelta  #: the longest wait for one answer
    clock: Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What was found out about an account."""

    address: str = ""  #: user@domain as the server confirms it; empty if it does not
    reachable: bool = False
    software: str = ""  #: with its version
    limits: Limits | None = None
    scopes: tuple[str, ...] = ()  #: as far as the server tells; empty: it does not
    missing: tuple[str, ...] = ()
    trouble: str = ""  #: why nothing can be published; empty if it can
    remedy: str = ""


class SignIn(Protocol):
    """One person's way to a token, on a server that gives out codes. Methods raise a PublishError."""

    def register(self, name: str, *, website: str) -> Application:
        """Register an application with the least rights that will do."""

    def address(self, application: Application) -> str:
        """Where the person allows it, and is shown the code."""

    def needs(self, application: Application) -> Mapping[str, str]:
        """The rights that the application asks for, each with its reason, for a person."""

    def exchange(self, application: Application, pasted: str) -> tuple[str, tuple[str, ...]]:
        """The token for the code that the person pasted, and the rights that it was granted.

        Raises CodeRefusedError if another code may do.
        """

    def missing(self, granted: tuple[str, ...]) -> str:
        """The rights that a token still needs, for a person; empty if it has all."""

    def revoke(self, application: Application, token: str) -> None:
        """End a token for good, wherever it is used. Harmless to repeat."""

    def close(self) -> None:
        """Let go of connections."""


class Network(Protocol):
    """A kind of network. Nothing here contacts a server, but for what its objects are asked to do."""

    @property
    def limits(self) -> Limits:
        """What is assumed of a server until it has told its own."""

    def capabilities(self, limits: Limits) -> Capabilities:
        """What an account can do on a server with these limits (and its `software`)."""

    @property
    def local_mentions(self) -> bool:
        """Whether "@name" without a server means the account of that name on the server that is published to."""

    def revocation_page(self, server: str) -> str:
        """The address where a person revokes a token by hand."""

    def clock_address(self, account: Account) -> str:
        """Where a GET without a token is answered with a `Date`; empty if there is no such place."""

    def make_publisher(
        self,
        access: AccountAccess,
        *,
        web: WebClient | None = None,
        on_answer: Callable[[Mapping[str, str]], None] | None = None,
    ) -> Publisher:
        """The account's publisher. `web` fetches pictures of other hosts; `on_answer` is told each answer's headers."""

    def inspect(self, access: AccountAccess, *, granted: tuple[str, ...]) -> Inspection:
        """Ask the server everything about the account. Raises nothing that a server can cause.

        `granted` are the rights that the token was issued with; empty: they were not kept.
        """

    def sign_in(self, server: str, *, timeout: timedelta) -> SignIn:
        """The way to a token of a server."""
