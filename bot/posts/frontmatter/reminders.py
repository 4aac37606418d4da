"""`reminders:` in front matter: when the bot toots about a post again, and with which text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from bot.domain import Reminder
from bot.domain.durations import parse_duration
from bot.posts.frontmatter.dates import DatetimeError, Deadline, Remark, parse_datetime, parse_deadline, shift
from bot.posts.frontmatter.fields import FALSE, TRUE
from bot.posts.frontmatter.keys import REMINDER, unknown_key_remedy

if TYPE_CHECKING:
    from bot.config import Config
    from bot.domain.errors import PostError
    from bot.posts.frontmatter.fields import Fields, Notes
    from bot.posts.frontmatter.yaml import Value


_LIST: Final = "reminders"
_HOW: Final = 'Write - id: last-call and below it, indented as far as id, before: 3d and text: "Three days left."'
_WHEN: Final = "Write one of at: 2024-07-16 09:00, before: 3d (the deadline) or after: 2d (the publish datetime)."
_ID: Final = re.compile(r"[\w.-]{1,40}")
_LONG_UNIT: Final = re.compile(r"(\d)\s*(?:(w)eek|(d)ay|(h)our|(m)inute)s?\b", re.IGNORECASE)
#: "3d", "3d before deadline", "2 d after the publish datetime".
_RELATIVE: Final = re.compile(
    r"(?P<span>(?:\d+(?:\.\d+)?\s*[smhdw]\s*)+)"
    r"(?:\s*(?P<way>before|after)\s+(?:the\s+)?(?P<what>deadline|publish(?:ed_datetime| datetime)?|release))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """The moments from which a reminder's offset may count."""

    published: datetime | None
    deadline: Deadline | None
    expires: datetime | None


def read_deadline(fields: Fields, notes: Notes, config: Config) -> Deadline | None:
    """Read the deadline of the post; None if it has none. Raises PostError."""
    text = fields.text("deadline")
    if text is None:
        return None
    try:
        deadline = parse_deadline(text, site=config.site, release=config.release)
    except DatetimeError as error:
        raise fields.fault("deadline", error.problem, error.or_write("2024-08-01 AoE"), rule=error.rule) from None
    for remark in deadline.remarks:
        notes.add(remark.rule, remark.problem, field="deadline", remedy=remark.remedy)
    return deadline


def read_reminders(fields: Fields, notes: Notes, anchors: Anchors, *, config: Config) -> tuple[Reminder, ...]:
    """Read the post's reminders, in order of time. Raises PostError.

    If the post has no datetime, reminders that count from it are left out.
    """
    items = fields.get(_LIST)
    if items is None:
        return ()
    if not isinstance(items, list):
        raise fields.fault(_LIST, "must be a list.", _HOW)
    found = [_Item(fields, notes, anchors, config, item, number).reminder() for number, item in enumerate(items)]
    reminders = [reminder for reminder in found if reminder is not None]
    first: dict[str, Reminder] = {}
    for reminder in reminders:
        other = first.setdefault(reminder.reminder_id, reminder)
        if other is not reminder:
            line = fields.line(other.place)
            of_first = f"; the first is in line {line}" if line else ""
            raise fields.fault(
                reminder.place if reminder.place in fields else _LIST,
                f'two reminders have the id "{reminder.reminder_id}"{of_first}.',
                "Give each an id of its own: what went out under an id is not sent again.",
            )
    return tuple(sorted(reminders, key=lambda reminder: (reminder.at, reminder.number)))


def source_of(reminder: Reminder) -> str:
    """A digest of a reminder as written."""
    return hashlib.sha256(f"{reminder.text or ''}\0{reminder.template or ''}".encode()).hexdigest()[:16]


class _Item:
    """One item of the list, while it is parsed."""

    def __init__(
        self, fields: Fields, notes: Notes, anchors: Anchors, config: Config, item: Value, number: int
    ) -> None:
        self._fields, self._notes, self._anchors, self._config = fields, notes, anchors, config
        self._number = number
        name = f"{_LIST}[{number}]"
        # The line of the reminder's first key, or of the whole list if it is written on one line.
        self._place = name if name in fields else _LIST
        if not isinstance(item, dict):
            raise self._fault("is not a reminder.", _HOW)
        self._values: Mapping[str, Value] = item

    def reminder(self) -> Reminder | None:
        """Build the reminder. Raises PostError."""
        for key in self._values:
            if key not in REMINDER:
                remedy = unknown_key_remedy(key, REMINDER)
                self._notes.add("unknown-key", f'"{key}" is not a key that is read.', field=self._place, remedy=remedy)
        reminder_id = self._id()
        text, template = self._word("text"), self._word("template")
        if (text is None) == (template is None):
            problem = "says nothing." if text is None else "has a text and a template."
            raise self._fault(problem, 'Write either text: "your words" or template: the name of a template.')
        at = self._moment()
        if at is None:
            return None
        self._note_when(at)
        return Reminder(
            reminder_id=reminder_id, at=at, text=text, template=template, reply=self._reply(), number=self._number
        )

    def _id(self) -> str:
        reminder_id = self._word("id")
        if reminder_id is None:
            raise self._fault(
                "has no id.",
                "Write id: last-call, or another word that is used once in this post; then you may change the "
                "reminder later and it is not sent twice.",
            )
        if not _ID.fullmatch(reminder_id):
            raise self._fault(
                f'the id "{reminder_id}" is not one word.', "Use letters, digits, - and _, 40 at most: last-call."
            )
        return reminder_id

    def _word(self, key: str) -> str | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._fault(f"its {key} must be text.", f'Write {key}: "your words".')
        return value.strip() or None

    def _reply(self) -> bool:
        word = (self._word("reply") or "false").lower()
        if word not in TRUE | FALSE:
            raise self._fault("its reply must be true or false.", "Write reply: true.")
        return word in TRUE

    def _moment(self) -> datetime | None:
        times = {key: word for key in ("at", "before", "after") if (word := self._word(key)) is not None}
        if len(times) != 1:
            problem = f"has {' and '.join(times)}." if times else "does not say when."
            raise self._fault(problem, _WHEN)
        key, word = next(iter(times.items()))
        relative = _RELATIVE.fullmatch(_LONG_UNIT.sub(_short_unit, word))
        if relative is None and key == "at":
            return self._datetime(word)
        if relative is None:
            raise self._fault(f'"{key}: {word}" is not a time.', _WHEN)
        way, what = (relative["way"] or key).lower(), (relative["what"] or "").lower()
        if way == "at" or key not in ("at", way):
            raise self._fault(f'"{key}: {word}" is not a time.', _WHEN)
        return self._relative(relative["span"], way, from_deadline=what == "deadline" or (not what and way == "before"))

    def _relative(self, written: str, way: str, *, from_deadline: bool) -> datetime | None:
        anchors = self._anchors
        if from_deadline:
            if anchors.deadline is None:
                raise self._fault(
                    "counts from the deadline, and the post has none.", "Write deadline: 2024-08-01 23:59 AoE, or at:."
                )
            moment, zone = anchors.deadline.moment, anchors.deadline.zone
        elif anchors.published is None:
            return None
        else:
            moment, zone = anchors.published, self._config.site.timezone
        try:
            span = parse_duration(written)
            return shift(moment, -span if way == "before" else span, zone=zone)
        except (OverflowError, ValueError):
            raise self._fault("is too far away.", _WHEN) from None

    def _datetime(self, word: str) -> datetime:
        try:
            when = parse_datetime(word, site=self._config.site, release=self._config.release)
        except DatetimeError as error:
            raise self._fault(error.problem, error.remedy, rule=error.rule) from None
        for remark in when.remarks:
            self._remark(remark)
        return when.moment

    def _remark(self, remark: Remark) -> None:
        self._notes.add(remark.rule, remark.problem, field=self._place, remedy=remark.remedy)

    def _note_when(self, at: datetime) -> None:
        published, expires = self._anchors.published, self._anchors.expires
        never = ""
        if published is not None and at <= published:
            never = f"before the post itself ({_format_moment(published)})"
        elif expires is not None and at >= expires:
            never = f"when the post has expired ({_format_moment(expires)})"
        if never:
            self._notes.add(
                "reminder-never",
                f"would go out on {_format_moment(at)}, {never}; it is not sent.",
                field=self._place,
                remedy="Correct its time, or take it out of the list.",
            )

    def _fault(self, problem: str, remedy: str, *, rule: str = "field-value") -> PostError:
        return self._fields.fault(self._place, f"reminder {self._number + 1} {problem}", remedy, rule=rule)


def _short_unit(found: re.Match[str]) -> str:
    return found[1] + "".join(filter(None, found.groups()[1:]))


def _format_moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
