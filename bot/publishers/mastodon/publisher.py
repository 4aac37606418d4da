"""The publisher on Mastodon.py: the methods that change something on the server; `client` has those that read."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import requests
from mastodon.errors import MastodonError, MastodonNotFoundError

from bot.domain import Announcement, Picture, Poll, Receipt
from bot.domain.errors import OutcomeUnknownError, RejectedError, TransientError
from bot.http.client import WebClient
from bot.publishers.mastodon.answers import get_field, get_text, is_status, to_utc
from bot.publishers.mastodon.client import MastodonAccount
from bot.publishers.network import AccountAccess
from bot.publishers.pictures import PreparedPictures, read_original

#: The wait between two questions whether the server has processed an upload.
MEDIA_POLL: Final = timedelta(seconds=1)
#: The fields of `_fields_of` that Mastodon.py's `status_update` does not take.
_NOT_IN_AN_EDIT: Final = ("language", "content_type")


class MastodonPublisher(MastodonAccount):
    """Keeps the contract of `bot.publishers.contract.Publisher`."""

    def __init__(
        self,
        access: AccountAccess,
        *,
        session: requests.Session | None = None,
        on_answer: Callable[[Mapping[str, str]], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        web: WebClient | None = None,
    ) -> None:
        """Make the client; contacts no server. `web` fetches the pictures of other hosts."""
        super().__init__(access, session=session, on_answer=on_answer)
        self._timeout = access.timeout
        self._sleep = sleep
        self._web = web or WebClient()
        self._pictures = PreparedPictures()

    def prepare_pictures(self, announcement: Announcement) -> None:
        self._pictures.clear()
        for picture in announcement.pictures:
            if picture.path is not None:
                with suppress(RejectedError, TransientError):
                    self._pictures.prepare(read_original(picture, self._web), self._limits)

    def upload(self, picture: Picture) -> str:
        original = read_original(picture, self._web)
        self._own_id()
        file = self._pictures.take(original, self._limits)
        with self._errors("uploading"):
            media = self._client.media_post(
                file.data,
                mime_type=file.media_type,
                description=picture.alt or None,
                file_name=file.name,
                focus=picture.focus,
            )
            return self._processed(media)

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,
        repeat: bool,
        in_reply_to: str | None = None,
    ) -> Receipt:
        self._own_id()
        if self._limits.picture_needed and not media_ids and in_reply_to is None:
            # Pixelfed would answer 403, which means a blocked account (ApiV1Controller.php `statusCreate`).
            raise RejectedError("the server takes no toot without a picture.", remedy="Mend the post's picture.")
        poll = announcement.poll
        with self._errors("sending", repeat=repeat):
            status = self._client.status_post(
                **_fields_of(announcement),
                in_reply_to_id=in_reply_to,
                media_ids=list(media_ids) or None,
                visibility=announcement.visibility.value,
                poll=self._poll(poll, poll.expires_in) if poll is not None else None,
                idempotency_key=key,
            )
        receipt = self._receipt(status)
        if in_reply_to is not None or "@" in announcement.text:
            self._verify_status(receipt)
        return receipt

    def _verify_status(self, receipt: Receipt) -> None:
        """Raises RejectedError if the server does not have the status after all.

        Mastodon's spam filter answers a mention or a reply as usual, with an id that never exists
        (app/lib/antispam.rb). If this request fails in another way, the answer to the post counts.
        """
        self._answer = None
        try:
            self._client.status(receipt.status_id)
        except MastodonNotFoundError:
            if get_text(self._answer, "error"):
                raise RejectedError(
                    "the server took it and dropped it: its spam filter stops some mentions and replies.",
                    remedy="Ask those who run the server, or leave the mention out.",
                ) from None
        except MastodonError:
            return

    def edit(self, status_id: str, announcement: Announcement, *, shown: Announcement | None) -> Receipt:
        self._own_id()
        with self._errors("sending"):
            present = self._client.status(status_id)
        if not is_status(present):
            raise TransientError("the server's answer is no status.")
        media_ids, attributes = self._media_of_an_edit(present, announcement, shown)
        poll = self._poll_of_an_edit(present, announcement)
        words = _fields_of(announcement)
        besides = {name: words.pop(name) for name in _NOT_IN_AN_EDIT}
        try:
            with self._errors("sending"), self._finisher.adding({n: v for n, v in besides.items() if v}):
                status = self._client.status_update(
                    status_id, **words, media_ids=media_ids, media_attributes=attributes, poll=poll
                )
        except RejectedError:
            # GoToSocial refuses an edit that changes nothing, such as the repeat of one whose answer was lost.
            if "status was not changed" not in get_text(self._answer, "error"):
                raise
            status = present
        return self._receipt(status)

    def _poll(self, poll: Poll, remaining: timedelta) -> Any:
        return self._client.make_poll(
            list(poll.options), round(remaining.total_seconds()), multiple=poll.multiple, hide_totals=poll.hide_totals
        )

    def _poll_of_an_edit(self, present: Any, announcement: Announcement) -> Any:
        """The poll of an edit: without it the server would remove the poll, with the whole duration prolong it."""
        if announcement.poll is None:
            return None
        remaining = to_utc(get_field(present, "created_at")) + announcement.poll.expires_in - self._clock.now()
        if remaining <= timedelta() and get_field(present, "poll") is not None:
            raise RejectedError(
                "its poll has ended, and an edit would open it again.",
                remedy="Leave the toot as it is, or say what has changed in a new post.",
            )
        return self._poll(announcement.poll, max(remaining, self._limits.poll_shortest))

    def _media_of_an_edit(
        self, present: Any, announcement: Announcement, shown: Announcement | None
    ) -> tuple[list[str] | None, list[dict[str, Any]] | None]:
        """The ids of new media, or the changes of those that are attached.

        PUT replaces everything: media that it does not name are removed (mastodon: update_status_service.rb).
        """
        if shown is None or _files(shown) != _files(announcement):
            return [self.upload(picture) for picture in announcement.pictures] or None, None
        attached = [get_text(media, "id") for media in get_field(present, "media_attachments") or ()]
        wanted: list[Picture | None] = list(announcement.pictures)
        if len(attached) != len(wanted):
            # A picture was refused, or removed by hand: the pairs are unknown.
            wanted = [None] * len(attached)
        changes = [
            self._client.generate_media_edit_attributes(
                media_id, description=picture.alt if picture else None, focus=picture.focus if picture else None
            )
            for media_id, picture in zip(attached, wanted, strict=True)
        ]
        return None, changes or None

    def delete(self, status_id: str) -> None:
        self._own_id()
        with self._errors("sending"):
            try:
                self._client.status_delete(status_id)
            except MastodonNotFoundError:
                if not get_text(self._answer, "error"):
                    raise  # a proxy's page, not the server's answer

    def _receipt(self, status: Any) -> Receipt:
        status_id, created = get_text(status, "id"), get_field(status, "created_at")
        if not status_id or not isinstance(created, datetime):
            raise OutcomeUnknownError("the server's answer is no status; the toot may be there all the same.")
        return Receipt(status_id=status_id, url=get_text(status, "url") or self._server, created_at=to_utc(created))

    def _processed(self, media: Any) -> str:
        # 202 and 206 come with `url: null` while the server works (mastodon: media_controller.rb).
        # The rounds are counted too, in case that the clock stands still.
        media_id = get_text(media, "id")
        end = self._clock.monotonic() + self._timeout.total_seconds()
        for _ in range(math.ceil(self._timeout / MEDIA_POLL)):
            if not media_id or get_text(media, "url") or self._clock.monotonic() >= end:
                break
            self._sleep(min(MEDIA_POLL, self._timeout).total_seconds())
            media = self._client.media(media_id)
        if not media_id or not get_text(media, "url"):
            raise TransientError("the server has not finished with the picture.")
        return media_id


def _fields_of(announcement: Announcement) -> dict[str, Any]:
    """The fields of a request that publishes or edits, except pictures and polls."""
    return {
        "status": announcement.text,
        "spoiler_text": announcement.content_warning,
        # On Mastodon a content warning implies it; other servers need the flag.
        "sensitive": announcement.sensitive or announcement.content_warning is not None,
        "language": announcement.language,
        "content_type": "text/plain",
        "quote_approval_policy": announcement.quote_policy.value if announcement.quote_policy is not None else None,
    }


def _files(announcement: Announcement) -> list[tuple[str, int | None]]:
    return [(picture.url, picture.size) for picture in announcement.pictures]
