"""The identity of an alert: its kind and subject, never its text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
    """The key of an alert: of alerts with equal keys the operator gets one."""

    kind: AlertKind
    subject: str = ""  #: ids, names, addresses and codes; no sentence

    def __str__(self) -> str:
        """The key as the ledger stores it; alerts in one message are sorted by it."""
        return f"{self.kind.value} {self.subject}".rstrip()
