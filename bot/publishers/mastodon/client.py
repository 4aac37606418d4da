"""One account through Mastodon.py: its identity and what it has posted. One client, one session, one thread.

Nothing is retried, and no redirect is followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NoReturn

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError, MastodonNotFoundError

from bot.config import is_loopback
from bot.domain import AccountFacts, Announcement, Limits, SeenStatus
from bot.domain.errors import AccountBlockedError, BlockCause, PublishError, TransientError, WrongAccountError
from bot.publishers.mastodon.answers import get_field, get_text, is_status, normalise, read_status, to_utc
from bot.publishers.mastodon.errors import Doing, classify
from bot.publishers.mastodon.request_body import RequestFinisher
from bot.publishers.mastodon.servers import capabilities_of, domain_of, limits_of, version_of
from bot.publishers.network import AccountAccess

#: A status list page; larger values are cut down by the server (mastodon: accounts/statuses_controller.rb).
PAGE: Final = 40
#: The most pages of own statuses in one read-back; no announcement bot posts so many between two tries.
MAX_PAGES: Final = 25
#: A token that a header can carry; requests quotes one that it refuses in its error.
_HEADER_VALUE: Final = re.compile(r"[!-~\xa1-\xff](?:[ -~\xa0-\xff]*[!-~\xa1-\xff])?")


class MastodonAccount:
    """The methods of `bot.publishers.contract.Publisher` that only read."""

    def __init__(
        self,
        access: AccountAccess,
        *,
        session: requests.Session | None = None,
        on_answer: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        """Make the client; contacts no server. `on_answer` gets the headers of each answer."""
        self.address = access.address
        self._acct = access.account.acct
        self._server = access.account.server
        self._clock = access.clock
        self._token = access.token
        self._on_answer = on_answer
        self._session = session or new_session(self._server)
        # A redirect is an error: requests would repeat the POST as a GET, as browsers do.
        self._session.max_redirects = 0
        self._session.hooks["response"].append(self._note_answer)
        self._finisher = RequestFinisher(self._session)
        self._answer: object = None
        self._account_id = ""
        self._limits = Limits()
        self._client = Mastodon(
            api_base_url=self._server,
            ratelimit_method="throw",
            request_timeout=access.timeout.total_seconds(),
            user_agent="announce",
            session=self._session,
            # Otherwise Mastodon.py requests it before the first upload, in two requests; if they fail, a thousand times
            # (utility.py: the two functions call each other). `verify_account` sets the real version.
            mastodon_version="1.0.0",
        )
        # Not through the constructor, which reads a file if the token is a file's name.
        self._client.access_token = access.token

    def verify_account(self) -> AccountFacts:
        self._account_id = ""
        if not _HEADER_VALUE.fullmatch(self._token):
            raise AccountBlockedError(
                "the token holds a line break, a blank or a letter that no token has.",
                remedy="Copy it anew, all of it and nothing else.",
                cause=BlockCause.MALFORMED,
            )
        with self._errors("reading"):
            me = self._client.account_verify_credentials()
            instance = fetch_instance(self._client)
        if not get_text(me, "id") or not get_text(me, "username"):
            raise TransientError("the server's answer is no account.", remedy="Check `server` in the settings.")
        address = f"{get_text(me, 'username')}@{domain_of(instance, self._server)}".lower()
        if self._acct is not None and address != self._acct.lstrip("@").lower():
            raise WrongAccountError(
                f"the token belongs to @{address}, but the settings say {self._acct}.",
                address=address,
                remedy="Set the token of the right account, or correct `acct`; nothing was sent.",
            )
        self._account_id, self._limits = get_text(me, "id"), limits_of(instance)
        capabilities = capabilities_of(self._limits.software)
        client = self._client
        client.mastodon_major, client.mastodon_minor, client.mastodon_patch = version_of(instance)
        return AccountFacts(
            address=address, account_id=self._account_id, limits=self._limits, capabilities=capabilities
        )

    def newest_status_id(self) -> str:
        page = self._statuses(limit=1)
        return get_text(page[0], "id") if page else "0"

    def read_back(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        return tuple(self._with_text(status, announcement) for status in self._after(after_id))

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        found: list[Any] = []
        older: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            page = self._statuses(limit=PAGE, **older)
            found += [status for status in page if to_utc(get_field(status, "created_at")) >= since]
            if len(page) == 0 or to_utc(get_field(page[-1], "created_at")) < since:
                own = [status for status in found if get_field(status, "reblog") is None]
                return tuple(read_status(status) for status in reversed(own))
            older = {"max_id": get_text(page[-1], "id")}
        raise TransientError(f"the account has over {MAX_PAGES * PAGE} toots since {since:%Y-%m-%d}.")

    def fetch_text(self, status: SeenStatus) -> SeenStatus:
        source = self._source(status.status_id)
        return replace(status, text=get_text(source, "text"), content_warning=get_text(source, "spoiler_text"))

    def normalise(self, text: str) -> str:
        return normalise(text)

    def close(self) -> None:
        self._session.close()

    def _own_id(self) -> str:
        if not self._account_id:
            self.verify_account()
        return self._account_id

    def _after(self, after_id: str) -> Iterator[Any]:
        # min_id gives the page just above an id, newest first; page by page upwards gives oldest first.
        for _ in range(MAX_PAGES):
            page = self._statuses(min_id=after_id, limit=PAGE)
            if not page:
                return
            yield from (status for status in reversed(page) if get_field(status, "reblog") is None)
            after_id = get_text(page[0], "id")
        # Never a truncated list: a status that is missing from it would count as absent and be sent again.
        raise TransientError(f"the account has over {MAX_PAGES * PAGE} toots since the last one known.")

    def _statuses(self, **which: Any) -> list[Any]:
        with self._errors("reading"):
            page = self._client.account_statuses(self._own_id(), exclude_reblogs=False, **which)
        # Checked on the answer itself, because Mastodon.py turns `{}` into an empty list.
        if not isinstance(self._answer, list) or not all(map(is_status, page)):
            raise TransientError("the server's answer is no list of toots.")
        return list(page)

    def _with_text(self, status: Any, announcement: Announcement) -> SeenStatus:
        found = read_status(status)
        return self.fetch_text(found) if announcement.link is None or announcement.link in found.links else found

    def _source(self, status_id: str) -> Any:
        with self._errors("reading"):
            try:
                return self._client.status_source(status_id)
            except MastodonNotFoundError as error:
                raise TransientError("a toot was deleted while it was being looked at.") from error

    @contextmanager
    def _errors(self, doing: Doing, *, repeat: bool = False) -> Iterator[None]:
        self._answer = None
        try:
            yield
        except MastodonError as error:
            reset = self._client.ratelimit_reset
            words = get_text(self._answer, "error")
            found = classify(error, doing=doing, repeat=repeat, ratelimit_reset=reset, words=words)
            if self._token in f"{found} {error}":
                self._raise_without_token(found)
            raise found from error

    def _note_answer(self, response: requests.Response, *_args: object, **_options: object) -> None:
        if self._on_answer is not None:
            self._on_answer(response.headers)
        try:
            self._answer = response.json()
        except ValueError:
            self._answer = None

    def _raise_without_token(self, found: PublishError) -> NoReturn:
        # A server may echo the token, in its error or on a page that Mastodon.py quotes.
        found.message = found.message.replace(self._token, "(token)")
        found.args = (found.message,)
        raise found from None


def fetch_instance(client: Mastodon) -> Any:
    """Get the server's instance record. Raises MastodonError."""
    try:
        return client.instance_v2()
    except MastodonNotFoundError:
        # Older servers, and some Pleroma and Pixelfed, have only the first version.
        return client.instance_v1()


def new_session(server: str) -> requests.Session:
    """A session for one server."""
    session = requests.Session()
    # Requests to this machine do not go through a proxy of the environment.
    session.trust_env = not is_loopback(server)
    return session
