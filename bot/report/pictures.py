"""Pictures of this machine as `data:` addresses, small enough for a page. Reads their files."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from bot.config import Config
from bot.errors import PublishError
from bot.model import Limits, Picture, Post
from bot.posts.pictures import Bundle, picture_of
from bot.report.body import Embed

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
    from bot.publishers.pictures import original_of, prepared
    from bot.web_client import WebClient

    # For a file of this machine nobody is asked.
    upload = prepared(original_of(picture, WebClient(may_reach=_nowhere)), _SMALL)
    return f"data:{upload.media_type};base64,{b64encode(upload.data).decode('ascii')}"


def _nowhere(address: str) -> bool:  # noqa: ARG001 — the client's signature
    return False
