"""Wrong input of each kind, through the command line: one clear line each, nothing goes out wrong, nothing is lost.

Each fault is told by `announce check` and by `announce tick` with file, line, field and remedy, once and without a
traceback; as soon as it is mended the post goes out, once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from subprocess import CompletedProcess

import httpx
import pytest
from PIL import Image

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.faulty_posts import CHANGED, HELD, LEFT_OUT, POSTS, Wrong
from tests.support.project import SETTINGS, Project, Timeline

Done = CompletedProcess[str]
FAST = {'spacing = "2m"': 'spacing = "off"', "brake = 4": "brake = 100"}


def now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime())


def lines_about(told: str, name: str) -> list[str]:
    return [line for line in told.splitlines() if name in line]


def shown_at(server: FakeMastodon) -> list[str]:
    """The HTML of everything that followers see, over all pages."""
    found: list[dict[str, str]] = []
    query: dict[str, str] = {"limit": "40"}
    while True:
        page = httpx.get(f"{server.url}/api/v1/timelines/public", params=query, timeout=10, trust_env=False).json()
        if not page:
            return [status["content"] for status in found]
        found += page
        query["max_id"] = page[-1]["id"]


def fast(server: FakeMastodon) -> str:
    settings = SETTINGS.format(server=server.url)
    for before, after in FAST.items():
        settings = settings.replace(before, after)
    return settings


# -- front matter: all the faults at once, each beside all others


@dataclass(frozen=True)
class Outputs:
    """What the commands said about a folder full of faults, before and after they were mended."""

    check: Done
    tick: Done
    again: Done
    shown_before: list[str]
    mended: Done
    after: Done
    shown: list[str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    with FakeMastodon(limited=False) as server:
        project = Project(root=tmp_path_factory.mktemp("wrong"), server=server.url)
        project.write("config/bot.toml", fast(server))
        at = now()
        for wrong in POSTS:
            project.write(f"posts/{wrong.name}.md", wrong.text(at))
        project.write_post("all-is-well", at)
        check, tick, again = (project.announce(command) for command in ("check", "tick", "tick"))
        before = shown_at(server)
        for wrong in POSTS:
            project.write_post(wrong.name, at)
        mended, after = project.announce("tick"), project.announce("tick")
        yield Outputs(check, tick, again, before, mended, after, shown_at(server))


@pytest.mark.parametrize("wrong", POSTS, ids=lambda wrong: wrong.name)
@pytest.mark.parametrize("command", ["check", "tick"])
def test_a_post_that_cannot_be_read_is_one_line_with_its_place_and_remedy(
    told: Outputs, wrong: Wrong, command: str
) -> None:
    done = told.check if command == "check" else told.tick
    (line,) = lines_about(done.stdout, f"posts/{wrong.name}.md")
    assert f"posts/{wrong.name}.md:{wrong.place}: {wrong.field}: " in line
    assert wrong.says in line
    assert wrong.remedy in line


@pytest.mark.parametrize("wrong", POSTS, ids=lambda wrong: wrong.name)
def test_it_goes_out_once_when_it_is_mended(told: Outputs, wrong: Wrong) -> None:
    def about(shown: list[str]) -> int:
        return sum(f"/news/{wrong.name}/" in content for content in shown)

    assert about(told.shown_before) == 0
    assert about(told.shown) == 1


def test_a_folder_full_of_faults_ends_with_1_and_stops_nobody_else(told: Outputs) -> None:
    assert (told.check.returncode, told.tick.returncode) == (1, 1)
    assert len(told.shown_before) == 1, "the good post went out"
    assert told.again.returncode == 0, "told once"
    assert not lines_about(told.again.stdout, "posts/")
    assert (told.mended.returncode, told.after.returncode) == (0, 0)
    assert len(told.shown) == 1 + len(POSTS)
    assert "Traceback" not in told.check.stderr + told.tick.stderr + told.mended.stderr


# -- posts that can be read, and cannot be said as they stand

SAID = (*HELD, *LEFT_OUT, *CHANGED)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    with FakeMastodon(limited=False) as server:
        project = Project(root=tmp_path_factory.mktemp("said"), server=server.url)
        project.write("config/bot.toml", fast(server))
        project.write("words.png", "words")
        with project.write("big.png", "").open("r+b") as file:
            file.truncate(101 * 1024 * 1024)
        Image.new("RGB", (8, 6), "teal").save(project.root / "small.png")
        at = now()
        for wrong in SAID:
            project.write(f"posts/{wrong.name}.md", wrong.text(at))
        check, tick, again = (project.announce(command) for command in ("check", "tick", "tick"))
        before = shown_at(server)
        for wrong in HELD:
            project.write_post(wrong.name, at)  # with another datetime and title it would be another post
        mended, after = project.announce("tick"), project.announce("tick")
        yield Outputs(check, tick, again, before, mended, after, shown_at(server))


@pytest.mark.parametrize("wrong", SAID, ids=lambda wrong: wrong.name)
def test_what_cannot_be_said_as_it_stands_is_foretold_with_its_place_and_remedy(said: Outputs, wrong: Wrong) -> None:
    place = f"posts/{wrong.name}.md:{wrong.place}: {wrong.field}: "
    (line,) = (line for line in said.check.stdout.splitlines() if place in line)
    assert line.startswith("error" if wrong in HELD else "warning")
    assert wrong.says in line
    assert wrong.remedy in line


@pytest.mark.parametrize("wrong", SAID, ids=lambda wrong: wrong.name)
def test_a_tick_holds_it_or_leaves_out_what_is_wrong_and_says_so(said: Outputs, wrong: Wrong) -> None:
    about = lines_about(said.tick.stdout, f" {wrong.name} ")
    held, left_out = (sum(f" {what} " in line for line in about) for what in ("held", "picture left out"))
    assert (held, left_out) == (int(wrong in HELD), int(wrong in LEFT_OUT))
    if wrong in HELD or wrong in LEFT_OUT:
        assert any(wrong.says in line for line in about)


@pytest.mark.parametrize("wrong", SAID, ids=lambda wrong: wrong.name)
def test_nothing_of_it_is_lost_or_said_twice(said: Outputs, wrong: Wrong) -> None:
    def about(shown: list[str]) -> int:
        return sum(f"/news/{wrong.name}/" in content for content in shown)

    assert about(said.shown_before) == (0 if wrong in HELD else 1)
    assert about(said.shown) == 1


def test_what_is_held_or_left_out_ends_with_1_and_is_told_once(said: Outputs) -> None:
    assert (said.check.returncode, said.tick.returncode, said.again.returncode) == (1, 1, 0)
    assert (said.mended.returncode, said.after.returncode) == (0, 0)
    assert "Traceback" not in said.check.stderr + said.tick.stderr + said.mended.stderr


# -- templates and people

SPEAKER = "{{ speakers | with_handle }}: {{ title }}"


@pytest.mark.parametrize(
    ("template", "people", "line"),
    [
        ("{{ title }", "", "config/templates/default.txt:1: the template is not valid: unexpected '}'. Correct"),
        ("{{ titel }}", "", 'config/templates/default.txt:1: the template uses "titel", which there is not. Did you'),
        ("\n{% include 'x.txt' %}", "", 'config/templates/default.txt:2: there is no template "x.txt". There are:'),
        ("{{ 9 ** 9 }}", "", "config/templates/default.txt:1: templates may not do this: templates have no powers"),
        ("{{ 1 / 0 }}", "", "config/templates/default.txt:1: the template cannot be used: division by zero. Correct"),
        (
            "{% for i in range(900) %}{{ title * 90 }}{% endfor %}",
            "",
            "config/templates/default.txt: the template gi",
        ),
        ("{% if no %}{% endif %}", "", 'config/templates/default.txt:1: the template uses "no", which there is not.'),
        (SPEAKER, '["Ada"\nmastodon = 1', "config/people.toml:1: is not valid TOML: "),
        (SPEAKER, '["Ada"]\nmastodon = "ada"', 'config/people.toml:2: Ada: "ada" is not a handle. Write mastodon ='),
        (SPEAKER, '["Ada"]\nmastodno = "@a@b.example"', 'config/people.toml:2: Ada: "mastodno" is not known here;'),
        (SPEAKER, '["Ada"]\nmastodon = 7', "config/people.toml:2: Ada: mastodon must be a text in quotes. Write"),
        (SPEAKER, 'Ada = "@ada@example.social"', "config/people.toml:1: Ada: must be a table of its own. Write"),
    ],
    ids=lambda value: value[:40],
)
def test_a_bad_template_or_list_of_people_holds_the_toot_until_it_is_mended(
    project: Project, timeline: Timeline, template: str, people: str, line: str
) -> None:
    project.write("config/templates/default.txt", template)
    project.write("config/people.toml", people)
    project.write_post("case", now(), speakers="[Ada]")
    check = project.announce("check")
    assert check.returncode == 1
    assert any(told.startswith("error") and line in told for told in check.stdout.splitlines())
    tick = project.announce("tick")
    assert tick.returncode == 1
    (told,) = (told for told in tick.stdout.splitlines() if " held " in told)
    assert line in told
    assert timeline() == []
    assert "Traceback" not in check.stderr + tick.stderr
    project.write("config/templates/default.txt", SPEAKER)
    project.write("config/people.toml", '["Ada"]\nmastodon = "@ada@example.social"\n')
    assert project.announce("tick").returncode == 0
    (toot,) = timeline()
    assert "About" not in toot["content"]
    assert "Ada (" in toot["content"]


# -- tokens


def switch(server: FakeMastodon, *faults: dict[str, object]) -> None:
    url = f"{server.url}/sandbox/faults"
    httpx.put(url, json=list(faults), timeout=10, trust_env=False).raise_for_status()


@pytest.mark.parametrize(
    ("environ", "acct", "fault", "says"),
    [
        (
            {"ANNOUNCE_TOKEN_MAIN": "loopback-other"},
            "@main@127.0.0.1:{port}",
            {},
            "the token belongs to @other@127.0.",
        ),
        ({"ANNOUNCE_TOKEN_MAIN": "two\nlines"}, "", {}, "the token holds a line break, a blank or a letter"),
        ({}, "", {"revoked": "main"}, "the server does not accept the token"),
        ({}, "", {"scopes": "read", "account": "main"}, "the token lacks the scope write:statuses"),
        (
            {},
            "",
            {"scopes": "profile write", "account": "main"},
            "lacks the scope read:accounts and read:statuses",
        ),
    ],
    ids=["foreign", "bad", "revoked", "no scope to write", "no scope to read"],
)
def test_a_token_that_does_not_work_is_one_line_and_nothing_is_lost(
    project: Project,
    server: FakeMastodon,
    timeline: Timeline,
    environ: dict[str, str],
    acct: str,
    fault: dict[str, object],
    says: str,
) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    acct = acct.format(port=server.url.rpartition(":")[2])
    settings.write_text(text.replace("[release]", f'acct = "{acct}"\n[release]', 1) if acct else text, encoding="utf-8")
    switch(server, *([fault] if fault else []))
    project.write_post("case", now())
    first = project.announce("tick", environ=environ)
    assert first.returncode == 1
    (told,) = (line for line in first.stdout.splitlines() if " blocked " in line)
    assert says in told
    assert "Traceback" not in first.stderr
    assert "loopback-other" not in first.stdout + first.stderr
    assert timeline() == []
    assert project.announce("tick", environ=environ).returncode == 0, "told once"
    switch(server)
    assert project.announce("tick").returncode == 0
    assert len(timeline()) == 1
    assert project.announce("tick").returncode == 0
    assert len(timeline()) == 1
