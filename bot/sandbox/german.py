"""Error texts in German, as an account with that language gets them: a client must not go by the words. Pure."""

from __future__ import annotations

import re
from typing import Final

_FAILED: Final = "Validation failed: "
_TEXTS: Final = {
    "The access token is invalid": "Das Zugriffstoken ist ungültig",
    "The access token was revoked": "Das Zugriffstoken wurde widerrufen",
    "This action is outside the authorized scopes": "Diese Aktion geht über die Berechtigungen hinaus",
    "This method requires an authenticated user": "Dafür muss ein Konto angemeldet sein",
    "Record not found": "Eintrag nicht gefunden",
    "Too many requests": "Zu viele Anfragen",
    "Text can't be blank": "Text darf nicht leer sein",
    "There was a temporary problem serving your request, please try again": "Vorübergehend gestört, bitte noch einmal",
    "Cannot attach files that have not finished processing. Try again in a moment!": (
        "Dateien, die noch verarbeitet werden, lassen sich nicht anhängen"
    ),
}
_PATTERNS: Final = (
    (re.compile(r"Text character limit of (\d+) exceeded"), r"Text ist länger als \1 Zeichen"),
    (re.compile(r"Cannot attach more than (\d+) files"), r"Mehr als \1 Dateien können nicht angehängt werden"),
    (
        re.compile(r"Media (.+) not found or already attached to another post"),
        r"Medien \1 nicht gefunden oder schon an einen anderen Beitrag angehängt",
    ),
    (re.compile(r"Description is too long \(maximum is (\d+) characters\)"), r"Beschreibung ist länger als \1 Zeichen"),
)


def in_german(text: str) -> str:
    """The text in German; as it was, if this list does not know it (as on real servers: translations are partial)."""
    if text.startswith(_FAILED):
        faults = text.removeprefix(_FAILED).split(", ")
        return "Gültigkeitsprüfung fehlgeschlagen: " + ", ".join(map(in_german, faults))
    for pattern, replacement in _PATTERNS:
        if pattern.fullmatch(text):
            return pattern.sub(replacement, text)
    return _TEXTS.get(text, text)
