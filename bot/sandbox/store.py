"""What the sandbox remembers, in memory and (if asked) in a state file. Safe to use from several threads.

`with store.transaction():` makes a read and a change one step; every method that changes something is one by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from threading import RLock
from typing import Final

from bot.domain.clock import Clock
from bot.sandbox.ids import IdStyle, username_for
from bot.sandbox.records import (
    Account,
    App,
    Draft,
    Grant,
    Media,
    Picture,
    Poll,
    State,
    Status,
    Target,
    UsedKey,
    Version,
)
from bot.sandbox.statefile import drop_media, load_media, load_state, save_media, save_state

#: How long Mastodon remembers an Idempotency-Key (app/services/post_status_service.rb).
KEY_LIFETIME: Final = timedelta(seconds=3600)


class Store:
    """Accounts, statuses, media, used Idempotency-Keys, clients and tokens.

    `ids` is the spelling of ids: that of the profile. With a `path`, raises UsageError if that state file cannot
    be read or has ids of another spelling.
    """

    def __init__(self, *, clock: Clock, path: Path | None = None, ids: IdStyle = IdStyle.SNOWFLAKE) -> None:
        self.clock = clock
        self.ids = ids
        self._path = path
        self._state = load_state(path, ids=ids.value) if path else State(ids=ids.value)
        self._bytes: dict[str, bytes] = {}
        self._lock = RLock()
        self._depth = 0
        self._changed = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Exclude all other threads, and write the state file at the end if something changed."""
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._changed:
                    self._changed = False
                    if self._path:
                        save_state(self._path, self._state)

    # -- accounts

    def account_for_token(self, token: str) -> Account:
        """The account of a bearer token; its first use creates it."""
        username = username_for(token)
        with self.transaction():
            known = self.account_named(username)
            if known is not None:
                return known
            account = Account(id=self.new_id(), username=username, created_at=self.clock.now())
            self._state.accounts[account.id] = account
            return account

    def account(self, account_id: str) -> Account | None:
        with self._lock:
            return self._state.accounts.get(account_id)

    def account_named(self, username: str) -> Account | None:
        with self._lock:
            return next((a for a in self._state.accounts.values() if a.username == username.lower()), None)

    def accounts(self) -> list[Account]:
        """All accounts, oldest first."""
        with self._lock:
            return list(self._state.accounts.values())

    # -- statuses

    def status(self, status_id: str) -> Status | None:
        with self._lock:
            return self._state.statuses.get(status_id)

    def statuses(self) -> list[Status]:
        """All statuses, newest first."""
        with self._lock:
            return list(reversed(self._state.statuses.values()))

    def status_of_key(self, account: Account, key: str) -> UsedKey | None:
        """The status that an Idempotency-Key of this account led to within the last hour."""
        with self._lock:
            used = self._state.keys.get(f"{account.id}:{key}")
            return used if used is not None and used.expires > self.clock.now() else None

    def publish(self, account: Account, draft: Draft, target: Target, *, key: str = "") -> Status:
        """Add a status, attach its media and remember its Idempotency-Key, if there is one."""
        with self.transaction():
            now = self.clock.now()
            status = Status(id=self.new_id(), account_id=account.id, created_at=now, draft=draft, target=target)
            if draft.question:
                status = replace(status, poll=Poll(id=self.new_id()))
            self._state.statuses[status.id] = status
            self._attach(status)
            if key:
                self._forget_old_keys()
                used = UsedKey(status_id=status.id, expires=now + KEY_LIFETIME)
                self._state.keys[f"{account.id}:{key}"] = used
            return status

    def revise(self, status: Status, draft: Draft, pictures: tuple[Picture, ...]) -> Status:
        """Edit a status; `pictures` are those of the new version, in order."""
        with self.transaction():
            now = self.clock.now()
            versions = status.versions or (self._version(status.draft, status.created_at),)
            for picture in pictures:
                media = self._state.media[picture.media_id]
                self.change_media(replace(media, description=picture.description, focus=picture.focus or media.focus))
            versions += (self._version(draft, now),)
            poll = self._poll_after(status, draft)
            revised = replace(status, draft=draft, edited_at=now, versions=versions, poll=poll)
            self._state.statuses[status.id] = revised
            self._attach(revised)
            return revised

    def replace_status(self, status: Status) -> None:
        """Replace the status of the same id, without an edit: for votes."""
        with self.transaction():
            self._state.statuses[status.id] = status
            self._changed = True

    def remove(self, status: Status, *, with_media: bool) -> None:
        """Delete a status. Its media are deleted too, or become free to be attached again."""
        with self.transaction():
            self._state.statuses.pop(status.id, None)
            self._changed = True
            for media in [m for m in self._state.media.values() if m.status_id == status.id]:
                if with_media:
                    self.remove_media(media)
                else:
                    self.change_media(replace(media, status_id=None))

    # -- media

    def add_media(self, media: Media, data: bytes) -> None:
        """Keep a picture, whose id is a `new_id`."""
        with self.transaction():
            if self._path:
                save_media(self._path, media.file_name, data)
            else:
                self._bytes[media.id] = data
            self._state.media[media.id] = media

    def media(self, media_id: str) -> Media | None:
        with self._lock:
            return self._state.media.get(media_id)

    def media_of(self, status: Status) -> list[Media]:
        """The media of a status as it is now, in order."""
        with self._lock:
            return [self._state.media[media_id] for media_id in status.draft.media_ids]

    def media_bytes(self, media: Media) -> bytes | None:
        """The bytes of a picture; None if its file is gone."""
        with self._lock:
            return load_media(self._path, media.file_name) if self._path else self._bytes.get(media.id)

    def change_media(self, media: Media) -> Media:
        with self.transaction():
            self._state.media[media.id] = media
            self._changed = True
            return media

    def remove_media(self, media: Media) -> None:
        with self.transaction():
            self._state.media.pop(media.id, None)
            self._bytes.pop(media.id, None)
            self._changed = True
            if self._path:
                drop_media(self._path, media.file_name)

    # -- clients and tokens

    @property
    def seed(self) -> str:
        """A secret of this store, from which its tokens are derived."""
        with self.transaction():
            if not self._state.seed:
                self._state.seed = token_hex(32)
                self._changed = True
            return self._state.seed

    def app(self, client_id: str) -> App | None:
        with self._lock:
            return self._state.apps.get(client_id)

    def add_app(self, make: Callable[[str], App]) -> App:
        """Store the client that `make` creates with a new id."""
        with self.transaction():
            app = make(self.new_id())
            self._state.apps[app.client_id] = app
            return app

    def grant(self, digest: str) -> Grant | None:
        with self._lock:
            return self._state.grants.get(digest)

    def set_grant(self, digest: str, grant: Grant) -> None:
        with self.transaction():
            self._state.grants[digest] = grant
            self._changed = True

    # -- within a transaction

    def new_id(self) -> str:
        # Ids grow even if the clock stands still or is set back.
        milliseconds = int(self.clock.now().timestamp() * 1000)
        self._state.last_id = max(self.ids.number_at(milliseconds), self._state.last_id + 1)
        self._changed = True
        return self.ids.encode(self._state.last_id)

    def _poll_after(self, status: Status, draft: Draft) -> Poll | None:
        # Other choices void the votes (app/services/update_status_service.rb).
        before, after = status.draft.question, draft.question
        if after is None:
            return None
        if status.poll is None or before is None:
            return Poll(id=self.new_id())
        same = (before.options, before.multiple) == (after.options, after.multiple)
        return status.poll if same else Poll(id=status.poll.id)

    def _attach(self, status: Status) -> None:
        for media in self.media_of(status):
            self.change_media(replace(media, status_id=status.id))

    def _version(self, draft: Draft, at: datetime) -> Version:
        media = [self._state.media[media_id] for media_id in draft.media_ids]
        return Version(
            created_at=at,
            text=draft.text,
            spoiler_text=draft.spoiler_text,
            sensitive=draft.sensitive,
            pictures=tuple(Picture(media_id=item.id, description=item.description) for item in media),
            options=draft.question.options if draft.question else (),
        )

    def _forget_old_keys(self) -> None:
        now = self.clock.now()
        self._state.keys = {name: used for name, used in self._state.keys.items() if used.expires > now}
