"""The words for people: of events, reasons and what commands do. Nothing reads them back; decisions go by the types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from bot.domain.deliveries import Hold, Occasion
from bot.domain.durations import format_duration
from bot.domain.events import Event, EventKind
from bot.domain.ledger import Instance
from bot.domain.overrides import Effect, EffectKind
from bot.domain.posts import Poll, StatusOptions
from bot.domain.reasons import Reason, ReasonCode

#: What an event is called. Replacing a word here changes what people read, and nothing else.
EVENT_WORDS: Final[Mapping[EventKind, str]] = {kind: kind.value for kind in EventKind}


def event_words(kind: EventKind) -> str:
    """What happened, in words."""
    return EVENT_WORDS[kind]


def event_detail(event: Event) -> str:
    """Why it happened, and what the operator can do; or a URL, or a number of things. Empty if there is nothing."""
    if event.reason is None:
        return event.detail
    words = reason_words(event.reason)
    remedy = EVENT_REMEDIES.get(event.reason.code, "") if event.kind is EventKind.HELD else ""
    return f"{words} {remedy.format(slug=event.slug)}".rstrip() if remedy else words


def event_line(event: Event) -> str:
    """An outcome in one line: what, which post, where, and a link or reason."""
    occasion = "" if event.occasion in (None, Occasion.PUBLISH) else f" ({event.occasion})"
    place = " → ".join(filter(None, (event.slug + occasion, event.account)))
    who = f"by {event.who}" if event.who else ""
    return "  ".join(filter(None, (event_words(event.kind), place, event_detail(event), who)))


def reason_words(reason: Reason | None) -> str:
    """The reason as a clause, without an end; empty if there is none."""
    if reason is None:
        return ""
    words = REASON_WORDS[reason.code]
    return words if isinstance(words, str) else words(reason)


def count_words(number: int, noun: str) -> str:
    """A number with its noun: "1 post", "2 posts"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def minute(moment: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def instance_words(instance: Instance, *, with_host: bool) -> str:
    """A process that is at work on the ledger, as a sentence names it. The name of its host may be private."""
    if instance.pid is None:
        return "a process that has only just started"
    host = f" on {instance.host}" if with_host and instance.host else ""
    return f"process {instance.pid}{host}, since {minute(instance.since)}"


def _duration(duration: timedelta | None) -> str:
    return format_duration(duration or timedelta())


def _page_wait(reason: Reason) -> str:
    end = "asked for once more" if reason.at is None else f"until {reason.at:%H:%M} UTC"
    return f"waits for its page, {end}{f': {reason.text}' if reason.text else ''}"


def _released(reason: Reason) -> str:
    page = f", {_duration(reason.limit)} of it for its page" if reason.limit is not None else ""
    return f"{_duration(reason.lasted)} after its time{page}"


def _renamed(reason: Reason) -> str:
    return (
        f"it has the datetime of {', '.join(reason.names)}, which was released and whose file is gone: it may be the "
        f"same post, renamed and rewritten. If so, write `id: {reason.text}` into it; if not, give it another datetime."
    )


def _clock_behind(reason: Reason) -> str:
    # Without the present time, so that the same doubt is reported once.
    return (
        f"the clock is behind {reason.at:%Y-%m-%d %H:%M:%S} UTC, which the ledger has seen: nothing is released until "
        "that time has come again. If the clock was wrong then and is right now, `announce resume` believes it"
    )


def _unlike_servers(how: str) -> Callable[[Reason], str]:
    def words(reason: Reason) -> str:
        minutes = (reason.limit or timedelta()).total_seconds() / 60
        return (
            f"the clock is more than {minutes:.0f} minutes {how} that of {', '.join(reason.names)}: nothing is "
            "released until they agree. Set this machine's clock, best by a time server; if it is right, tell the "
            "admins of the server, and take the account out of the settings until theirs is"
        )

    return words


def _outcome_unknown(reason: Reason) -> str:
    *occasion, account = reason.names
    place = f"{reason.slug} ({occasion[0]})" if occasion else reason.slug
    return (
        f"{place} → {account}: nobody knows whether it is there: the server took or lost it on {minute(reason.at)} and "
        "could not be asked since. Nothing else goes out on this account until it can be read. Look there by hand, "
        "and see why the server cannot be read."
    )


def _not_edited(reason: Reason) -> str:
    toot = f"reminder {reason.names[0]} of" if reason.names else "the toot of"
    return f"{toot} {reason.slug} is not edited: {reason.text}"


def _file_gone(reason: Reason) -> str:
    return (
        f"the file of {reason.slug} is gone: its toot stays, its entry leaves the feeds on {minute(reason.at)}. "
        "To take the post back, bring the file back with `withdrawn: true`."
    )


def _text(reason: Reason) -> str:
    return reason.text


_C: Final = ReasonCode
#: The sentence of each reason, or what makes it of the parameters.
REASON_WORDS: Final[Mapping[ReasonCode, str | Callable[[Reason], str]]] = {
    _C.HELD_BY: lambda r: f"held by {r.who}",
    _C.SKIPPED_BY: lambda r: f"skipped by {r.who}",
    _C.FEEDS_ONLY_SKIPPED_BY: lambda r: f"in the feeds only: skipped by {r.who}",
    _C.BEFORE_DATETIME: "before its datetime",
    _C.WAS_HELD_BY_BURST_LIMIT: "was held by the brake",
    _C.WITHDRAWN: "withdrawn (`withdrawn:`)",
    _C.EXPIRED: lambda r: f"expired on {minute(r.at)} (`expires:`)",
    _C.DEADLINE_PASSED: lambda r: f"the deadline was on {minute(r.at)} (`deadline:`)",
    _C.REMINDER_EXPIRED: lambda r: f"expired on {minute(r.at)} (`expires:` or `deadline:`)",
    _C.FEEDS_ONLY: "in the feeds only (`mastodon.skip`)",
    _C.HIDDEN: "hidden (`hidden: true`)",
    _C.CANNOT_BE_COMPOSED: _text,
    _C.FILE_UNUSABLE: "its file is gone, broken, a draft, or has a datetime to come",
    _C.PERHAPS_RENAMED: _renamed,
    _C.TOO_LATE: lambda r: f"{_duration(r.lasted)} late; `catch_up` is {_duration(r.limit)}",
    _C.LATE_AND_SKIPPED: lambda r: f"{_duration(r.lasted)} late (`if_missed: skip`)",
    _C.LATE_AND_HELD: lambda r: f"{_duration(r.lasted)} late (`if_missed: hold`); `announce release` lets it go",
    _C.BURST_LIMIT: lambda r: f"more than {r.count} new toots within an hour; `announce resume` lets them go",
    _C.WAITS_FOR_DAYTIME: "late: waits for the hours of `daytime`",
    _C.WAITS_FOR_PAGE: _page_wait,
    _C.PAGE_MISSING: lambda r: f"its page is missing: {r.text} `announce release {r.slug}` lets it go without",
    _C.RELEASED_AFTER: _released,
    _C.OLDER_POSTS: lambda r: f"{r.count} older posts into the feeds, without toots",
    _C.PICTURE_UNUSABLE: lambda r: f"{r.text}; it goes out without this picture",
    _C.ACCOUNT_JOINED_LATER: lambda r: f"the account joined later, on {minute(r.at)}",
    _C.TOOTED_BY_HAND: "tooted by hand",
    _C.WAITS_FOR_TOOT: "waits for the post's own toot",
    _C.TOOT_TAKEN_BACK: "its toot was taken back",
    _C.TOOT_NOT_SENT: lambda r: f"its toot was not sent: {reason_words(r.cause)}",
    _C.TOOT_LATER_THAN_THIS: "its toot went out later than this",
    _C.REMINDER_UNLISTED: "no longer in `reminders:`",
    _C.NO_EDITS: "the account's network cannot change a toot that is out",
    _C.NO_DELETIONS: "the account's network deletes nothing; take the toot back by hand",
    _C.NO_REPLIES: "the account's network knows no replies; say the reason by hand",
    _C.PICTURE_FAILED: lambda r: f"a picture could not be uploaded: {r.text}",
    _C.PUBLISH_ERROR: _text,
    _C.ACCOUNT_BLOCKED: _text,
    _C.ACCOUNT_UNREACHABLE: lambda r: f"not served: {r.text}",
    _C.WAS_BLOCKED: lambda r: f"was: {reason_words(r.cause)}",
    _C.EARLIER_ATTEMPT_LOST: "an earlier attempt did not arrive",
    _C.EARLIER_ATTEMPT_OPEN: "the server may still be working on an earlier attempt",
    _C.GAVE_UP: lambda r: f"tried for {_duration(r.lasted)}: {reason_words(r.cause) or 'it never arrived'}",
    _C.NOT_FOUND: "looked for, not found: is sent again",
    _C.HARMLESS_REPEAT: "is done once more, without harm",
    _C.PART_BEFORE_MISSING: "the part before it is not there",
    _C.NO_TOOT: "there is no toot to change",
    _C.TOOT_MADE_BY_HAND: "the toot was made by hand",
    _C.SERVER_PAUSE: "the server asked for a pause",
    _C.SPACING: "late toots go out one by one (`spacing`)",
    _C.LEASE: _text,
    _C.CLOCK_BEHIND: _clock_behind,
    _C.CLOCK_AHEAD_OF_SERVERS: _unlike_servers("ahead of"),
    _C.CLOCK_BEHIND_SERVERS: _unlike_servers("behind"),
    _C.CLOCK_UNLIKE_SERVERS: _unlike_servers("unlike"),
    _C.PAUSED: lambda r: f"paused by {r.who}; `announce resume` goes on",
    _C.FOLDER_EMPTIED: lambda r: (
        f"{r.count} of {r.total} upcoming posts are gone from the folder: nothing is released until they are back, or "
        "`announce resume` accepts that they are gone"
    ),
    _C.OLD_FEED_UNREADABLE: lambda r: f"the feed to be taken over ([feeds] import) cannot be read: {r.text}",
    _C.CLOCK_SLIGHTLY_OFF: (
        "the clock is over a minute off those of the accounts' servers: posts are released early or late by as much. "
        "Set this machine's clock, best by a time server"
    ),
    _C.OUTCOME_UNKNOWN: _outcome_unknown,
    _C.NOT_EDITED: _not_edited,
    _C.RELEASED_WITHOUT_PAGE: lambda r: f"{r.slug} was released without its page: {r.text}",
    _C.FILE_GONE: _file_gone,
    _C.IS_DRAFT: "it is a draft: give it a published_datetime first",
    _C.IS_WITHDRAWN: "it is withdrawn: take `withdrawn:` out of its file first",
    _C.DATETIME_TO_COME: "its datetime has not come; to release it now all the same, add --early",
    _C.BEING_SENT: "its toot is under way at this moment; look at `announce queue` and try again",
    _C.TOOTED_ALREADY: "it is tooted already; to take it back write `withdrawn: true` into the file",
    _C.NOTHING_FAILED: "nothing of it was rejected or given up",
    _C.NOTHING_HELD: "nothing of it is held; a late or skipped one goes out with `announce publish`",
    _C.PAUSED_ALREADY: lambda r: f"paused already, by {r.who}",
    _C.TEXT: _text,
}

#: What an override or a command would do. Placeholders: the fields of `Effect`.
EFFECT_WORDS: Final[Mapping[EffectKind, str]] = {
    EffectKind.HOLD: "{slug} ({title}) is not released and not tooted until `announce release`.",
    EffectKind.SEND_ON_TIME: "{slug} ({title}) goes out at its datetime.",
    EffectKind.SEND_NOW: "{slug} ({title}) goes out now.",
    EffectKind.SKIP: "{slug} ({title}) enters the feeds and is not tooted.",
    EffectKind.RETRY: "{slug} ({title}) is tried again now.",
    EffectKind.HOLD_REMINDERS: "{slug} ({title}) is tooted; its reminders are held until `announce release`.",
    EffectKind.SEND_REMINDERS: "{slug} ({title}) is tooted; its reminders go out at their times.",
    EffectKind.SKIP_REMINDERS: "{slug} ({title}) is tooted; its reminders are not.",
    EffectKind.STATE: "    {account}: is {state} now",
    EffectKind.END_BURST_HOLD: "{slug} → {account}: held by the brake, goes out",
    EffectKind.END_PAUSE: "the pause ends (paused by {who})",
    EffectKind.ACCEPT_CLOCK: "the clock is believed: it is {at}",
    EffectKind.PAUSE: "Nothing is released and nothing is tooted until `announce resume`.",
}


def effect_words(effect: Effect) -> str:
    """What an override or a command would do, in one line."""
    state = effect.state.value if effect.state is not None else ""
    return EFFECT_WORDS[effect.kind].format(
        slug=effect.slug,
        title=effect.title,
        account=effect.account,
        state=state,
        who=effect.who,
        at=minute(effect.at) if effect.at is not None else "",
    )


#: What the history adds where a delivery is held: what lets it go.
EVENT_REMEDIES: Final[Mapping[ReasonCode, str]] = {
    _C.PICTURE_FAILED: "Another picture in the post lets it go; `announce release {slug}` sends it without.",
    _C.GAVE_UP: "`announce retry {slug}` tries again.",
}
#: What lets a held delivery go, for `announce explain`.
HOLD_REMEDIES: Final[Mapping[Hold | None, str]] = {
    None: "`announce release {slug}` lets it go",
    Hold.BURST_LIMIT: "`announce resume` lets it go",
    Hold.OPERATOR: "`announce release {slug}` lets it go",
    Hold.UNCLEAR: "mend the post's file; it goes out by itself",
    Hold.FAILED: "see to the cause, then `announce retry {slug}`",
}


def poll_words(poll: Poll) -> tuple[tuple[str, ...], str]:
    """The options with their marks ("○ Yes"; "☐ Yes" where several may be chosen), and the line below them."""
    mark = "☐" if poll.multiple else "○"
    hidden = ", votes hidden until then" if poll.hide_totals else ""
    return tuple(f"{mark} {option}" for option in poll.options), (
        f"Poll, open for {format_duration(poll.expires_in)}{hidden}"
    )


#: Options of a status that each display words in its own way.
_WORDED_BY_DISPLAYS: Final = frozenset({"visibility", "language", "content_warning", "sensitive", "quote_policy"})


def option_words(options: StatusOptions) -> list[str]:
    """The options of a status that no display words by itself, unless they have their defaults: "name: value"."""
    found: list[str] = []
    for option in fields(StatusOptions):
        value = getattr(options, option.name)
        default = None if option.default is MISSING else option.default
        if option.name not in _WORDED_BY_DISPLAYS and value != default:
            found.append(f"{option.name.replace('_', ' ')}: {value.value if isinstance(value, Enum) else value}")
    return found
