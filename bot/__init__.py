"""announce: releases a conference's posts, once and on time, into its news feed and onto Mastodon."""

from typing import Final

__version__: Final = "0.1.0"
