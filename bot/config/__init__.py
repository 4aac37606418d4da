"""`config/bot.toml` and the environment → Config. Reports all faults at once.

The models are the single source of the settings; a test compares `docs/settings.md` with them.
"""

from __future__ import annotations

from bot.config.accounts import Account, token_variable
from bot.config.load import load_config
from bot.config.permalinks import PLACEHOLDERS, Address
from bot.config.release import Alerts, Delivery, Release
from bot.config.settings import DEFAULT_PATH, Check, Config, PostFiles
from bot.config.site import Feeds, Ledger, Serve, Site
from bot.config.sources import CHECKOUTS, Source
from bot.config.values import ACCT, ENVIRONMENT, LANGUAGE, is_loopback, listen_address

__all__ = [
    "ACCT",
    "CHECKOUTS",
    "DEFAULT_PATH",
    "ENVIRONMENT",
    "LANGUAGE",
    "PLACEHOLDERS",
    "Account",
    "Address",
    "Alerts",
    "Check",
    "Config",
    "Delivery",
    "Feeds",
    "Ledger",
    "PostFiles",
    "Release",
    "Serve",
    "Site",
    "Source",
    "is_loopback",
    "listen_address",
    "load_config",
    "token_variable",
]
