"""config/people.toml, and what templates make of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.compose import ComposeContext, Templates, compose
from bot.compose.composer import find_remarks
from bot.compose.mentions import find_mentions
from bot.compose.people import People
from bot.config import Account, Release, Site
from bot.config.text_files import read_people, read_templates
from bot.domain import Post
from bot.domain.errors import ComposeError
from tests.support.digests import both
from tests.support.noticeboard import registered

PEOPLE = '["Ada Example"]\nmastodon = "@ada@example.social"\n\n["Bo Øst"]\nmastodon = "bo@example.social"\n'
POST = Post(
    path=Path("posts/x.md"),
    slug="x",
    url="https://conf.example.org/news/x/",
    title="T",
    authors=("Di",),
    speakers=("Ada Example", "Cy"),
    language="en",
    link=False,
    lines={"speakers": 4, "author": 3},
    digests=both("d"),
)
ACCOUNT = Account(server="http://127.0.0.1:3000")
SITE = Site(title="Conf", url="https://conf.example.org", timezone="UTC")


def toot(folder: Path, source: str, *, people: str = PEOPLE, post: Post = POST) -> str:
    templates = templates_of(folder, source, people=people)
    return compose(post, ComposeContext(account=ACCOUNT, site=SITE, release=Release(), templates=templates)).text


def templates_of(folder: Path, source: str, *, people: str = PEOPLE) -> Templates:
    (folder / "default.txt").write_text(source, encoding="utf-8")
    return Templates.of(read_templates(folder), people=People.read(people, path="people.toml"))


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Ada Example", "@ada@example.social"),
        (" ada  EXAMPLE ", "@ada@example.social"),
        ("Bo Øst", "@bo@example.social"),
        ("Bo O\u0338st", None),
        ("Cy", None),
    ],
)
def test_people_are_found_by_their_names(name: str, handle: str | None) -> None:
    assert People.read(PEOPLE, path="people.toml").handle_of(name) == handle


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("With {{ speakers[0] | handle }}", "With @ada@example.social"),
        ("With {{ speakers | handle }}", "With @ada@example.social, Cy"),
        ("With {{ speakers | with_handle }}", "With Ada Example (@ada@example.social), Cy"),
        ("With {{ handles }}", "With @ada@example.social"),
        ("{% if handles %}With {{ 'us: ' ~ handles }}{% endif %}", "With us: @ada@example.social"),
        ("With {{ speaker }}", "With Ada Example, Cy"),
        ("By {{ author | handle }}", "By Di"),
        ("{% for who in speakers %}{{ who | handle }};{% endfor %}", "@ada@example.social;Cy;"),
    ],
)
def test_a_template_names_people_by_handle(tmp_path: Path, source: str, text: str) -> None:
    assert toot(tmp_path, source) == text


def test_only_who_is_in_the_file_is_notified(tmp_path: Path) -> None:
    post = replace(POST, speakers=("@eve@example.social", "Ada Example"))
    text = toot(tmp_path, "With {{ speakers | handle }} {{ speakers | with_handle }} {{ speaker }}", post=post)
    assert {text[found.start : found.end] for found in find_mentions(text)} == {"@ada@example.social"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('["Ada"]\nmastodon = "ada"', 'people.toml:2: Ada: "ada" is not a handle.'),
        ('["Bo"]\nmastodon = "@b@x.org"\n\n["Ada"]\nmastodon = 3', "people.toml:5: Ada: mastodon must be a text in"),
        ('\n["Ada"]', "people.toml:2: Ada: has no handle."),
        ('["Ada"]\nmastodn = "@ada@x.org"', 'people.toml:2: Ada: "mastodn" is not known here; only mastodon is.'),
        ('Ada = "@ada@x.org"', "people.toml:1: Ada: must be a table of its own."),
        ('"Ada" = { mastodon = "ada" }', 'people.toml:1: Ada: "ada" is not a handle.'),
        ('[Ada\nmastodon = "@ada@x.org"', "people.toml:1: is not valid TOML"),
        ("x = \n", "people.toml:1: is not valid TOML"),
    ],
)
def test_what_is_wrong_with_the_file_is_named_with_its_line(text: str, said: str) -> None:
    people = People.read(text, path="people.toml")
    (fault,) = people.faults()
    assert fault.message.startswith(said)
    assert "@ada@example.social" in fault.remedy
    with pytest.raises(ComposeError, match=r"people\.toml"):
        people.handle_of("Ada")


def test_one_wrong_person_does_no_harm_to_another() -> None:
    people = People.read(PEOPLE + '["Cy"]\nmastodon = "cy"', path="people.toml")
    assert people.handle_of("Ada Example") == "@ada@example.social"
    assert len(people.faults()) == 1


def test_a_wrong_file_does_no_harm_to_a_toot_that_names_nobody(tmp_path: Path) -> None:
    assert toot(tmp_path, "{{ title }}", people="[") == "T"
    with pytest.raises(ComposeError, match=r"people\.toml:1: is not valid TOML"):
        toot(tmp_path, "{{ speakers | handle }}", people="[")


def test_without_a_file_nobody_is_known(tmp_path: Path) -> None:
    people = People.of(read_people(tmp_path / "people.toml"))
    assert (people.handles, people.faults(), people.handle_of("Ada")) == ({}, (), None)
    (tmp_path / "people.toml").write_bytes(b"\xff")
    with pytest.raises(ComposeError, match="cannot be read"):
        People.of(read_people(tmp_path / "people.toml")).handle_of("Ada")


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("{{ speaker }}", []),
        ("{{ speakers | handle }} {{ speakers | with_handle }}", [("speakers", 4, "Cy")]),
        ("{{ title }} {{ handles }}", [("speakers", 4, "Cy")]),
        ("{{ title }} {{ author | handle }}", [("author", 3, "Di")]),
        ("{% if false %}{{ author | handle }}{% endif %}x", []),
    ],
)
def test_a_name_without_a_handle_is_a_finding(tmp_path: Path, source: str, missing: list[tuple[str, int, str]]) -> None:
    found = list(
        find_remarks(
            POST,
            ComposeContext(account=ACCOUNT, site=SITE, release=Release(), templates=templates_of(tmp_path, source)),
        )
    )
    assert [(one.field, one.line, one.problem.partition(" has no handle")[0]) for one in found] == missing
    assert {one.rule for one in found} <= {"handle-missing"}


def test_a_person_has_a_handle_on_each_network() -> None:
    text = '["Ada"]\nmastodon = "@ada@x.org"\nnoticeboard = "@ada@board"\n\n["Bo"]\nnoticeboard = "bo@board"'
    with registered():
        board = People.read(text, path="people.toml", network="noticeboard")
        mastodon = People.read(text, path="people.toml")
    assert not board.faults()
    assert (board.handle_of("Ada"), board.handle_of("Bo")) == ("@ada@board", "@bo@board")
    assert (mastodon.handle_of("Ada"), mastodon.handle_of("Bo")) == ("@ada@x.org", None)
