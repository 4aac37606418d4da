"""What `preview` says of a post's reminders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.compose.composer import Composer
    from bot.config import Config
    from bot.domain import Announcement, Post


def composed_reminders(post: Post, compose: Composer, config: Config) -> dict[str, dict[str, Announcement | str]]:
    """What each reminder says, by its id and the account's address; what is wrong, where it cannot be composed."""
    from bot.compose.announcement import as_reminder
    from bot.domain.errors import ComposeError

    said: dict[str, dict[str, Announcement | str]] = {}
    for reminder in post.reminders:
        toots = said.setdefault(reminder.reminder_id, {})
        for address in config.account_addresses().values():
            try:
                toots[address] = compose(as_reminder(post, reminder), address)
            except ComposeError as error:
                toots[address] = str(error)
    return said


def show_reminders(
    post: Post,
    said: dict[str, dict[str, Announcement | str]],
    config: Config,
    fates: dict[tuple[str, str], str],
    show_toot: Callable[[str, Announcement | str], None],
) -> None:
    """Print each reminder: when, how it stands on each account, and its words."""
    import click

    from bot.cli.common import show_time

    for reminder in post.reminders:
        how = "an answer to the toot" if reminder.reply else "a toot of its own"
        click.echo(f"\nReminder {reminder.reminder_id}: {show_time(reminder.at, config.site)}, {how}")
        for address, toot in said[reminder.reminder_id].items():
            fate = fates.get((reminder.reminder_id, address))
            if fate:
                click.echo(f"{address}: {fate}")
            show_toot(address, toot)
