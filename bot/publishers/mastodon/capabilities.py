"""What Mastodon and the servers that speak its API can do, by their software."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.domain import Capabilities, Dialect

_MASTODON: Final = Capabilities()
#: By the first word of `Limits.software`. Forks of Mastodon (glitch-soc, Hometown) do as it does.
#:
#: After a clear no, Pleroma gives its answer to the same Idempotency-Key again for six hours, a 429 or 403 too
#: (lib/pleroma/web/plugs/idempotency_plug.ex); Pixelfed refuses the key for an hour
#: (app/Http/Controllers/Api/ApiV1Controller.php `statusCreate`).
_OTHERS: Final[Mapping[str, Capabilities]] = MappingProxyType(
    {
        "gotosocial": replace(_MASTODON, dialect=Dialect(shortens=False, graphemes=False)),
        "pleroma": replace(_MASTODON, dialect=Dialect(shortens=False), refusal_spends_key=True),
        "akkoma": replace(_MASTODON, dialect=Dialect(shortens=False), refusal_spends_key=True),
        "pixelfed": replace(_MASTODON, dialect=Dialect(shortens=False, graphemes=False), refusal_spends_key=True),
    }
)


def capabilities_of(software: str) -> Capabilities:
    """What a kind of server can do, by `Limits.software` ("gotosocial 0.20.1"); Mastodon's where it is not known."""
    name, _, _ = software.strip().lower().partition(" ")
    return _OTHERS.get(name, _MASTODON)
