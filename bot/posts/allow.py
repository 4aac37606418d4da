"""`check: allow:` in front matter: the rules that a post's author has silenced, each with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.posts.text import one_line

if TYPE_CHECKING:
    from bot.posts.fields import Fields
    from bot.posts.notes import Notes

FIELD: Final = "check.allow"
_HOW: Final = 'Write check:, below it allow:, and below that for example weekend: "The party is on Saturday."'


def read_allowed(fields: Fields, notes: Notes) -> dict[str, str]:
    """Rule name → reason. What is written wrongly silences nothing, and keeps no post from being released."""
    check = fields.get("check")
    if check is None:
        return {}
    if not isinstance(check, dict) or check.keys() - {"allow"}:
        notes.warn("check-allow", "holds nothing but allow:.", field="check", remedy=_HOW)
    allow = check.get("allow") if isinstance(check, dict) else None
    if allow is None:
        return {}
    if not isinstance(allow, dict):
        notes.warn("check-allow", "must name rules, each with a reason.", field=FIELD, remedy=_HOW)
        return {}
    reasons = {name: one_line(why) if isinstance(why, str) else "" for name, why in allow.items()}
    for name, why in reasons.items():
        if not why:
            problem = "has no reason, so the rule is not silenced."
            notes.warn("check-allow", problem, field=f"{FIELD}.{name}", remedy="Say in a few words why it is meant.")
    return {name: why for name, why in reasons.items() if why}
