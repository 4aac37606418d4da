"""Post → Announcement: templates, hashtags, mentions, counting and shortening. Pure."""

from bot.compose.announcement import compose, shortened_parts
from bot.compose.context import ComposeContext
from bot.compose.hashtags import find_invalid_hashtags
from bot.compose.length import status_length
from bot.compose.templates import TEMPLATE_VARIABLES, Templates

__all__ = [
    "TEMPLATE_VARIABLES",
    "ComposeContext",
    "Templates",
    "compose",
    "find_invalid_hashtags",
    "shortened_parts",
    "status_length",
]
