"""Language tags of statuses: never an error, as in Mastodon (app/helpers/languages_helper.rb)."""

from __future__ import annotations

import re
from typing import Final

DEFAULT_LANGUAGE: Final = "en"

# ISO 639-1, then the three-letter and regional tags that Mastodon knows besides.
_TAGS: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
    "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it "
    "iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt "
    "my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl "
    "sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za "
    "zh zu ast chr ckb cnr csb gsw jbo kab ldn lfn moh nds pdc sco sma smj szl tok vai xal zba zgh "
    "zh-CN zh-HK zh-TW"
)
_KNOWN: Final = frozenset(_TAGS.split())


def known_language(tag: str) -> str | None:
    """The tag if it is known, else its base ("de-AT" → "de") if that is, else None."""
    if tag in _KNOWN:
        return tag
    base = re.split(r"[_-]", tag, maxsplit=1)[0]
    return base if base in _KNOWN else None
