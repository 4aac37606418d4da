"""The HTML that reaches readers: a deliberate allow-list.

The elements are those that feed readers keep in common (Miniflux's own allow-list is the measure: headings,
lists, tables, figures, pictures, sound, film, code); classes, ids and styles mean nothing outside the site.
"""

from __future__ import annotations

import re
from typing import Final

from bot.posts.text import clean

_TAGS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr audio b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption
        figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp section small source
        span strong sub summary sup table tbody td tfoot th thead time tr track u ul var video wbr
        """,
    )
)
_ATTRIBUTES: Final = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src", "controls", "preload", "loop"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "media", "type", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "video": {"src", "poster", "controls", "preload", "loop", "muted", "width", "height"},
}
#: Shown as links later on, so the first pass keeps them.
EMBEDS: Final = {"iframe": {"src"}, "embed": {"src"}, "object": {"data"}}
#: Gone with everything inside: it is no text, or only makes sense on the site's own page.
_WITH_CONTENT: Final = set(
    re.findall(r"\w+", "script style template noscript noembed noframes svg math textarea select button title")
)
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "irc", "ircs", "matrix", "webcal", "xmpp"})


def balanced(html: str) -> str:
    """HTML as a browser understands it: harmless, with embeds and comments still in place."""
    return _clean(html, tags=_TAGS | EMBEDS.keys(), attributes=_ATTRIBUTES | EMBEDS, comments=True)


def sanitised(html: str) -> str:
    """HTML with nothing in it but the allow-list."""
    return _clean(html, tags=_TAGS, attributes=_ATTRIBUTES, comments=False)


def _clean(html: str, *, tags: frozenset[str], attributes: dict[str, set[str]], comments: bool) -> str:
    import nh3

    return clean(
        nh3.clean(
            html,
            tags=set(tags),
            attributes=attributes,
            clean_content_tags=_WITH_CONTENT,
            strip_comments=not comments,
            link_rel=None,
            url_schemes=set(SCHEMES),
        )
    )
