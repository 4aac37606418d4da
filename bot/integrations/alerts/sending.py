"""Send alerts over every channel in the settings. Best effort: an alert that fails never stops the bot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from bot.config import Alerts
from bot.domain.errors import OutputError
from bot.http.client import WebClient
from bot.integrations.alerts.batch import AlertBatch
from bot.integrations.alerts.channels import mail, webhook


class Channel(Protocol):
    """A module of `bot/integrations/alerts/channels`."""

    def is_wanted(self, settings: Alerts) -> bool:
        """Whether the settings name this channel."""

    def send(
        self, news: AlertBatch, *, settings: Alerts, site: str, environ: Mapping[str, str], web: WebClient
    ) -> None:
        """Send the alerts. Raises OutputError, without secrets in its text; other errors are shown by their type."""


CHANNELS: Final[Mapping[str, Channel]] = {"webhook": webhook, "mail": mail}


def send_alerts(
    news: AlertBatch,
    *,
    settings: Alerts,
    site: str,
    environ: Mapping[str, str],
    web: WebClient,
    emit: Callable[[str], None],
) -> None:
    """Send the alerts over every channel in the settings; `emit` receives a line for each channel that fails.

    The caller has already removed the names of unreleased posts where that is required (`Alert.redacted`).
    """
    for name, channel in CHANNELS.items():
        if not channel.is_wanted(settings):
            continue
        try:
            channel.send(news, settings=settings, site=site, environ=environ, web=web)
        except Exception as error:  # noqa: BLE001 — no failure of another server may stop the bot
            # Only the type of a library's error: its text may contain an address with a secret in it.
            why = str(error) if isinstance(error, OutputError) else type(error).__name__
            emit(f"an alert could not be sent by {name}: {why}")
