"""HTML and pictures for a page that fetches nothing: pictures become `data:` addresses. Reads their files."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml.html import fragment_fromstring, tostring

from bot.config import Config
from bot.domain import Limits, Picture, Post
from bot.domain.errors import PublishError
from bot.http.client import WebClient
from bot.http.policy import ConnectPolicy, nowhere
from bot.posts.pictures import Bundle, find_picture
from bot.publishers.pictures import make_upload, read_original

if TYPE_CHECKING:
    from lxml.html import HtmlElement


#: Turns a picture's address into a `data:` address with its bytes; empty if it is not on this machine.
Embed = Callable[[str], str]

_FETCHED: Final = {"video": "Film", "audio": "Sound"}
_HEADINGS: Final = {f"h{level}": f"h{min(level + 3, 6)}" for level in range(1, 7)}


def make_offline(html: str, embed: Embed) -> str:
    """The body of a post so that nothing is fetched: pictures are embedded, or replaced by alt text and address.

    Headings move three levels down, since the page has headings of its own.
    """
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
            _replace_by_text(element, f"{_FETCHED[tag]}: {address}")
        elif tag == "picture":
            # Its `img` is enough.
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
        _replace_by_text(element, f"Picture: {alt or 'no alt text'} ({address})")
        return
    for name in ("srcset", "sizes", "loading"):
        element.attrib.pop(name, None)
    element.set("src", data)


def _replace_by_text(element: HtmlElement, text: str) -> None:
    """Replace an element that would fetch something."""
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    element.tag = "span"
    element.set("class", "left-out")
    element.text = text


#: Enough for a preview: about 1200 x 800 pixels, and some hundred kilobytes.
_SMALL: Final = Limits(picture_pixels=1_000_000, picture_bytes=600_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedPicture:
    """A picture on the page; without `data`, its name and the problem."""

    data: str = ""  #: a `data:` address
    name: str
    alt: str = ""
    problem: str = ""
    width: int | None = None
    height: int | None = None


def embed_picture(picture: Picture) -> EmbeddedPicture:
    """The picture, scaled down and without metadata such as its location; nothing is fetched."""
    name = picture.path.name if picture.path else picture.url.rpartition("/")[2] or picture.url
    if picture.path is None:
        problem = picture.problem or "it lies on another host and is not fetched for a preview"
        return EmbeddedPicture(name=name, alt=picture.alt, problem=problem)
    try:
        data = _data_of(picture)
    except PublishError as error:
        return EmbeddedPicture(name=name, alt=picture.alt, problem=str(error))
    return EmbeddedPicture(data=data, name=name, alt=picture.alt, width=picture.width, height=picture.height)


def make_embedder(config: Config, post: Post) -> Embed:
    """Embeds pictures of a post by their addresses, if the site has them on this machine."""
    bundle = Bundle.of(config.root / post.path, post.url)

    def embed(url: str) -> str:
        picture = find_picture(url, None, config=config, bundle=bundle)
        return embed_picture(picture).data if picture.path is not None else ""

    return embed


def _data_of(picture: Picture) -> str:
    """Raises PublishError."""
    # A file of this machine needs no network.
    upload = make_upload(read_original(picture, WebClient(ConnectPolicy(may_reach=nowhere))), _SMALL)
    return f"data:{upload.media_type};base64,{b64encode(upload.data).decode('ascii')}"
