"""Posts from the cache and posts that were read from their files are the same."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bot.posts.cache.racy_files
import bot.posts.folder
from bot.config import Config
from bot.domain import Post
from bot.domain.errors import PostError
from bot.posts.cache.file import PostCache, make_cache_key
from bot.posts.folder import PostFolder
from bot.posts.reader import parse_post, read_bytes

MATTER = (
    'title: "A {{ tag }} of it"\npublished_datetime: 2027-03-01 09:00\nexpires: 2027-03-09\n'
    "tags: [one, two]\ncover:\n  url: /a.png\n  alt: A heron\nif_missed: hold\nmistake: [1, {a: b}]\n"
    "mastodon:\n  text: Hello\n  thread: auto\n  visibility: unlisted\n"
    "  media:\n    - {file: /b.png, alt: B, focus: '0.5,-1'}\n"
    "  poll: {options: [yes, no], expires_in: 2d}\n"
)
WORDS = ("Words", " enough", " to say", "\n\n", "\n", "é", "&amp;", "{{ tag }}", "{% if %}", "    ", "\t", "|")
MARKS = ("*", "**", "[", "](/x)", "`", "# ", "> ", "- ", "1. ", "~~")
TAGS = ("<b>", "</b>", "<div>", "<!-- excerpt -->", "<script>", "<frameset>")
PIECES = st.sampled_from((*WORDS, *MARKS, *TAGS))


def as_told(post: Post) -> dict[str, object]:
    return {field.name: getattr(post, field.name) for field in fields(Post)}


def write(config: Config, name: str, body: str, matter: str = MATTER) -> Path:
    path = config.posts_folder / name
    path.write_text(f"---\n{matter}---\n{body}\n", encoding="utf-8")
    return path


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may be kept at once; else the test would have to wait until their clock has moved on."""
    monkeypatch.setattr(bot.posts.cache.racy_files, "TICK", 0)


@pytest.fixture
def cached(config: Config, tmp_path: Path) -> Callable[[], PostFolder]:
    return lambda: PostFolder(config, cache=PostCache(tmp_path / "var/cache.db", key=make_cache_key(config)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.lists(PIECES, max_size=60).map("".join), summary=st.booleans())
def test_cold_and_warm_posts_are_equal(config: Config, tmp_path: Path, settled: None, body: str, summary: bool) -> None:
    matter = MATTER + ("summary: In short, {{ tag }} it is.\n" if summary else "")
    path = write(config, "a.md", body, matter)
    read = parse_post(path.read_bytes(), path=path, slug="a", config=config)
    for _ in range(2):  # filled, then read
        folder = PostFolder(config, cache=PostCache(tmp_path / "var" / "cache.db", key="k"))
        assert folder.scan().posts == (read,)
        folder.remember()
        folder.close()


def test_a_body_that_cannot_be_rendered_is_a_fault_at_once(config: Config) -> None:
    deep = "<div>" * 300
    with pytest.raises(PostError, match="levels deep"):
        parse_post(f"---\ntitle: A\n---\n{deep}".encode(), path=Path("a.md"), slug="a", config=config)


def test_a_new_start_opens_no_file_that_is_unchanged(
    config: Config, settled: None, cached: Callable[[], PostFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(config, "a.md", "Some words")
    write(config, "b.md", "Other words")
    first = cached()
    before = first.scan()
    first.remember()
    first.close()
    write(config, "b.md", "Words that are new")
    opened: list[str] = []

    def noting(path: str) -> bytes:
        opened.append(path)
        return read_bytes(path)

    monkeypatch.setattr(bot.posts.folder, "read_bytes", noting)
    after = cached().scan()
    assert [Path(path).name for path in opened] == ["b.md"]
    assert after.posts[0] == before.posts[0]
    assert "Words that are new" in after.posts[1].html
    assert len(opened) == 1, "not even for the body"


def damaged(file: Path) -> None:
    file.write_bytes(b"not a database" * 999)


def cut(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def falsified(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("UPDATE post SET post = CAST(replace(post, 'words', 'swords') AS BLOB)")
    db.close()


def deleted(file: Path) -> None:
    file.unlink()


def open_to_all(file: Path) -> None:
    falsified(file)
    file.chmod(0o666)


def of_another_shape(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("DROP TABLE post")
        db.execute("CREATE TABLE post (a)")
    db.close()


@pytest.mark.parametrize("mishap", [damaged, cut, falsified, deleted, open_to_all, of_another_shape])
@pytest.mark.parametrize("when", ["before the start", "after it"])
def test_a_cache_that_is_broken_is_as_if_there_were_none(
    config: Config,
    settled: None,
    cached: Callable[[], PostFolder],
    tmp_path: Path,
    mishap: Callable[[Path], None],
    when: str,
) -> None:
    write(config, "a.md", "Some words")
    truth = [as_told(post) for post in PostFolder(config).scan().posts]
    first = cached()
    first.scan()
    first.remember()
    first.close()
    folder = cached()
    if when == "after it":
        folder.scan()
    mishap(tmp_path / "var/cache.db")
    assert [as_told(post) for post in folder.scan().posts] == truth
    folder.remember()
    folder.close()
    assert [as_told(post) for post in cached().scan().posts] == truth


@pytest.mark.parametrize("change", [lambda values: values[:-1], lambda values: [*values, 1], lambda values: 7])
def test_rows_of_another_shape_are_as_if_there_were_none(
    config: Config, settled: None, tmp_path: Path, cached: Callable[[], PostFolder], change: Callable[[Any], Any]
) -> None:
    """As another version may have written them, with digests that are right."""
    write(config, "a.md", "Some words")
    first = cached()
    truth = [as_told(post) for post in first.scan().posts]
    first.remember()
    file = tmp_path / "var/cache.db"
    with sqlite3.connect(file) as db:
        ((row,),) = db.execute("SELECT post FROM post").fetchall()
        *beginning, values = json.loads(row)
        data = json.dumps([*beginning, change(values)]).encode()
        digest = PostCache(file, key=make_cache_key(config))._digest(data)
        db.execute("UPDATE post SET post = ?, digest = ?", (data, digest))
    db.close()
    first.close()
    assert [as_told(post) for post in cached().scan().posts] == truth


@pytest.mark.parametrize("setting", ["url", "language"])
def test_other_settings_make_another_cache(config: Config, setting: str) -> None:
    value = {"url": "https://other.example", "language": "de"}[setting]
    other = config.model_copy(update={"site": config.site.model_copy(update={setting: value})})
    assert make_cache_key(config) != make_cache_key(other)
    assert make_cache_key(config) == make_cache_key(config)


def test_a_file_that_may_still_change_unseen_is_not_kept(config: Config, tmp_path: Path) -> None:
    """Written just now: another write within the same tick of the file system's clock would not show."""
    write(config, "a.md", "Some words")
    cache = PostCache(tmp_path / "var/cache.db", key=make_cache_key(config))
    folder = PostFolder(config, cache=cache)
    begun = time.monotonic()
    folder.scan()
    folder.remember()
    if time.monotonic() - begun < 1:
        assert cache.load() == {}
