"""Conversion between records and the JSON texts and rows of a ledger."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from sqlite3 import Row
from typing import Any, Final

from pydantic import TypeAdapter

from bot.domain import (
    AccountFacts,
    AccountState,
    Action,
    Announcement,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Event,
    EventKind,
    Hold,
    Occasion,
    OldEntry,
    Override,
    OverrideKind,
    PageWaitRecord,
    Reason,
    ReasonCode,
    RemotePicture,
    Upcoming,
)
from bot.domain.reasons import text_reason


@cache
def _entries() -> TypeAdapter[Entry]:
    return TypeAdapter(Entry)


@cache
def _announcements() -> TypeAdapter[Announcement]:
    return TypeAdapter(Announcement)


@cache
def _facts() -> TypeAdapter[AccountFacts]:
    return TypeAdapter(AccountFacts)


def entry_to_json(entry: Entry) -> str:
    """Encode an entry as JSON."""
    return _entries().dump_json(entry).decode("utf-8")


def entry_from_json(text: str) -> Entry:
    """Decode the JSON of `entry_to_json`."""
    return _entries().validate_json(text)


def facts_to_json(facts: AccountFacts) -> str:
    """Encode the facts of an account as JSON."""
    return _facts().dump_json(facts).decode("utf-8")


def time_to_text(moment: datetime | None) -> str | None:
    """Encode an aware datetime as ISO 8601 text in UTC, which sorts by time."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def time_from_text(text: str | None) -> datetime | None:
    """Decode the text of `time_to_text`."""
    return None if text is None else datetime.fromisoformat(text)


#: The beginning of every reason that `Reason.to_json` wrote; any other text is a sentence of a version 8 ledger.
_REASON_BEGINS: Final = '{"code": '
#: Beginnings of the sentences of version 8 that decisions depend on → their codes.
_OLD_SENTENCES: Final = {
    "a picture could not be uploaded: ": ReasonCode.PICTURE_FAILED,
    "not served: ": ReasonCode.ACCOUNT_UNREACHABLE,
}


def reason_to_text(reason: Reason | None) -> str:
    """Encode a reason as text; empty for none."""
    return "" if reason is None else reason.to_json()


def reason_from_text(text: str) -> Reason | None:
    """Decode the text of `reason_to_text`, or the sentence of a version 8 ledger."""
    if text.startswith(_REASON_BEGINS):
        return Reason.from_json(text)
    for beginning, code in _OLD_SENTENCES.items():
        if text.startswith(beginning):
            return Reason(code=code, text=text.removeprefix(beginning))
    return text_reason(text)


def entry_to_row(entry: Entry) -> dict[str, Any]:
    """Return the columns of an entry."""
    return {
        "post_id": entry.post_id,
        "slug": entry.slug,
        "published": time_to_text(entry.published),
        "released_at": time_to_text(entry.released_at),
        "document": entry_to_json(entry),
    }


def key_to_row(key: DeliveryKey) -> dict[str, Any]:
    """Return the key columns of a delivery."""
    return {"post_id": key.post_id, "account": key.account, "occasion": str(key.occasion)}


def delivery_to_row(delivery: Delivery) -> dict[str, Any]:
    """Return the columns of a delivery, without `sequence`, which the database assigns."""
    row = {**key_to_row(delivery.key), "is_foreign": int(delivery.foreign)}
    for field in fields(delivery):
        if field.name in ("key", "sequence", "foreign"):
            continue
        value = getattr(delivery, field.name)
        if isinstance(value, datetime):
            value = time_to_text(value)
        elif isinstance(value, DeliveryState | Hold | Action):
            value = value.value
        elif field.name == "reason":
            value = reason_to_text(value)
        elif isinstance(value, Announcement):
            value = _announcements().dump_json(value).decode("utf-8")
        row[field.name] = value
    return row


def delivery_from_row(row: Row) -> Delivery:
    """Read a delivery from its row."""
    return Delivery(
        key=DeliveryKey(row["post_id"], row["account"], Occasion.parse(row["occasion"])),
        slug=row["slug"],
        due=datetime.fromisoformat(row["due"]),
        action=Action(row["action"]),
        announcement=_announcements().validate_json(row["announcement"]),
        state=DeliveryState(row["state"]),
        hold=None if row["hold"] is None else Hold(row["hold"]),
        reason=reason_from_text(row["reason"]),
        sequence=row["sequence"],
        attempts=row["attempts"],
        generation=row["generation"],
        after_id=row["after_id"],
        intended_at=time_from_text(row["intended_at"]),
        intended_mark=row["intended_mark"],
        first_tried_at=time_from_text(row["first_tried_at"]),
        not_before=time_from_text(row["not_before"]),
        status_id=row["status_id"],
        status_url=row["status_url"],
        settled_at=time_from_text(row["settled_at"]),
        ordered_by=row["ordered_by"],
        foreign=bool(row["is_foreign"]),
    )


def account_from_row(row: Row) -> AccountState:
    """Read the state of an account from its row."""
    facts = row["facts"]
    return AccountState(
        address=row["address"],
        joined_at=time_from_text(row["joined_at"]),
        facts=None if facts is None else _facts().validate_json(facts),
        last_status_id=row["last_status_id"],
        blocked=reason_from_text(row["blocked"]),
        not_before=time_from_text(row["not_before"]),
        last_sent_at=time_from_text(row["last_sent_at"]),
    )


def event_to_row(event: Event) -> dict[str, Any]:
    """Return the columns of an event."""
    return {
        "at": time_to_text(event.at),
        "what": event.kind.value,
        "slug": event.slug,
        "account": event.account,
        "occasion": "" if event.occasion is None else str(event.occasion),
        "detail": event.detail if event.reason is None else event.reason.to_json(),
        "who": event.who,
    }


def event_from_row(row: Row) -> Event:
    """Read an event from its row."""
    detail = row["detail"]
    reason = Reason.from_json(detail) if detail.startswith(_REASON_BEGINS) else None
    return Event(
        at=datetime.fromisoformat(row["at"]),
        reason=reason,
        detail=detail if reason is None else "",
        kind=EventKind(row["what"]),
        occasion=Occasion.parse(row["occasion"]) if row["occasion"] else None,
        **{name: row[name] for name in ("slug", "account", "who")},
    )


def override_to_row(override: Override) -> dict[str, Any]:
    """Return the columns of an override."""
    return {
        "post_id": override.post_id,
        "said": override.kind.value,
        "early": int(override.early),
        "who": override.who,
        "at": time_to_text(override.at),
    }


def override_from_row(row: Row) -> Override:
    """Read the operator's override from its row."""
    return Override(
        post_id=row["post_id"],
        kind=OverrideKind(row["said"]),
        early=bool(row["early"]),
        who=row["who"],
        at=datetime.fromisoformat(row["at"]),
    )


def upcoming_from_row(row: Row) -> Upcoming:
    """Read an upcoming post from its row."""
    return Upcoming(post_id=row["post_id"], slug=row["slug"], due=datetime.fromisoformat(row["due"]))


def page_wait_to_row(wait: PageWaitRecord) -> dict[str, Any]:
    """Return the columns of a wait for a page."""
    return {
        "post_id": wait.post_id,
        "slug": wait.slug,
        "since": time_to_text(wait.since),
        "why": wait.why,
        "missing": int(wait.missing),
    }


def page_wait_from_row(row: Row) -> PageWaitRecord:
    """Read a wait for a page from its row."""
    return PageWaitRecord(
        post_id=row["post_id"],
        slug=row["slug"],
        since=datetime.fromisoformat(row["since"]),
        why=row["why"],
        missing=bool(row["missing"]),
    )


def old_entry_to_row(old: OldEntry) -> dict[str, Any]:
    """Return the columns of an old feed's entry."""
    return {
        "feed_id": old.feed_id,
        "link": old.link,
        "title": old.title,
        "published": time_to_text(old.published),
        "updated": time_to_text(old.updated),
    }


def old_entry_from_row(row: Row) -> OldEntry:
    """Read an old feed's entry from its row."""
    return OldEntry(
        feed_id=row["feed_id"],
        link=row["link"],
        title=row["title"],
        published=time_from_text(row["published"]),
        updated=time_from_text(row["updated"]),
    )


def picture_to_row(picture: RemotePicture) -> dict[str, Any]:
    """Return the columns of a picture on another host."""
    return {
        "url": picture.url,
        "media_type": picture.media_type,
        "size": picture.size,
        "asked_at": time_to_text(picture.asked_at),
    }


def picture_from_row(row: Row) -> RemotePicture:
    """Read the facts about a picture on another host from their row."""
    return RemotePicture(
        url=row["url"],
        media_type=row["media_type"],
        size=row["size"],
        asked_at=datetime.fromisoformat(row["asked_at"]),
    )
