"""The deploy hook: a request that makes the site's host build the site, after each release or change of a post.

A call is due while the words that the site should show differ from those at the latest successful call, which the
ledger keeps. So posts released at the same moment share one call, a restart loses nothing, and a failed call stays due.
A repeated call is harmless: the host builds the site once more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from bot.config import ENVIRONMENT, Release
from bot.config.secrets import resolve_secret
from bot.domain import Event, EventKind, NoteKind, NotesChange, WriteBatch
from bot.domain.backoff import Backoff, Outage
from bot.domain.clock import Clock
from bot.domain.entries import HIDDEN_VERSION
from bot.domain.errors import FetchError, OutputError
from bot.domain.wording import count_words
from bot.http.answers import is_temporary
from bot.http.client import WebClient
from bot.ledger import Ledger

#: How long the bot waits for the answer.
ANSWER_TIMEOUT: Final = timedelta(seconds=10)
#: The waits between tries. The host may have received a call that it did not answer.
BACKOFF: Final = Backoff(first=timedelta(seconds=15), longest=timedelta(minutes=10))
#: A hook that does not answer is reported after this time; a refusal is reported at once.
REPORT_AFTER: Final = timedelta(minutes=2)


class DeployHookCaller:
    """Calls the deploy hook when a build is due. One thread may use it at a time."""

    def __init__(
        self,
        settings: Release,
        *,
        environ: Mapping[str, str],
        web: WebClient,
        ledger: Ledger,
        clock: Clock,
        emit: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._environ = environ
        self.web = web
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self.trouble = ""  #: the problem to report to the operator; empty if there is none
        self._known: dict[str, str] | None = None
        self._tried: Mapping[str, str] = {}  #: what was due at the latest try
        self._answered: Mapping[str, str] = {}
        self._outage: Outage | None = None

    def is_answered(self, wanted: Mapping[str, str]) -> bool:
        """Whether the call for these words of posts was tried, successfully or not, or no hook is set."""
        return not self._settings.deploy_hook or self._answered == wanted

    def call(self, wanted: Mapping[str, str], *, patient: bool = True) -> timedelta | None:
        """Call the hook if a call is due and may be tried; return the wait until the next try, None if none is due.

        `wanted` is post id → the words that the site should show. A `patient` caller reports a hook that does not
        answer only after `REPORT_AFTER`. Raises LedgerError.
        """
        due = self._due_words(wanted) if self._settings.deploy_hook else {}
        now = self._clock.monotonic()
        try:
            # New words are tried at once, regardless of the wait after earlier failures.
            may_retry = self._outage is None or self._outage.may_retry(now)
            if due and (may_retry or not due.items() <= self._tried.items()):
                self._tried = due
                self._try(due, patient=patient)
        finally:
            self._answered = wanted
        if not self._due_words(wanted):
            self.trouble, self._outage = "", None
            return None
        retry_at = self._outage.retry_at if self._outage is not None else 0.0
        return timedelta(seconds=max(1.0, retry_at - self._clock.monotonic()))

    def _due_words(self, wanted: Mapping[str, str]) -> dict[str, str]:
        if not self._settings.deploy_hook or not wanted:
            return {}
        if self._known is None:
            self._known = dict(self._ledger.notes(NoteKind.DEPLOYED))
        known = self._known
        # A post that the site never showed need not be removed from it.
        return {
            post_id: words
            for post_id, words in wanted.items()
            if known.get(post_id) != words and (words != HIDDEN_VERSION or post_id in known)
        }

    def _try(self, due: Mapping[str, str], *, patient: bool) -> None:
        # Another process may have called the hook in the meantime.
        self._known = dict(self._ledger.notes(NoteKind.DEPLOYED))
        due = self._due_words(due)
        if not due:
            return
        try:
            self._post()
        except OutputError as error:
            self._note_failure(error.message, at_once=True)
            return
        except FetchError as error:
            self._note_failure(error.message, at_once=not error.passing or not patient)
            return
        number = count_words(len(due), "post")
        event = Event(at=self._clock.now(), kind=EventKind.DEPLOY_HOOK_CALLED, detail=number)
        notes = NotesChange(kind=NoteKind.DEPLOYED, changes=due)
        self._ledger.record(WriteBatch(notes=notes, events=(event,)), now=event.at)
        self._known.update(due)
        self._emit(event)

    def _post(self) -> None:
        """Send the request. Raises FetchError or OutputError, without the address in the text: it may be a secret."""
        settings = self._settings
        assert settings.deploy_hook is not None
        address = resolve_secret(settings.deploy_hook, self._environ)
        headers = {name: self._filled(text) for name, text in settings.deploy_headers.items()}
        content = b""
        if settings.deploy_body:
            content = json.dumps(settings.deploy_body, ensure_ascii=False).encode("utf-8")
            headers = {"Content-Type": "application/json", **headers}
        try:
            status = self.web.post(address, headers=headers, content=content, within=ANSWER_TIMEOUT)
        except FetchError as error:
            words = "gave no answer" if error.passing else "has an address that cannot be called"
            raise FetchError(f"it {words}", passing=error.passing) from None
        if not 200 <= status < 300:
            raise FetchError(f"it answered {status}", passing=is_temporary(status))

    def _filled(self, text: str) -> str:
        filled = ENVIRONMENT.sub(lambda found: resolve_secret(found[0], self._environ), text)
        if not filled.isascii() or not filled.isprintable():
            raise OutputError(f"what the environment holds for {text} cannot be sent as a header.")
        return filled

    def _note_failure(self, why: str, *, at_once: bool) -> None:
        now = self._clock.monotonic()
        self._outage = self._outage or Outage(backoff=BACKOFF, since=now)
        self._outage.failed(now)
        if at_once or self._outage.has_lasted(now, REPORT_AFTER):
            self.trouble = f"the deploy hook does not take the call, so the site is not built: {why.rstrip('.')}"
