"""The schemas are schemas, take what the reader takes, and refuse what it refuses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.config.schema import front_matter_schema, settings_schema
from bot.config.settings import Settings
from bot.domain.front_matter import KEYS
from tests.support.project import SETTINGS

ROOT = Path(__file__).parents[3]


class Core(yaml.SafeLoader):
    """YAML as editors read it: the core schema of YAML 1.2, which has no datetimes."""


Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def faults(schema: dict[str, Any], document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("schema", [settings_schema(), front_matter_schema()], ids=["settings", "front-matter"])
def test_it_is_a_schema_by_its_metaschema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("schema", [settings_schema(), front_matter_schema()], ids=["settings", "front-matter"])
def test_its_descriptions_are_one_line_that_names_nothing_of_the_code(schema: dict[str, Any]) -> None:
    tables = [table.get("description", "") for table in schema.get("$defs", {}).values()]
    assert [text for text in tables if "\n" in text or re.search("`[A-Z]", text) or "class" in text] == []


@pytest.mark.parametrize("text", [(ROOT / "config/bot.toml").read_text("utf-8"), SETTINGS], ids=["example", "tests"])
def test_settings_that_are_good_are_good_to_it(text: str) -> None:
    assert faults(settings_schema(), tomllib.loads(text)) == []


GOOD = '[site]\ntitle = "C"\nurl = "https://c.example"\ntimezone = "UTC"\n'


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ("", True),
        ('titel = "x"', False),
        ("[release]\nbrake = 0", False),
        ("[release]\nbrake = 1", True),
        ('[release]\ncatch_up = "3 weeks"', False),
        ('[release]\ncatch_up = "1h 30m"\nspacing = "off"\ndefault_time = "07:30"\ndaytime = "08:00-21:00"', True),
        ("[release]\ncatch_up = 72", False),
        ('[release]\nif_no_picture = "perhaps"', False),
        ('[feeds]\nimport = "old.xml"', True),
        ('[accounts.main]\nserver = "http://127.0.0.1:3000"\nvisibility = "unlisted"', True),
        ('[accounts.main]\nvisibility = "unlisted"', False),
        ('[posts]\nfields = {published_datetime = ["a", "date"], "cover.alt" = "alt", slug = "slug"}', True),
        ('[posts]\nfields = {publishd_datetime = "date"}', False),
        ('[[sources]]\ngit = "https://forge.example/a/b.git"', True),
    ],
)
def test_it_tells_good_settings_from_wrong_ones_as_the_reader_does(more: str, good: bool, tmp_path: Path) -> None:
    from bot.config.load import load_text
    from bot.domain.errors import ConfigError

    text = f"{GOOD}{more}\n"
    assert (faults(settings_schema(), tomllib.loads(text)) == []) is good
    try:
        load_text(text, tmp_path / "config/bot.toml")
        taken = True
    except ConfigError:
        taken = False
    assert taken is good


def test_every_setting_is_described_and_its_default_is_one_that_can_be_written() -> None:
    schema = settings_schema()
    for name, table in schema["$defs"].items():
        for key, setting in table.get("properties", {}).items():
            assert setting.get("description"), f"{name}.{key}"
    assert schema["$defs"]["Release"]["properties"]["catch_up"]["default"] == "3d"
    assert schema["$defs"]["Release"]["properties"]["default_time"]["default"] == "09:00"
    assert schema["$defs"]["Check"]["properties"]["min_gap"]["default"] == "off"
    assert set(schema["properties"]) == set(Settings.model_fields)


@pytest.mark.parametrize("path", sorted((ROOT / "posts").glob("*.md")), ids=lambda path: path.stem)
def test_the_posts_of_the_example_are_good_to_it(path: Path) -> None:
    matter = yaml.load(path.read_text("utf-8").split("---")[1], Loader=Core)
    assert faults(front_matter_schema(), matter) == []


@pytest.mark.parametrize(
    ("matter", "good"),
    [
        ("title: T", True),
        ("title: 2027\nlayout: post\nweight: 3", True),
        ("author: A", False),
        ("title: T\npublished_datetime: tomorrow", False),
        ("title: T\npublished_datetime: 2027-03-01 09:00:00\nexpires: 2027-03-02", True),
        ("title: T\npublished_datetime:", True),
        ("title: T\ncover: /a.png", True),
        ("title: T\ncover: {url: /a.png, alt: A}", True),
        ("title: T\ncover: {url: /a.png, alternative: A}", False),
        ("title: T\nmastodon: {visibility: unlisted, skip: true, thread: auto}", True),
        ("title: T\nmastodon: {visibility: hidden}", False),
        ("title: T\nmastodon: {texts: A}", False),
        ("title: T\nmastodon: {poll: {options: [A, B], expires_in: 3d}}", True),
        ("title: T\nmastodon: {media: [{file: /a.png, alt: A, focus: [0.5, -0.2]}]}", True),
        ("title: T\nmastodon: {media: [{file: /a.png, focus: [0.5, 2]}]}", False),
        ("title: T\nreminders: [{id: a, before: 2d, reply: true}]", True),
        ("title: T\nreminders: [{id: a, befor: 2d}]", False),
        ("title: T\nwithdrawn: true", True),
        ("title: T\nwithdrawn: We were wrong.", True),
        ("title: T\ndraft: perhaps", False),
        ("title: T\ncheck: {allow: {weekend: We mean it.}}", True),
        ("title: T\ncheck: {alow: {weekend: We mean it.}}", False),
        ("title: T\nif_missed: skip\norder: 3\nlanguage: pt-BR\nhashtags: [a, 2027]\nlink: no", True),
        ("title: T\nif_missed: never", False),
        ("title: T\nlanguage: English", False),
    ],
)
def test_it_tells_good_front_matter_from_wrong(matter: str, good: bool) -> None:
    assert (faults(front_matter_schema(), yaml.load(matter, Loader=Core)) == []) is good


def test_a_sites_own_names_are_known_to_it() -> None:
    schema = front_matter_schema({"title": ("headline",), "published_datetime": ("date",), "slug": ("slug",)})
    assert faults(schema, {"headline": "T", "date": "2027-03-01"}) == []
    assert faults(schema, {"headline": "T", "date": "soon"})
    assert schema["properties"]["slug"]["description"]


def test_the_pages_about_writing_posts_tell_of_every_key() -> None:
    page = "".join((ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("writing-posts", "check"))
    told = set(re.findall(r"`([a-z_]+)\b", page)) | set(re.findall(r"^\s*(?:- )?([a-z_]+):", page, re.MULTILINE))

    def names(keys: Any) -> set[str]:
        return set(keys) | {inner for key in keys.values() for inner in names(key.keys)}

    assert names(KEYS) - told == {"image"}, "an old name for cover"
