"""What makes an alert the same alert: its kind and what it is about, never its words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class AlertKind(Enum):
    """What is wrong. The values stand in the ledger."""

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
    PICTURE = "picture"  #: a toot goes out without one
    AHEAD = "ahead"  #: of a post that is due soon


@dataclass(frozen=True, slots=True)
class AlertKey:
    """Equal keys: the same cause, which is told once."""

    kind: AlertKind
    subject: str = ""  #: ids, names, addresses and codes; no sentence

    def __str__(self) -> str:
        """The key as the ledger keeps it; alerts that are told together come in this order."""
        return f"{self.kind.value} {self.subject}".rstrip()
