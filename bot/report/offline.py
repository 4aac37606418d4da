"""Pictures of this machine as `data:` addresses, small enough for a page. Reads their files."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.config import Config
from bot.domain import Limits, Picture, Post
from bot.domain.errors import PublishError
from bot.posts.pictures import Bundle, picture_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement


#: From a picture's address to its bytes as a `data:` address; empty if it is not here.
Embed = Callable[[str], str]

_FETCHED: Final = {"video": "Film", "audio": "Sound"}
_HEADINGS: Final = {f"h{level}": f"h{min(level + 3, 6)}" for level in range(1, 7)}


def offline(html: str, embed: Embed) -> str:
    """The same body below a third heading. A picture that is not here shows its alt text and its address."""
    from lxml.html import fragment_fromstring, tostring

    if not html.strip():
        return ""
    root = fragment_fromstring(html, create_parent="div")
    for element in list(root.iter()):
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if tag == "img":
            _picture(element, embed)
        elif tag in _FETCHED:
            address = element.get("src") or next((one.get("src", "") for one in element.iter("source")), "")
            _say(element, f"{_FETCHED[tag]}: {address}")
        elif tag == "picture":
            # Its one `img` stands for all of its sources.
            for source in list(element.iter("source")):
                source.drop_tree()
        elif tag in _HEADINGS:
            element.tag = _HEADINGS[tag]
    made: str = tostring(root, encoding="unicode")
    return made.removeprefix("<div>").removesuffix("</div>")


def _picture(element: HtmlElement, embed: Embed) -> None:
    address, alt = element.get("src", ""), element.get("alt", "")
    data = embed(address)
    if not data:
        _say(element, f"Picture: {alt or 'no alt text'} ({address})")
        return
    for name in ("srcset", "sizes", "loading"):
        element.attrib.pop(name, None)
    element.set("src", data)


def _say(element: HtmlElement, said: str) -> None:
    """Put words in the place of something that would be fetched."""
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    element.tag = "span"
    element.set("class", "left-out")
    element.text = said


#: What is enough for a preview: about 1200 x 800, and some hundred kilobytes.
_SMALL: Final = Limits(picture_pixels=1_000_000, picture_bytes=600_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPicture:
    """A picture as a page shows it; without `data` its name and what is wrong."""

    data: str = ""  #: a `data:` address
    name: str
    alt: str = ""
    problem: str = ""
    width: int | None = None
    height: int | None = None


def shown_picture(picture: Picture) -> ShownPicture:
    """The picture, scaled down and without what tells its place; nothing is fetched."""
    name = picture.path.name if picture.path else picture.url.rpartition("/")[2] or picture.url
    if picture.path is None:
        problem = picture.problem or "it lies on another host and is not fetched for a preview"
        return ShownPicture(name=name, alt=picture.alt, problem=problem)
    try:
        data = _data_of(picture)
    except PublishError as error:
        return ShownPicture(name=name, alt=picture.alt, problem=str(error))
    return ShownPicture(data=data, name=name, alt=picture.alt, width=picture.width, height=picture.height)


def embedder(config: Config, post: Post) -> Embed:
    """From the address of a picture in a post to its bytes, where the site has it on this machine."""
    bundle = Bundle.of(config.root / post.path, post.url)

    def embed(url: str) -> str:
        picture = picture_of(url, None, config=config, bundle=bundle)
        return shown_picture(picture).data if picture.path is not None else ""

    return embed


def _data_of(picture: Picture) -> str:
    """Raises PublishError."""
    from bot.http.client import WebClient
    from bot.http.policy import Policy, nowhere
    from bot.publishers.pictures import original_of, prepared

    # For a file of this machine nobody is asked.
    upload = prepared(original_of(picture, WebClient(Policy(may_reach=nowhere))), _SMALL)
    return f"data:{upload.media_type};base64,{b64encode(upload.data).decode('ascii')}"
