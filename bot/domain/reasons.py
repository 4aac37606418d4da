"""Reasons for states and decisions: a code with parameters. `bot/domain/wording.py` turns them into sentences.

Decisions compare codes and never parse sentences, so a sentence can be reworded without any other effect.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import Enum
from typing import Any


class ReasonCode(Enum):
    """The codes; the comment behind each names its parameters. The ledger stores the values."""

    # Decisions of the operator
    HELD_BY = "held_by"  #: who
    SKIPPED_BY = "skipped_by"  #: who
    FEEDS_ONLY_SKIPPED_BY = "feeds_only_skipped_by"  #: who; of a post that is not released yet
    BEFORE_DATETIME = "before_datetime"
    WAS_HELD_BY_BURST_LIMIT = "was_held_by_burst_limit"
    # Front matter and file of the post
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"  #: at
    DEADLINE_PASSED = "deadline_passed"  #: at
    REMINDER_EXPIRED = "reminder_expired"  #: at
    FEEDS_ONLY = "feeds_only"
    HIDDEN = "hidden"
    CANNOT_BE_COMPOSED = "cannot_be_composed"  #: text: what is wrong, with its remedy
    FILE_UNUSABLE = "file_unusable"
    PERHAPS_RENAMED = "perhaps_renamed"  #: names: slugs of released posts; text: the id of the first one
    # Lateness, order and waiting
    TOO_LATE = "too_late"  #: lasted: how late; limit: `catch_up`
    LATE_AND_SKIPPED = "late_and_skipped"  #: lasted
    LATE_AND_HELD = "late_and_held"  #: lasted
    BURST_LIMIT = "burst_limit"  #: count: how many an hour
    WAITS_FOR_DAYTIME = "waits_for_daytime"
    WAITS_FOR_PAGE = "waits_for_page"  #: at: the end of the wait, None once it has passed; text: the site's answer
    PAGE_MISSING = "page_missing"  #: text: the site's answer; slug
    RELEASED_AFTER = "released_after"  #: lasted: how late; limit: the part of it that was a wait for the page, if any
    OLDER_POSTS = "older_posts"  #: count
    PICTURE_UNUSABLE = "picture_unusable"  #: text
    # This account and its toots
    ACCOUNT_JOINED_LATER = "account_joined_later"  #: at
    TOOTED_BY_HAND = "tooted_by_hand"
    WAITS_FOR_TOOT = "waits_for_toot"
    TOOT_TAKEN_BACK = "toot_taken_back"
    TOOT_NOT_SENT = "toot_not_sent"  #: cause
    TOOT_LATER_THAN_THIS = "toot_later_than_this"
    REMINDER_UNLISTED = "reminder_unlisted"
    # Limits of the account's network
    NO_EDITS = "no_edits"
    NO_DELETIONS = "no_deletions"
    NO_REPLIES = "no_replies"
    # Outcome of the delivery
    PICTURE_FAILED = "picture_failed"  #: text: the server's answer
    PUBLISH_ERROR = "publish_error"  #: text: the server's answer, or that it gave none
    ACCOUNT_BLOCKED = "account_blocked"  #: names: a `BlockCause`; text
    ACCOUNT_UNREACHABLE = "account_unreachable"  #: text; ends as soon as the account can be read again
    WAS_BLOCKED = "was_blocked"  #: cause
    EARLIER_ATTEMPT_LOST = "earlier_attempt_lost"
    EARLIER_ATTEMPT_OPEN = "earlier_attempt_open"
    GAVE_UP = "gave_up"  #: lasted; cause, if there is one; slug
    NOT_FOUND = "not_found"
    HARMLESS_REPEAT = "harmless_repeat"
    PART_BEFORE_MISSING = "part_before_missing"
    NO_TOOT = "no_toot"
    TOOT_MADE_BY_HAND = "toot_made_by_hand"
    SERVER_PAUSE = "server_pause"
    SPACING = "spacing"
    LEASE = "lease"  #: text; another process delivers for this account
    # Guards that stop every release
    CLOCK_BEHIND = "clock_behind"  #: at: the newest time in the ledger
    CLOCK_AHEAD_OF_SERVERS = "clock_ahead_of_servers"  #: names: of servers; limit
    CLOCK_BEHIND_SERVERS = "clock_behind_servers"  #: names: of servers; limit
    CLOCK_UNLIKE_SERVERS = "clock_unlike_servers"  #: names: of servers; limit
    PAUSED = "paused"  #: who: the operator, and when
    FOLDER_EMPTIED = "folder_emptied"  #: count, total
    OLD_FEED_UNREADABLE = "old_feed_unreadable"  #: names: the kind of failure, if known; text
    # Further notices to the operator
    CLOCK_SLIGHTLY_OFF = "clock_slightly_off"
    OUTCOME_UNKNOWN = "outcome_unknown"  #: slug; names: the occasion, unless it is the publication, and the account; at
    NOT_EDITED = "not_edited"  #: slug; names: the reminder, if it is one; text: the problem
    RELEASED_WITHOUT_PAGE = "released_without_page"  #: slug, text
    FILE_GONE = "file_gone"  #: slug; at: when its entry leaves the feeds
    # Why an operator's command cannot be carried out; never in the ledger
    IS_DRAFT = "is_draft"
    IS_WITHDRAWN = "is_withdrawn"
    DATETIME_TO_COME = "datetime_to_come"
    BEING_SENT = "being_sent"
    TOOTED_ALREADY = "tooted_already"
    NOTHING_FAILED = "nothing_failed"
    NOTHING_HELD = "nothing_held"
    PAUSED_ALREADY = "paused_already"  #: who: the operator, and when
    # A sentence from the ledger of an earlier version
    TEXT = "text"  #: text


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """A code with its parameters; those that the code does not have keep their defaults."""

    code: ReasonCode
    who: str = ""
    text: str = ""  #: text of a server, a library or the post's author: shown, never parsed
    slug: str = ""
    names: tuple[str, ...] = ()
    at: datetime | None = None  #: timezone-aware
    lasted: timedelta | None = None  #: rounded as it is displayed (`rounded_duration`), so that it seldom changes
    limit: timedelta | None = None
    count: int = 0
    total: int = 0
    cause: Reason | None = None

    @property
    def subject(self) -> str:
        """The identity of the problem: code, slug and names, without texts of servers and files."""
        return " ".join(filter(None, (self.code.value, self.slug, *self.names)))

    def to_json(self) -> str:
        """Return one line of JSON with the parameters that are set; durations in seconds."""
        return json.dumps(self._plain(), ensure_ascii=False)

    def _plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"code": self.code.value}
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if isinstance(value, datetime):
                plain[field.name] = value.isoformat()
            elif isinstance(value, timedelta):
                plain[field.name] = value.total_seconds()
            elif isinstance(value, Reason):
                plain[field.name] = value._plain()
            elif value:
                plain[field.name] = value
        return plain

    @staticmethod
    def from_json(text: str) -> Reason:
        """Read what `to_json` wrote; raises ValueError, KeyError or TypeError for anything else."""
        return _from_plain(json.loads(text))


def _from_plain(plain: dict[str, Any]) -> Reason:
    values = dict(plain)
    values["code"] = ReasonCode(values["code"])
    if "names" in values:
        values["names"] = tuple(values["names"])
    if "at" in values:
        values["at"] = datetime.fromisoformat(values["at"])
    for name in ("lasted", "limit"):
        if name in values:
            values[name] = timedelta(seconds=values[name])
    if "cause" in values:
        values["cause"] = _from_plain(values["cause"])
    return Reason(**values)


def text_reason(text: str) -> Reason | None:
    """Wrap a sentence without a code of its own as a reason; None if it is empty."""
    return Reason(code=ReasonCode.TEXT, text=text) if text else None
