"""A publisher that only remembers what it was asked to say: the shipped double, for tests and rehearsals."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.clock import Clock
from bot.errors import PublishError
from bot.model import AccountFacts, Announcement, Limits, Picture, Receipt, SeenStatus


@dataclass
class RecordingPublisher:
    """Keeps the contract of `bot.publisher.Publisher` in memory.

    `failures` are raised by the next calls of `publish`, one each; with `posts_first` the status exists all the same.
    """

    address: str
    clock: Clock
    statuses: list[SeenStatus] = field(default_factory=list)
    uploads: list[Picture] = field(default_factory=list)
    media_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failures: list[PublishError] = field(default_factory=list)
    posts_first: bool = False
    limits: Limits = field(default_factory=Limits)

    def introduce(self) -> AccountFacts:
        return AccountFacts(address=self.address, account_id="1", limits=self.limits)

    def newest_status_id(self) -> str:
        return self.statuses[-1].status_id if self.statuses else "0"

    def look(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:  # noqa: ARG002 — contract
        return tuple(status for status in self.statuses if int(status.status_id) > int(after_id))

    def upload(self, picture: Picture) -> str:
        self.uploads.append(picture)
        return f"media-{len(self.uploads)}"

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,  # noqa: ARG002
        repeat: bool,  # noqa: ARG002
    ) -> Receipt:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None and not self.posts_first:
            raise failure
        status_id = str(len(self.statuses) + 1)
        status = SeenStatus(
            status_id=status_id,
            url=f"https://recording.invalid/{self.address}/{status_id}",
            created_at=self.clock.now(),
            links=frozenset(filter(None, [announcement.link])),
            text=announcement.text,
            content_warning=announcement.content_warning or "",
        )
        self.statuses.append(status)
        self.media_of[status_id] = media_ids
        if failure is not None:
            raise failure
        return Receipt(status_id=status_id, url=status.url, created_at=status.created_at)

    def close(self) -> None:
        """Nothing to let go of."""
