"""A network that the bot does not ship: notices in a folder, with 300 characters, no edits, no polls.

It is what a contributor would write for a network of their own: settings, an adapter, a publisher, and two lines that
register them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from bot.config import Account
from bot.config.accounts import ACCOUNT_TYPES
from bot.domain import (
    AccountFacts,
    Announcement,
    Capabilities,
    Dialect,
    Limits,
    Picture,
    Receipt,
    SeenStatus,
    Visibility,
)
from bot.domain.clock import Clock
from bot.domain.errors import AccountBlockedError, RejectedError, TransientError
from bot.http.client import WebClient
from bot.publishers.network import AccountAccess, Inspection, SignIn
from bot.publishers.registry import NETWORKS

TYPE: Final = "noticeboard"
_CAPABILITIES: Final = Capabilities(
    edits=False,
    polls=False,
    alt_texts=False,
    content_warnings=False,
    visibilities=(Visibility.PUBLIC,),
    dialect=Dialect(shortens=False, graphemes=True),
)


class BoardAccount(Account):
    """The settings of a notice board."""

    folder: Path = Field(description="the folder that the notices are pinned to")
    server: str = "http://127.0.0.1:9"

    def address(self, name: str) -> str:
        return f"{name}@board"


class BoardPublisher:
    """Keeps the contract of `bot.publishers.contract.Publisher` with a file for each notice."""

    def __init__(self, *, address: str, folder: Path, clock: Clock, can: Capabilities) -> None:
        self.address = address
        self._folder = folder
        self._clock = clock
        self._can = can

    def verify_account(self) -> AccountFacts:
        if not self._folder.is_dir():
            raise AccountBlockedError(f"there is no folder {self._folder}.")
        return AccountFacts(address=self.address, account_id="board", limits=Board.limits, capabilities=self._can)

    def newest_status_id(self) -> str:
        return max((status.status_id for status in self._statuses()), key=int, default="0")

    def read_back(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        return tuple(status for status in self._statuses() if int(status.status_id) > int(after_id))

    def prepare_pictures(self, announcement: Announcement) -> None:
        """Nothing takes time here."""

    def upload(self, picture: Picture) -> str:
        return picture.url

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        return tuple(replace(status, text=None) for status in self._statuses() if status.created_at >= since)

    def fetch_text(self, status: SeenStatus) -> SeenStatus:
        return next(one for one in self._statuses() if one.status_id == status.status_id)

    def normalise(self, text: str) -> str:
        return text

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,
        repeat: bool,
        in_reply_to: str | None = None,
    ) -> Receipt:
        if len(announcement.text) > Board.limits.characters:
            raise RejectedError("the notice is too long.")
        status_id, now = str(int(self.newest_status_id()) + 1), self._clock.now()
        notice = {
            "text": announcement.text,
            "link": announcement.link,
            "pictures": list(media_ids),
            "key": key,
            "answers": in_reply_to,
            "at": now.isoformat(),
        }
        self._file(status_id).write_text(json.dumps(notice), encoding="utf-8")
        return Receipt(status_id=status_id, url=f"https://board.invalid/{status_id}", created_at=now)

    def edit(self, status_id: str, announcement: Announcement, *, shown: Announcement | None) -> Receipt:
        raise AssertionError(f"nobody may ask this network to edit {status_id}: {announcement} {shown}")

    def delete(self, status_id: str) -> None:
        if not self._can.deletes:
            raise AssertionError(f"nobody may ask this network to delete {status_id}")
        self._file(status_id).unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing to let go of."""

    def _file(self, status_id: str) -> Path:
        return self._folder / f"{int(status_id):04}.json"

    def _statuses(self) -> Iterator[SeenStatus]:
        for file in sorted(self._folder.glob("*.json")):
            notice = json.loads(file.read_text(encoding="utf-8"))
            yield SeenStatus(
                status_id=str(int(file.stem)),
                url=f"https://board.invalid/{int(file.stem)}",
                created_at=datetime.fromisoformat(notice["at"]),
                links=frozenset(filter(None, [notice["link"]])),
                text=notice["text"],
                in_reply_to=notice["answers"],
            )


class Board:
    """Keeps the contract of `bot.publishers.network.Network`."""

    limits: Limits = Limits(characters=300, pictures=1, software="noticeboard 1")
    local_mentions: bool = False

    def __init__(self, **changes: Any) -> None:
        """`changes` are capabilities that differ."""
        self._can = replace(_CAPABILITIES, **changes)

    def capabilities(self, limits: Limits) -> Capabilities:
        return self._can

    def revocation_page(self, server: str) -> str:
        return f"{server}/nothing-to-revoke"

    def clock_address(self, account: Account) -> str:
        return ""

    def make_publisher(
        self,
        access: AccountAccess,
        *,
        web: WebClient | None = None,
        on_answer: Callable[[Mapping[str, str]], None] | None = None,
    ) -> BoardPublisher:
        assert isinstance(access.account, BoardAccount)
        folder = access.account.folder
        return BoardPublisher(address=access.address, folder=folder, clock=access.clock, can=self._can)

    def inspect(self, access: AccountAccess, *, granted: tuple[str, ...]) -> Inspection:
        found = Inspection(software=self.limits.software, limits=self.limits, scopes=granted)
        try:
            return replace(found, reachable=True, address=self.make_publisher(access).verify_account().address)
        except AccountBlockedError as error:
            return replace(found, trouble=error.message)

    def sign_in(self, server: str, *, timeout: timedelta) -> SignIn:
        raise TransientError(f"{server} gives out no codes, not even within {timeout}.")


@contextmanager
def registered(**changes: Any) -> Iterator[None]:
    """While this lasts, `type = "noticeboard"` is known; `changes` are capabilities that differ."""
    NETWORKS[TYPE], ACCOUNT_TYPES[TYPE] = Board(**changes), BoardAccount
    try:
        yield
    finally:
        del NETWORKS[TYPE], ACCOUNT_TYPES[TYPE]


def notices(folder: Path) -> list[dict[str, Any]]:
    """What hangs on the board, oldest first."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
