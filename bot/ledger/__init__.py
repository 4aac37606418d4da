"""The durable record of releases and deliveries: its contract, and the functions that open it."""

from bot.ledger.contract import Ledger
from bot.ledger.opening import (
    DATABASE,
    LedgerReport,
    existing_ledger,
    inspect_ledger,
    name_of_ledger,
    open_ledger,
    read_snapshot,
    set_ledger_aside,
    url_in,
)

__all__ = [
    "DATABASE",
    "Ledger",
    "LedgerReport",
    "existing_ledger",
    "inspect_ledger",
    "name_of_ledger",
    "open_ledger",
    "read_snapshot",
    "set_ledger_aside",
    "url_in",
]
