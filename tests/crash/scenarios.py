"""What a season has to do while it is killed at each point: posts, what becomes of them, and what must be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_WORDS: Final = "This is the first paragraph, which is long enough to be an excerpt of the post.\n"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A step is what the post files (name → front matter and body) become; between steps the bot comes to rest."""

    steps: tuple[Mapping[str, str], ...]
    shown: tuple[str, ...]  #: in the end each of these stands in one status, and there are no others

    def files(self, step: int) -> dict[str, str]:
        """The texts of a step; `{due}` in them is a moment shortly ago, the same on the whole day."""
        due = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=1)
        return {name: text.replace("{due}", f"{due:%Y-%m-%d %H:%M:%S}") for name, text in self.steps[step].items()}


def _post(title: str, more: str = "") -> str:
    return f'---\ntitle: "{title}"\npublished_datetime: {{due}}\n{more}---\n\n{_WORDS}'


def _thread(*parts: str) -> str:
    return "mastodon:\n  thread:\n" + "".join(f"    - {part}\n" for part in parts)


_COVER: Final = "cover:\n    url: /picture.png\n    alt: A dark square.\n"
_OTHER_ALT: Final = "cover:\n    url: /picture.png\n    alt: A dark blue square.\n"

SCENARIOS: Final = {
    "published": Scenario(
        steps=({"one.md": _post("Doors open", _COVER), "two.md": _post("Lunch is served")},),
        shown=("Doors open", "Lunch is served"),
    ),
    "a thread": Scenario(
        steps=(
            {"one.md": _post("Doors open", _thread("Then there is tea", "Then there is music", "Then all is over"))},
            {"one.md": _post("Doors open at ten", _thread("Then there is coffee", "Then there is music"))},
        ),
        shown=("Doors open at ten", "Then there is coffee", "Then there is music"),
    ),
    "edited": Scenario(
        steps=(
            {"one.md": _post("Doors open at nine", _COVER), "two.md": _post("Lunch is served")},
            {"one.md": _post("Doors open at ten", _OTHER_ALT)},
        ),
        shown=("Doors open at ten", "Lunch is served"),
    ),
    "withdrawn": Scenario(
        steps=(
            {"one.md": _post("Doors open"), "two.md": _post("Lunch is served"), "three.md": _post("Rain is near")},
            {
                "one.md": _post("Doors open", "withdrawn: true\n"),
                "two.md": _post("Lunch is served", 'withdrawn: "The cook is ill."\n'),
            },
        ),
        shown=("Lunch is served", "The cook is ill.", "Rain is near"),
    ),
}
