"""Alerts: the kinds, the key by which the operator gets each once, and the words. Nothing reads the words back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.domain.deliveries import Hold
from bot.domain.reasons import ReasonCode


class AlertKind(Enum):
    """The kinds of problems. The values are written to the ledger."""

    DOUBT = "doubt"  #: nothing is released at all
    TROUBLE = "trouble"
    FINDING = "finding"
    FILE = "file"  #: a post's file cannot be used
    FEEDS = "feeds"  #: a public file cannot be written
    DEPLOY_HOOK = "deploy hook"
    SOURCE = "source"  #: a repository of posts
    ACCOUNT = "account"
    HELD = "held"
    REJECTED = "rejected"
    PICTURE = "picture"  #: a toot is sent without one
    AHEAD = "ahead"  #: of a post that is due soon


@dataclass(frozen=True, slots=True)
class AlertKey:
    """The key of an alert, of kind and subject, never of its text: of alerts with equal keys the operator gets one."""

    kind: AlertKind
    subject: str = ""  #: ids, names, addresses and codes; no sentence

    def __str__(self) -> str:
        """The key as the ledger stores it; alerts in one message are sorted by it."""
        return f"{self.kind.value} {self.subject}".rstrip()


#: What happened, what that means, and what to do; by kind and, where one kind has several, by which of them.
ALERT_WORDS: Final[Mapping[tuple[AlertKind, Hold | ReasonCode | bool | None], tuple[str, str, str]]] = {
    (AlertKind.DOUBT, None): (
        "{problem}",
        "Nothing is released and nothing is tooted.",
        "See to the cause; the bot goes on by itself once it is gone.",
    ),
    (AlertKind.TROUBLE, None): ("{problem}", "", "Look at `announce queue`."),
    (AlertKind.FINDING, None): ("{path}: {problem}", "", "{remedy}"),
    (AlertKind.FILE, None): (
        "{problem}",
        "The post of this file is left out until it is mended; the others go on.",
        "{remedy}",
    ),
    (AlertKind.FEEDS, None): ("{problem}", "The last good feed stays in its place.", "See to the cause."),
    (AlertKind.DEPLOY_HOOK, None): (
        "{problem}",
        "Pages of released posts may be missing on the site.",
        "See to its address, its token and what that may do; it is called again until it takes the call.",
    ),
    (AlertKind.SOURCE, True): (
        "{problem}",
        "None of its posts is known here.",
        "See to the cause; the bot goes on by itself.",
    ),
    (AlertKind.SOURCE, False): (
        "{problem}",
        "The posts that were fetched last stay in force; what was changed since then is not seen.",
        "See to the cause; the bot goes on by itself.",
    ),
    (AlertKind.ACCOUNT, None): (
        "{account}: {problem}",
        "Nothing is tooted there; what is due waits. The feeds go on.",
        "Mend the token or the settings; the bot goes on by itself.",
    ),
    (AlertKind.HELD, Hold.BURST_LIMIT): (
        "held: {name}: {problem}",
        "A flood was stopped; these toots wait.",
        "Look at `announce queue`, then `announce resume`.",
    ),
    (AlertKind.HELD, Hold.UNCLEAR): (
        "held: {name}: {problem}",
        "The toot waits until its file is mended.",
        "Mend the file.",
    ),
    (AlertKind.HELD, Hold.FAILED): (
        "held: {name}: {problem}",
        "The toot waits for a person.",
        "See to the cause, then `announce retry SLUG`.",
    ),
    (AlertKind.HELD, ReasonCode.PAGE_MISSING): (
        "held: {name}: {problem}",
        "Neither the feeds nor the toots have it: their link would lead nowhere.",
        "See why the site was not built, then `announce release SLUG`.",
    ),
    (AlertKind.REJECTED, None): (
        "rejected: {name}: {problem}",
        "The server refuses this toot as it stands; it is not sent.",
        "Change the post and `announce retry SLUG`, or toot by hand.",
    ),
    (AlertKind.PICTURE, None): (
        "{path}: a picture cannot be used: {problem}",
        "Its toot goes out without it.",
        "Mend it for the feeds; a change of the post's words edits the toot, with the picture.",
    ),
    (AlertKind.AHEAD, None): (
        "{path}{reminder} is due in less than {distance}: {problem}",
        "It would not go out as meant.",
        "Mend it; `announce preview {slug}` shows how it stands.",
    ),
}
#: An alert about a post that is not public yet, for channels that must not name it.
REDACTED_ALERT: Final = (
    "trouble with an upcoming post ({opaque})",
    "It may not go out as planned.",
    "Look at `announce check` and `announce queue` on the bot's machine.",
)


def alert_words(
    kind: AlertKind, which: Hold | ReasonCode | bool | None = None, **values: object
) -> tuple[str, str, str]:
    """What happened, what that means, and what to do."""
    what, means, todo = (text.format(**values) for text in ALERT_WORDS[kind, which])
    return what, means, todo
