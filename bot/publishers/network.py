"""What a network provides to the rest of the bot: one adapter for each `type` of account in the settings."""

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
    """An account of the settings, with its token and the means to reach its server."""

    account: Account
    address: str  #: the account's identity in the ledger
    token: str = field(repr=False)
    timeout: timedelta  #: the longest wait for one answer
    clock: Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """The result of an inspection of an account."""

    address: str = ""  #: user@domain as the server confirms it; empty if it does not
    reachable: bool = False
    software: str = ""  #: with its version
    limits: Limits | None = None
    scopes: tuple[str, ...] = ()  #: empty if the server does not say
    missing: tuple[str, ...] = ()  #: scopes that the bot needs and the token lacks
    trouble: str = ""  #: why nothing can be published; empty if it can
    remedy: str = ""


class SignIn(Protocol):
    """A login on one server: the operator allows the application and pastes a code. Methods raise a PublishError."""

    def register(self, name: str, *, website: str) -> Application:
        """Register an application with the least rights that the bot needs."""

    def address(self, application: Application) -> str:
        """The address where the operator allows the application and is shown the code."""

    def needs(self, application: Application) -> Mapping[str, str]:
        """The rights that the application asks for, each with its reason in words."""

    def exchange(self, application: Application, pasted: str) -> tuple[str, tuple[str, ...]]:
        """Exchange the code that the operator pasted for a token; returns it and the rights that it was granted.

        Raises CodeRefusedError if another code may do.
        """

    def missing(self, granted: tuple[str, ...]) -> str:
        """The rights that a token still lacks, in words; empty if it has all."""

    def revoke(self, application: Application, token: str) -> None:
        """End a token for good, wherever it is used. Harmless to repeat."""

    def close(self) -> None:
        """Close the connections."""


class Network(Protocol):
    """A kind of network. Only `inspect`, and the objects that this makes, contact a server."""

    @property
    def limits(self) -> Limits:
        """The limits assumed of a server that has not reported its own yet."""

    def capabilities(self, limits: Limits) -> Capabilities:
        """What an account can do on a server with these limits (and its `software`)."""

    @property
    def local_mentions(self) -> bool:
        """Whether "@name" without a server means the account of that name on the server that is published to."""

    def revocation_page(self, server: str) -> str:
        """The address where a person revokes a token by hand."""

    def clock_address(self, account: Account) -> str:
        """An address that answers a GET without a token, with a `Date` header; empty if there is none."""

    def make_publisher(
        self,
        access: AccountAccess,
        *,
        web: WebClient | None = None,
        on_answer: Callable[[Mapping[str, str]], None] | None = None,
    ) -> Publisher:
        """Make the account's publisher. `web` fetches remote pictures; `on_answer` gets each answer's headers."""

    def inspect(self, access: AccountAccess, *, granted: tuple[str, ...]) -> Inspection:
        """Ask the server everything about the account. Raises nothing that a server can cause.

        `granted` are the rights that the token was issued with; empty if they were not stored.
        """

    def sign_in(self, server: str, *, timeout: timedelta) -> SignIn:
        """Make a login on this server."""
