"""The command that tells all about one post: explain."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import click

from bot.cli.common import (
    console,
    echo_json,
    json_option,
    post_argument,
    show_time,
    with_settings,
)
from bot.config import Config
from bot.domain import EventKind
from bot.domain.clock import SystemClock
from bot.domain.durations import format_distance
from bot.domain.wording import event_words
from bot.operations.explain import Attempt, Explanation, Fate
from bot.operations.explain import explain as explain_post
from bot.operations.log import LogLine

_INDENT: Final = 12


@click.command()
@with_settings
@post_argument
@json_option
def explain(config: Config, post: str, as_json: bool) -> None:
    """Tell what the bot knows of a post, and why it decided so.

    State, reasons, people's words, deliveries with their attempts, history, and what comes next. Changes nothing.
    """
    clock = SystemClock()
    found = explain_post(config, post, clock)
    if as_json:
        echo_json(found)
    else:
        _show(found, config, clock.now())


def _show(found: Explanation, config: Config, now: datetime) -> None:
    def when(moment: datetime | None) -> str:
        return f"{show_time(moment, config.site)}, {format_distance(moment, now)}" if moment is not None else ""

    names = {address: name for name, address in config.account_addresses().items()}
    click.echo(click.style(found.title, bold=True))
    if found.doubt:
        _line("careful", f"nothing is released at present: {found.doubt}")
    _line("file", found.path or "gone")
    _line("page", found.url)
    _line("id", found.post_id if found.post_id != found.url else "its page")
    if found.feed_id not in (None, found.post_id):
        _line("id in feeds", found.feed_id or "")
    _line("datetime", when(found.published) or "none: a draft, nothing happens")
    _line("released", when(found.released_at) or "not yet")
    if found.waited_since is not None:
        _line("waits", f"for its page, since {when(found.waited_since)}")
    _line("words", _words(found))
    for mark, is_set in (("hidden", found.hidden), ("withdrawn", found.withdrawn is not None)):
        if is_set:
            _line(mark, (found.withdrawn if mark == "withdrawn" else "") or "yes")
    if found.word is not None:
        early = ", before its datetime" if found.word.early else ""
        _line("said", f"{found.word.said.value}{early}, by {found.word.who}, {when(found.word.at)}")
    for fate in found.fates:
        _show_fate(fate, names, when(fate.due))
    if found.is_draft:
        _line("next", "give it a published_datetime, and take `draft:` out of it")
    for attempt in found.deliveries:
        _show_attempt(attempt, names, when)
    for number, event in enumerate(found.history):
        _line("history" if number == 0 else "", _of_event(event, config, names))


def _words(found: Explanation) -> str:
    shown = "as the feeds show them" if found.digest == found.digest_shown else "not in the feeds as they stand"
    times = f", changed {found.revision} time{'' if found.revision == 1 else 's'} since the release"
    return f"digest {found.digest[:12]}, {shown}{times if found.revision else ''}"


def _show_fate(fate: Fate, names: Mapping[str, str], when: str) -> None:
    place = names.get(fate.account, fate.account) or "feeds"
    occasion = "" if fate.occasion == "publish" else f" ({fate.occasion})"
    reason = f": {fate.reason}" if fate.reason else ""
    _line(place, f"{click.style(fate.verdict, bold=True)}{occasion}{reason}")
    _line("", f"due {when}")
    _line("", f"next: {fate.next_step}")


def _show_attempt(attempt: Attempt, names: Mapping[str, str], when: Callable[[datetime | None], str]) -> None:
    tries = f"{attempt.attempts} attempt{'' if attempt.attempts == 1 else 's'}"
    place = names.get(attempt.account, attempt.account)
    parts = (
        f"{attempt.action} ({attempt.occasion}) on {place}: {attempt.state}, {tries}",
        f"settled {when(attempt.settled_at)}" if attempt.settled_at else "",
        f"not before {when(attempt.not_before)}" if attempt.not_before else "",
        f"ordered by {attempt.ordered_by}" if attempt.ordered_by else "",
        "tooted by hand" if attempt.by_hand else "",
        attempt.status_url or "",
    )
    for number, part in enumerate(filter(None, parts)):
        _line("delivery" if number == 0 else "", part)


def _of_event(event: LogLine, config: Config, names: Mapping[str, str]) -> str:
    local = event.at.astimezone(config.site.timezone)
    account = f" on {names.get(event.account, event.account)}" if event.account else ""
    occasion = f" ({event.occasion})" if event.occasion not in ("", "publish") else ""
    who = f"by {event.who}" if event.who else ""
    said = "  ".join(filter(None, (f"{event_words(EventKind(event.what))}{occasion}{account}", event.detail, who)))
    return f"{local:%Y-%m-%d %H:%M:%S %Z}  {said}"


def _line(label: str, text: str) -> None:
    # Addresses stay whole, so that they can be copied.
    rows = textwrap.wrap(text, width=console().width - _INDENT - 1, break_long_words=False, break_on_hyphens=False)
    for row in rows:
        click.echo(f"{label:<{_INDENT}} {row}")
        label = ""
