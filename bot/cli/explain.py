"""The command that tells all about one post: explain."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import click

from bot.cli.common import console, echo_json, json_option, plain, post_argument, with_settings
from bot.cli.log import event_as_json
from bot.config import Config
from bot.domain import Delivery, Event, Occasion, Override
from bot.domain.clock import SystemClock
from bot.domain.wording import count_words, event_detail, event_words, reason_words
from bot.operations.explain import Explanation
from bot.operations.explain import explain as explain_post
from bot.planner.builder import PlanItem
from bot.report.outlook import next_step
from bot.report.times import show_when

_INDENT: Final = 12


@click.command()
@with_settings
@post_argument
@json_option
def explain(config: Config, post: str, as_json: bool) -> None:
    """Show all that the bot knows about a post, and why it decided so.

    State, reasons, manual overrides, deliveries with their attempts, history, and what comes next. Changes nothing.
    """
    clock = SystemClock()
    found = explain_post(config, post, clock)
    if as_json:
        echo_json(_as_json(found))
    else:
        _show(found, config, clock.now())


#: Fields that programs know by another name.
_JSON_NAMES: Final = {"override": "word", "items": "fates"}


def _as_json(found: Explanation) -> dict[str, Any]:
    words = {
        "override": _override_as_json(found.override) if found.override is not None else None,
        "items": [_item_as_json(item, found.slug) for item in found.items],
        "deliveries": [_delivery_as_json(delivery) for delivery in found.deliveries],
        "history": [event_as_json(event) for event in found.history],
        "doubt": reason_words(found.doubt),
    }
    return {_JSON_NAMES.get(name, name): value for name, value in {**plain(found), **words}.items()}


def _override_as_json(override: Override) -> dict[str, Any]:
    return {
        "post_id": override.post_id,
        "said": override.kind,
        "early": override.early,
        "who": override.who,
        "at": override.at,
    }


def _item_as_json(item: PlanItem, slug: str) -> dict[str, Any]:
    return {
        "account": item.account,
        "occasion": str(item.occasion),
        "due": item.due,
        "verdict": item.verdict,
        "reason": reason_words(item.reason),
        "next_step": next_step(item, slug),
    }


def _delivery_as_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "account": delivery.key.account,
        "occasion": str(delivery.key.occasion),
        "action": delivery.action,
        "state": delivery.state,
        "hold": delivery.hold,
        "reason": reason_words(delivery.reason),
        "due": delivery.due,
        "attempts": delivery.attempts,
        "not_before": delivery.not_before,
        "settled_at": delivery.settled_at,
        "status_url": delivery.status_url,
        "ordered_by": delivery.ordered_by,
        "by_hand": delivery.foreign,
    }


def _show(found: Explanation, config: Config, now: datetime) -> None:
    def when(moment: datetime | None) -> str:
        return show_when(moment, config.site.timezone, now=now) if moment is not None else ""

    names = {address: name for name, address in config.account_addresses().items()}
    click.echo(click.style(found.title, bold=True))
    if found.doubt is not None:
        _line("careful", f"nothing is released at present: {reason_words(found.doubt)}")
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
    if found.override is not None:
        early = ", before its datetime" if found.override.early else ""
        _line("override", f"{found.override.kind.value}{early}, by {found.override.who}, {when(found.override.at)}")
    for item in found.items:
        _show_item(item, found.slug, names, when(item.due))
    if found.is_draft:
        _line("next", "give it a published_datetime, and take `draft:` out of it")
    for delivery in found.deliveries:
        _show_delivery(delivery, names, when)
    for number, event in enumerate(found.history):
        _line("history" if number == 0 else "", _of_event(event, config, names))


def _words(found: Explanation) -> str:
    shown = "as the feeds show them" if found.digest == found.digest_shown else "not in the feeds as they stand"
    if found.digest_shown == "":  # an entry of a ledger that was just upgraded
        shown = "the next cycle compares them with the feeds"
    times = f", changed {count_words(found.revision, 'time')} since the release"
    return f"digest {found.digest[:12]}, {shown}{times if found.revision else ''}"


def _show_item(item: PlanItem, slug: str, names: Mapping[str, str], when: str) -> None:
    place = names.get(item.account, item.account) or "feeds"
    occasion = "" if item.occasion == Occasion.PUBLISH else f" ({item.occasion})"
    reason = f": {reason_words(item.reason)}" if item.reason is not None else ""
    _line(place, f"{click.style(item.verdict.value, bold=True)}{occasion}{reason}")
    _line("", f"due {when}")
    _line("", f"next: {next_step(item, slug)}")


def _show_delivery(delivery: Delivery, names: Mapping[str, str], when: Callable[[datetime | None], str]) -> None:
    tries = count_words(delivery.attempts, "attempt")
    account, occasion = delivery.key.account, delivery.key.occasion
    place = names.get(account, account)
    parts = (
        f"{delivery.action.value} ({occasion}) on {place}: {delivery.state.value}, {tries}",
        f"settled {when(delivery.settled_at)}" if delivery.settled_at else "",
        f"not before {when(delivery.not_before)}" if delivery.not_before else "",
        f"ordered by {delivery.ordered_by}" if delivery.ordered_by else "",
        "tooted by hand" if delivery.foreign else "",
        delivery.status_url or "",
    )
    for number, part in enumerate(filter(None, parts)):
        _line("delivery" if number == 0 else "", part)


def _of_event(event: Event, config: Config, names: Mapping[str, str]) -> str:
    local = event.at.astimezone(config.site.timezone)
    account = f" on {names.get(event.account, event.account)}" if event.account else ""
    occasion = f" ({event.occasion})" if event.occasion not in (None, Occasion.PUBLISH) else ""
    who = f"by {event.who}" if event.who else ""
    line = "  ".join(filter(None, (f"{event_words(event.kind)}{occasion}{account}", event_detail(event), who)))
    return f"{local:%Y-%m-%d %H:%M:%S %Z}  {line}"


def _line(label: str, text: str) -> None:
    # Addresses stay whole, so that they can be copied.
    rows = textwrap.wrap(text, width=console().width - _INDENT - 1, break_long_words=False, break_on_hyphens=False)
    for row in rows:
        click.echo(f"{label:<{_INDENT}} {row}")
        label = ""
