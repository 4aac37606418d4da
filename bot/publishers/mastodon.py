"""A publisher on Mastodon.py: one client, one session, one thread; never retries, never follows a redirect."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError, MastodonNotFoundError

from bot.clock import Clock
from bot.config import is_loopback
from bot.errors import AccountBlockedError, OutcomeUnknownError, PublishError, RejectedError, TransientError
from bot.model import AccountFacts, Announcement, Limits, Picture, Receipt, SeenStatus
from bot.publishers.outcomes import Doing, classify

#: A status list page; larger values are cut down by the server (mastodon: accounts/statuses_controller.rb).
PAGE: Final = 40
#: Own statuses read at most in one look; an account that posts more between two tries is no announcement bot's.
LOOK_PAGES: Final = 25
#: How often an upload that is still being processed is asked for.
MEDIA_POLL: Final = timedelta(seconds=1)
_HREF: Final = re.compile(r"""href=(?:"([^"]*)"|'([^']*)')""")
_TAG: Final = re.compile(r"<[^>]*>")
#: What a header can carry; requests shows a token that it refuses in its error.
_CARRIED_BY_A_HEADER: Final = re.compile(r"[!-~\xa1-\xff](?:[ -~\xa0-\xff]*[!-~\xa1-\xff])?")


class MastodonPublisher:
    """Keeps the contract of `bot.publisher.Publisher`."""

    def __init__(
        self,
        *,
        address: str,
        acct: str | None,
        server: str,
        token: str,
        timeout: timedelta,
        clock: Clock,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make the client; contacts nobody. `acct` is the address that the token must belong to."""
        self.address = address
        self._acct = acct
        self._server = server
        self._clock = clock
        self._sleep = sleep
        self._timeout = timeout
        self._token = token
        self._session = session or _session(server)
        # A redirect would turn the POST into a GET (requests, as browsers do), so it is an error.
        self._session.max_redirects = 0
        self._session.hooks["response"].append(self._note_answer)
        self._answer: object = None
        self._account_id = ""
        self._client = Mastodon(
            api_base_url=server,
            ratelimit_method="throw",
            request_timeout=timeout.total_seconds(),
            user_agent="announce",
            session=self._session,
        )
        # Not through the constructor, which takes a token that is a file's name for the file.
        self._client.access_token = token

    def introduce(self) -> AccountFacts:
        self._account_id = ""
        if not _CARRIED_BY_A_HEADER.fullmatch(self._token):
            raise AccountBlockedError(
                "the token holds a line break, a blank or a letter that no token has.",
                remedy="Copy it anew, all of it and nothing else.",
            )
        with self._errors("reading"):
            me = self._client.account_verify_credentials()
            instance = self._client.instance_v2()
        if not _text(me, "id") or not _text(me, "username"):
            raise TransientError("the server's answer is no account.", remedy="Check `server` in the settings.")
        address = f"{_text(me, 'username')}@{_domain(instance, self._server)}".lower()
        if self._acct is not None and address != self._acct.lstrip("@").lower():
            raise AccountBlockedError(
                f"the token belongs to @{address}, but the settings say {self._acct}.",
                remedy="Set the token of the right account, or correct `acct`; nothing was sent.",
            )
        self._account_id = _text(me, "id")
        return AccountFacts(address=address, account_id=self._account_id, limits=_limits(instance))

    def newest_status_id(self) -> str:
        page = self._statuses(limit=1)
        return _text(page[0], "id") if page else "0"

    def look(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        return tuple(self._with_text(status, announcement) for status in self._after(after_id))

    def upload(self, picture: Picture) -> str:
        if picture.path is None:
            raise RejectedError(f"{picture.url} has no file here: {picture.problem or 'it was not found'}.")
        try:
            data = picture.path.read_bytes()
        except OSError as error:
            raise RejectedError(f"{picture.path} cannot be read: {error.strerror}.") from error
        self._own_id()
        with self._errors("uploading"):
            media = self._client.media_post(
                data, mime_type=picture.media_type, description=picture.alt or None, file_name=picture.path.name
            )
            return self._processed(media)

    def publish(self, announcement: Announcement, *, media_ids: tuple[str, ...], key: str, repeat: bool) -> Receipt:
        self._own_id()
        with self._errors("sending", repeat=repeat):
            status = self._client.status_post(
                announcement.text,
                media_ids=list(media_ids) or None,
                visibility=announcement.visibility.value,
                spoiler_text=announcement.content_warning,
                sensitive=announcement.content_warning is not None,
                language=announcement.language,
                content_type="text/plain",
                idempotency_key=key,
            )
        status_id, created = _text(status, "id"), _field(status, "created_at")
        if not status_id or not isinstance(created, datetime):
            raise OutcomeUnknownError("the server's answer is no status; the toot may be there all the same.")
        return Receipt(status_id=status_id, url=_text(status, "url") or self._server, created_at=_aware(created))

    def close(self) -> None:
        self._session.close()

    def _own_id(self) -> str:
        if not self._account_id:
            self.introduce()
        return self._account_id

    def _after(self, after_id: str) -> Iterator[Any]:
        # min_id gives the page just above an id, newest first; page by page upwards gives oldest first.
        for _ in range(LOOK_PAGES):
            page = self._statuses(min_id=after_id, limit=PAGE)
            if not page:
                return
            yield from (status for status in reversed(page) if _field(status, "reblog") is None)
            after_id = _text(page[0], "id")
        # Never a shorter list: what is missing from it would count as absent and be sent again.
        raise TransientError(f"the account has over {LOOK_PAGES * PAGE} toots since the last one known.")

    def _statuses(self, **which: Any) -> list[Any]:
        with self._errors("reading"):
            page = self._client.account_statuses(self._own_id(), exclude_reblogs=False, **which)
        # Asked of the answer itself, for Mastodon.py makes an empty list of `{}`.
        if not isinstance(self._answer, list) or not all(map(_is_status, page)):
            raise TransientError("the server's answer is no list of toots.")
        return list(page)

    def _with_text(self, status: Any, announcement: Announcement) -> SeenStatus:
        content = _text(status, "content")
        links = frozenset(unescape(a or b) for a, b in _HREF.findall(content))
        text, warning = None, _text(status, "spoiler_text")
        # Not every address becomes a link: http://localhost and endings that the server does not know do not.
        if announcement.link is None or announcement.link in links or announcement.link in _plain(content):
            source = self._source(_text(status, "id"))
            text, warning = _text(source, "text"), _text(source, "spoiler_text")
        return SeenStatus(
            status_id=_text(status, "id"),
            url=_text(status, "url"),
            created_at=_aware(_field(status, "created_at")),
            links=links,
            text=text,
            content_warning=warning,
        )

    def _source(self, status_id: str) -> Any:
        with self._errors("reading"):
            try:
                return self._client.status_source(status_id)
            except MastodonNotFoundError as error:
                raise TransientError("a toot was deleted while it was being looked at.") from error

    def _processed(self, media: Any) -> str:
        # 202 and 206 come with `url: null` while the server works (mastodon: media_controller.rb).
        # Counted as well, for a clock that stands still.
        media_id = _text(media, "id")
        end = self._clock.monotonic() + self._timeout.total_seconds()
        for _ in range(math.ceil(self._timeout / MEDIA_POLL)):
            if not media_id or _text(media, "url") or self._clock.monotonic() >= end:
                break
            self._sleep(min(MEDIA_POLL, self._timeout).total_seconds())
            media = self._client.media(media_id)
        if not media_id or not _text(media, "url"):
            raise TransientError("the server has not finished with the picture.")
        return media_id

    @contextmanager
    def _errors(self, doing: Doing, *, repeat: bool = False) -> Iterator[None]:
        try:
            yield
        except MastodonError as error:
            reset = self._client.ratelimit_reset
            words = _text(self._answer, "error")
            found = classify(error, doing=doing, repeat=repeat, ratelimit_reset=reset, words=words)
            if self._token in f"{found} {error}":
                self._raise_without_token(found)
            raise found from error

    def _note_answer(self, response: requests.Response, *_args: object, **_options: object) -> None:
        try:
            self._answer = response.json()
        except ValueError:
            self._answer = None

    def _raise_without_token(self, found: PublishError) -> NoReturn:
        # A server may repeat what it was sent, in its words or on a page that Mastodon.py quotes.
        found.message = found.message.replace(self._token, "(token)")
        found.args = (found.message,)
        raise found from None


def _session(server: str) -> requests.Session:
    session = requests.Session()
    # What is said to this machine does not go through a proxy that the environment names.
    session.trust_env = not is_loopback(server)
    return session


def _plain(content: str) -> str:
    return unescape(_TAG.sub("", content))


def _is_status(record: Any) -> bool:
    return bool(_text(record, "id")) and isinstance(_field(record, "created_at"), datetime)


def _field(record: Any, name: str) -> Any:
    return record.get(name) if isinstance(record, dict) else None


def _text(record: Any, name: str) -> str:
    # Ids are a str subclass with an odd repr in Mastodon.py; what is kept is plain text.
    value = _field(record, name)
    return "" if value is None else str(value)


def _aware(moment: Any) -> datetime:
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _domain(instance: Any, server: str) -> str:
    # `domain` is the one in addresses, also where the server itself is elsewhere (Mastodon: LOCAL_DOMAIN and
    # WEB_DOMAIN); GoToSocial has `account_domain` for that (internal/api/model/instancev2.go).
    return _text(instance, "account_domain") or _text(instance, "domain") or urlsplit(server).netloc


def _limits(instance: Any) -> Limits:
    known = Limits()
    settings = _field(instance, "configuration") or {}
    statuses = _field(settings, "statuses") or {}
    media = _field(settings, "media_attachments") or {}
    return Limits(
        characters=_field(statuses, "max_characters") or known.characters,
        characters_per_url=_field(statuses, "characters_reserved_per_url") or known.characters_per_url,
        pictures=_field(statuses, "max_media_attachments") or known.pictures,
        description=_field(media, "description_limit") or known.description,
    )
