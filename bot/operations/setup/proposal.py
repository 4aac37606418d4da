"""From what was seen of a site to the settings that suit it, with what is not sure about them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bot.operations.setup.eleventy import eleventy_permalink, read_eleventy
from bot.operations.setup.files import File, Seen, date_keys, look_for_posts, look_into, naive_count, own_names
from bot.operations.setup.hugo import hugo_permalink, read_hugo
from bot.operations.setup.jekyll import jekyll_permalink, read_jekyll
from bot.operations.setup.layout import PLAIN, Guess, Layout
from bot.operations.setup.pelican import pelican_permalink, read_pelican
from bot.posts.addresses import name_of, split_date

_LINK: Final = Path("/etc/localtime")
_NAME: Final = Path("/etc/timezone")


def machine_timezone(environ: os._Environ[str] | None = None) -> str:
    """The IANA name of the machine's timezone; empty if it does not say, or says a name that tells nothing."""
    environ = os.environ if environ is None else environ
    names = [environ.get("TZ", "").lstrip(":")]
    with suppress(OSError):
        names.append(_NAME.read_text(encoding="utf-8").strip())
    with suppress(OSError):
        names.append(str(_LINK.resolve()).partition("/zoneinfo/")[2])
    for name in names:
        with suppress(ValueError, OSError, KeyError):
            if "/" in name and not name.startswith("Etc/"):
                return str(ZoneInfo(name).key)
    return ""


#: Our key → what sites call it.
_OWN_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("Title",),
    "author": ("authors", "Author", "Authors", "byline"),
    "category": ("categories", "Category"),
    "tags": ("Tags", "keywords"),
    "summary": ("description", "Summary", "excerpt"),
    "updated_datetime": ("lastmod", "last_modified_at", "updated", "modified", "Modified"),
    "expires": ("expiryDate", "expirydate"),
    "cover": ("thumbnail", "hero", "featured_image", "feature_image", "images"),
    "cover.alt": ("cover_alt", "image_alt", "imageAlt", "alt"),
}
_FALLBACK: Final = "/news/{slug}/"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Settings for `bot.toml`."""

    layout: Layout
    posts: str
    assets: str = "."
    title: str
    url: str
    timezone: str
    permalink: str
    permalink_from: str = ""  #: what it follows from, or why it cannot be known
    permalink_known: bool = True
    naive_is_utc: bool = False
    dated_names: bool = False
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()  #: what a person should look at
    count: int = 0  #: files with front matter that were seen


def read_layout(root: Path) -> Layout:
    """The site's own settings, whichever generator they are for."""
    readers: tuple[Callable[[Path], Layout | None], ...] = (read_jekyll, read_hugo, read_eleventy, read_pelican)
    return next(filter(None, (reader(root) for reader in readers)), Layout())


def propose(
    root: Path,
    *,
    posts: str | None = None,
    timezone: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> Proposal:
    """What suits the site in this folder. `posts` is its folder of posts, `timezone` that of the machine."""
    layout = read_layout(root)
    seen = look_into(root, posts) if posts else look_for_posts(root, layout.search, progress=progress)
    folder = posts or (seen.folder if seen else _first_folder(root, layout))
    seen = seen or Seen(folder=folder, files=())
    doubts: list[str] = []
    if seen.without:
        doubts.append(
            f"{seen.without} Markdown file{'s' if seen.without > 1 else ''} in {folder} without front matter between "
            "--- lines: no posts to the bot"
        )
    keys = date_keys(seen)
    key = keys[0] if keys else ""
    naive = naive_count(seen, key) if key else 0
    as_utc = bool(naive) and layout.reads_naive_as_utc and key != "published_datetime"
    if as_utc:
        doubts.append(
            f"{naive} datetime{'s' if naive > 1 else ''} without offset: {layout.generator} reads them as UTC, and so "
            'does the bot (naive_datetimes = "utc")'
        )
    if layout.publishes:
        doubts.append(layout.publishes)
    guess = _permalink(root, layout, seen)
    return Proposal(
        layout=layout,
        posts=folder,
        assets=_assets(root, layout, seen),
        title=layout.title or root.resolve().name,
        url=layout.url if re.match(r"https?://[^/]", layout.url) else "",
        timezone=layout.timezone or timezone,
        permalink=guess.permalink or _FALLBACK,
        permalink_from=guess.why,
        permalink_known=bool(guess.permalink),
        naive_is_utc=as_utc,
        dated_names=_dated(layout, seen),
        fields=_fields(layout, seen, keys),
        doubts=tuple(doubts),
        count=len(seen.files),
    )


def _first_folder(root: Path, layout: Layout) -> str:
    """Where posts may go that are not there yet."""
    there = [one for one in layout.search if one and one != "." and (root / one).is_dir()]
    if layout.generator == "Jekyll" or not there:
        return next(iter(layout.search), "") if layout.generator == "Jekyll" else "posts"
    return f"{there[0]}/news" if layout.generator == "Hugo" else there[0]


def _dated(layout: Layout, seen: Seen) -> bool:
    dated = [file for file in seen.files if split_date(name_of(file.path))[0]]
    if layout.generator == PLAIN:
        return len(dated) > len(seen.files) / 2
    in_posts = layout.generator != "Jekyll" or Path(seen.folder).name == "_posts"
    return layout.dated_names and in_posts and (bool(dated) or Path(seen.folder).name == "_posts")


def _fields(layout: Layout, seen: Seen, dates: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in own_names(seen, _OWN_NAMES).items()}
    if dates and dates[0] != "published_datetime":
        found = {"published_datetime": tuple(dates), **found}
    if "cover.alt" in found and "cover" not in found and seen.share("image"):
        found["cover"] = ("image",)
    return {**found, **_of_images(seen), **_of_addresses(layout, seen)}


def _of_images(seen: Seen) -> dict[str, tuple[str, ...]]:
    images = [file.source.values.get("image") for file in seen.files]
    inner = next((set(image) for image in images if isinstance(image, dict)), set[str]())
    found: dict[str, tuple[str, ...]] = {}
    for ours, names in (("cover.url", ("path", "url", "src")), ("cover.alt", ("alt",))):
        name = next((one for one in names if one in inner), "")
        if name and not seen.share("cover"):
            found[ours] = (f"image.{name}",)
    return found


def _of_addresses(layout: Layout, seen: Seen) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if layout.slug_key and (seen.share("slug") or seen.share("Slug")):
        found["slug"] = ("slug",) if seen.share("slug") else ("Slug",)
    if layout.permalink_key and any(_is_path(file.source.values.get(layout.permalink_key)) for file in seen.files):
        found["permalink"] = (layout.permalink_key,)
    return found


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/") and "{" not in value


def _permalink(root: Path, layout: Layout, seen: Seen) -> Guess:
    slugs = max(seen.share("slug"), seen.share("Slug")) == 1 and bool(seen.files)
    match layout.generator:
        case "Jekyll":
            return jekyll_permalink(root, layout, seen.folder)
        case "Hugo":
            return hugo_permalink(root, layout, seen.folder, all_have_slugs=slugs)
        case "Eleventy":
            own = {file.source.values.get("permalink") for file in seen.files if _is_template(file)}
            template = next(iter(own)) if len(own) == 1 else None
            return eleventy_permalink(root, layout, seen.folder, in_posts=template if isinstance(template, str) else "")
        case "Pelican":
            categories = max(seen.share("category"), seen.share("Category")) == 1 and bool(seen.files)
            return pelican_permalink(root, layout, all_have_slugs=slugs, all_have_categories=categories)
    return Guess(why="nothing here says how the pages are called")


def _is_template(file: File) -> bool:
    value = file.source.values.get("permalink")
    return isinstance(value, str) and "{" in value


def _assets(root: Path, layout: Layout, seen: Seen) -> str:
    """The folder in which a picture that a post names is found."""
    for address in filter(None, map(_picture_of, seen.files)):
        for folder in layout.assets:
            if (root / folder / address.lstrip("/")).is_file():
                return folder
    return next((one for one in layout.assets if (root / one).is_dir()), ".")


def _picture_of(file: File) -> str:
    for key in ("cover", "image", "thumbnail", "hero"):
        value = file.source.values.get(key)
        if isinstance(value, dict):
            value = next((value.get(one) for one in ("url", "path", "src") if one in value), None)
        if isinstance(value, str) and value.startswith("/"):
            return value
    return ""
