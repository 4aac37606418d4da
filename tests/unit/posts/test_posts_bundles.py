"""Pictures beside a post that is `index.md` in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bot.config import Config
from bot.domain import Picture, Post
from bot.posts.folder import PostFolder

SITE = "https://heron.example"
MATTER = "---\ntitle: Nests\npublished_datetime: 2027-03-01 09:00\n{more}\n---\nWords about nests.\n"


@pytest.fixture(name="config")
def _config(config: Config) -> Config:
    site = config.site.model_copy(update={"permalink": "/news/{slug}/", "posts": Path("posts")})
    return config.model_copy(update={"site": site})


def write(config: Config, path: str, more: str) -> None:
    file = config.root / "posts" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(MATTER.format(more=more), encoding="utf-8")


def draw(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4)).save(path)
    return path


def only(folder: PostFolder) -> Post:
    scan = folder.scan()
    assert not scan.faults
    (post,) = scan.posts
    return post


COVER = 'cover: {{url: "{url}", alt: A nest}}'


@pytest.mark.parametrize("url", ["nest.png", "./nest.png", "/news/nests/nest.png", f"{SITE}/news/nests/nest.png"])
def test_a_cover_beside_the_post_is_found(config: Config, url: str) -> None:
    write(config, "nests/index.md", COVER.format(url=url))
    path = draw(config.root / "posts/nests/nest.png")
    post = only(PostFolder(config))
    assert post.cover is not None
    assert (post.cover.url, post.cover.path, post.cover.problem) == (f"{SITE}/news/nests/nest.png", path, "")
    assert post.cover.size == path.stat().st_size
    assert not post.findings


def test_one_of_the_site_itself_is_found_as_before(config: Config) -> None:
    write(config, "nests/index.md", COVER.format(url="/img/nest.png"))
    path = draw(config.root / "img/nest.png")
    post = only(PostFolder(config))
    assert post.cover is not None
    assert (post.cover.url, post.cover.path) == (f"{SITE}/img/nest.png", path)


def test_a_post_without_a_folder_of_its_own_has_nothing_beside_it(config: Config) -> None:
    write(config, "nests.md", COVER.format(url="nest.png"))
    draw(config.root / "posts/nest.png")
    post = only(PostFolder(config))
    assert post.cover is not None
    assert post.cover.problem == "there is no file news/nests/nest.png"


def test_a_missing_one_is_missed_where_it_belongs_and_found_when_it_comes(config: Config) -> None:
    write(config, "nests/index.md", COVER.format(url="nest.png"))
    folder = PostFolder(config)
    cover = only(folder).cover
    assert cover is not None
    assert cover.problem == "there is no file posts/nests/nest.png"
    draw(config.root / "posts/nests/nest.png")
    cover = only(folder).cover
    assert cover is not None
    assert cover.problem == ""


def test_no_address_leads_out_of_the_folder(config: Config) -> None:
    secret = draw(config.root.parent / "secret.png")
    (config.root / "posts/nests").mkdir(parents=True)
    (config.root / "posts/nests/link.png").symlink_to(secret)
    for url in ("link.png", "%2e%2e/%2e%2e/%2e%2e/secret.png"):
        write(config, "nests/index.md", COVER.format(url=url))
        cover = only(PostFolder(config)).cover
        assert cover is not None
        assert cover.path is None
        assert cover.problem
        write(config, "nests/index.md", MEDIA.format(file=url.replace("%2e", ".")))
        assert toot_picture(PostFolder(config)).path is None


MEDIA = 'mastodon: {{media: [{{file: "{file}", alt: A nest}}]}}'


def toot_picture(folder: PostFolder) -> Picture:
    media = only(folder).mastodon.media
    assert media is not None
    return media[0]


@pytest.mark.parametrize(
    ("file", "lies"),
    [
        ("nest.png", "posts/nests/nest.png"),
        ("./nest.png", "posts/nests/nest.png"),
        ("img/nest.png", "posts/nests/img/nest.png"),
        ("img/nest.png", "img/nest.png"),
        ("/img/nest.png", "img/nest.png"),
    ],
)
def test_pictures_of_the_toot_lie_beside_it_or_in_the_assets_folder(config: Config, file: str, lies: str) -> None:
    write(config, "nests/index.md", MEDIA.format(file=file))
    folder = PostFolder(config)
    assert only(folder).findings, "it is not there yet"
    path = draw(config.root / lies)
    assert toot_picture(folder).path == path
    assert not only(folder).findings


def test_the_one_beside_the_post_is_meant_if_there_are_two_whichever_came_first(config: Config) -> None:
    write(config, "nests/index.md", MEDIA.format(file="nest.png"))
    folder = PostFolder(config)
    path = draw(config.root / "nest.png")
    assert toot_picture(folder).path == path
    path = draw(config.root / "posts/nests/nest.png")
    assert toot_picture(folder).path == path


def test_a_slash_in_front_means_the_assets_folder(config: Config) -> None:
    write(config, "nests/index.md", MEDIA.format(file="/nest.png"))
    draw(config.root / "posts/nests/nest.png")
    assert toot_picture(PostFolder(config)).problem == "there is no file nest.png"


def test_one_that_cannot_be_used_gives_way_to_one_that_can_and_is_named_else(config: Config) -> None:
    write(config, "nests/index.md", MEDIA.format(file="nest.png"))
    folder = PostFolder(config)
    assert toot_picture(folder).problem == "there is no file posts/nests/nest.png"
    (config.root / "nest.png").write_text("no picture")
    assert toot_picture(folder).problem == "nest.png is not a readable picture"
    (config.root / "posts/nests/nest.png").write_text("no picture either")
    assert toot_picture(folder).problem == "posts/nests/nest.png is not a readable picture"
    (config.root / "nest.png").unlink()
    path = draw(config.root / "nest.png")
    assert toot_picture(folder).path == path


def test_where_a_picture_lies_is_none_of_the_posts_own_words(config: Config) -> None:
    """Else a picture that comes, goes or moves, or a renamed folder, would edit a toot that is out."""
    write(config, "nests/index.md", MEDIA.format(file="img/nest.png"))
    folder = PostFolder(config)
    words = {only(folder).digests}
    draw(config.root / "img/nest.png")
    words.add(only(folder).digests)
    draw(config.root / "posts/nests/img/nest.png")
    words.add(only(folder).digests)
    (config.root / "posts/nests").rename(config.root / "posts/birds")
    words.add(only(folder).digests)
    (config.root / "posts/birds/index.md").rename(config.root / "posts/nests.md")
    words.add(only(folder).digests)
    assert len(words) == 1
