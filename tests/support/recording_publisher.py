"""A test double that records what it is asked to publish."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain import AccountFacts, Announcement, Capabilities, Limits, Picture, Receipt, SeenStatus
from bot.domain.clock import Clock
from bot.domain.errors import PublishError, RejectedError, TransientError


@dataclass
class RecordingPublisher:
    """Keeps the contract of `bot.publishers.contract.Publisher` in memory.

    `failures` are raised by the next calls of `publish`, `edit` and `delete`, one each; with `posts_first` what was
    asked for happens all the same.
    """

    address: str
    clock: Clock
    statuses: list[SeenStatus] = field(default_factory=list)
    uploads: list[Picture] = field(default_factory=list)
    media_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)  #: status id → the one that it answers
    failures: list[PublishError] = field(default_factory=list)
    posted: int = 0  #: how many statuses ever were; ids are never used again
    posts_first: bool = False
    limits: Limits = field(default_factory=Limits)
    capabilities: Capabilities = field(default_factory=Capabilities)

    def verify_account(self) -> AccountFacts:
        return AccountFacts(address=self.address, account_id="1", limits=self.limits, capabilities=self.capabilities)

    def newest_status_id(self) -> str:
        return self.statuses[-1].status_id if self.statuses else "0"

    def read_back(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        return tuple(status for status in self.statuses if int(status.status_id) > int(after_id))

    def prepare_pictures(self, announcement: Announcement) -> None:
        """Nothing takes time here."""

    def upload(self, picture: Picture) -> str:
        self.uploads.append(picture)
        return f"media-{len(self.uploads)}"

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,
        repeat: bool,
        in_reply_to: str | None = None,
    ) -> Receipt:
        failure = self._failure()
        if in_reply_to is not None:
            self._index(in_reply_to)
        self.posted += 1
        status_id = str(self.posted)
        status = SeenStatus(
            status_id=status_id,
            url=f"https://recording.invalid/{self.address}/{status_id}",
            created_at=self.clock.now(),
            links=frozenset(filter(None, [announcement.link])),
            text=announcement.text,
            content_warning=announcement.content_warning or "",
            in_reply_to=in_reply_to,
        )
        self.statuses.append(status)
        self.media_of[status_id] = media_ids
        if in_reply_to is not None:
            self.replies[status_id] = in_reply_to
        if failure is not None:
            raise failure
        return Receipt(status_id=status_id, url=status.url, created_at=status.created_at)

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        return tuple(replace(status, text=None) for status in self.statuses if status.created_at >= since)

    def fetch_text(self, status: SeenStatus) -> SeenStatus:
        for one in self.statuses:
            if one.status_id == status.status_id:
                return one
        raise TransientError("a toot was deleted while it was being looked at.")

    def normalise(self, text: str) -> str:
        return text.strip()

    def edit(self, status_id: str, announcement: Announcement, *, shown: Announcement | None) -> Receipt:
        failure = self._failure()
        index = self._index(status_id)
        status = replace(
            self.statuses[index],
            links=frozenset(filter(None, [announcement.link])),
            text=announcement.text,
            content_warning=announcement.content_warning or "",
        )
        self.statuses[index] = status
        self.media_of[status_id] = self._pictures(self.media_of.get(status_id, ()), announcement, shown)
        if failure is not None:
            raise failure
        return Receipt(status_id=status_id, url=status.url, created_at=status.created_at)

    def _pictures(
        self, attached: tuple[str, ...], announcement: Announcement, shown: Announcement | None
    ) -> tuple[str, ...]:
        is_same = shown is not None and [one.url for one in shown.pictures] == [
            one.url for one in announcement.pictures
        ]
        if not is_same:
            return tuple(self.upload(picture) for picture in announcement.pictures)
        if len(attached) == len(announcement.pictures):
            for media_id, picture in zip(attached, announcement.pictures, strict=True):
                self.uploads[int(media_id.removeprefix("media-")) - 1] = picture
        return attached

    def delete(self, status_id: str) -> None:
        failure = self._failure()
        self.statuses = [status for status in self.statuses if status.status_id != status_id]
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Nothing to let go of."""

    def _failure(self) -> PublishError | None:
        """The next failure, if what was asked for happens all the same; raised at once if it does not."""
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None and not self.posts_first:
            raise failure
        return failure

    def _index(self, status_id: str) -> int:
        for index, status in enumerate(self.statuses):
            if status.status_id == status_id:
                return index
        raise RejectedError("there is no such status.")
