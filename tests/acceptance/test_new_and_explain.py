"""`announce new`, `explain` and `schema`, as a person uses them."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from tests.support.project import Project, Timeline

EXAMPLE = Path(__file__).parents[2] / "config" / "posts"


def now_text() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime())


def test_a_new_post_is_a_draft_that_says_when_it_would_go_out(project: Project) -> None:
    done = project.announce("new", 'Keynote: "Ágnes" speaks', "--at", "2199-05-01 10:00")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "Written: posts/keynote-agnes-speaks.md"
    assert "take the line `draft: true` away, and it goes out Wed 01 May 2199 10:00 EDT (14:00 UTC), in " in done.stdout
    assert project.announce("queue", "--json").stdout.strip() == "[]"
    path = project.root / "posts/keynote-agnes-speaks.md"
    finished = "".join(line for line in path.read_text("utf-8").splitlines(True) if not line.startswith("draft:"))
    path.write_text(finished, encoding="utf-8")
    (item,) = json.loads(project.announce("queue", "--json").stdout)
    assert (item["title"], item["due"]) == ('Keynote: "Ágnes" speaks', "2199-05-01T14:00:00+00:00")


@pytest.mark.parametrize("kind", sorted(file.stem for file in EXAMPLE.glob("*.md")))
def test_each_template_of_the_example_makes_a_post_without_findings(project: Project, kind: str) -> None:
    shutil.copytree(EXAMPLE, project.root / "config/posts")
    done = project.announce("new", "A title", "--kind", kind, "--at", "2199-05-01 10:00")
    assert done.returncode == 0, done.stderr
    assert "Still to do" not in done.stdout
    assert "it goes out Wed 01 May 2199" in done.stdout
    assert project.announce("check").returncode == 0


def test_what_the_reader_remarks_is_still_to_do(project: Project) -> None:
    project.write("config/posts/default.md", "---\ntitle: %{title}\ncover: /img/%{slug}.png\n---\n\nText.\n")
    done = project.announce("new", "Tickets")
    assert "Still to do: posts/tickets.md:3: cover: there is no file img/tickets.png." in done.stdout
    assert "A draft: give it a datetime" in done.stdout


def test_a_site_with_dates_in_names_gets_one_and_its_own_key(project: Project) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    own = '[posts]\ndated_names = true\nfields = {published_datetime = "date"}\n[feeds]'
    settings.write_text(text.replace("[feeds]", own), encoding="utf-8")
    done = project.announce("new", "Tickets", "--at", "2199-05-01 10:00")
    assert done.stdout.startswith("Written: posts/2199-05-01-tickets.md\n"), done.stderr
    assert "\ndate: 2199-05-01 10:00:00\n" in (project.root / "posts/2199-05-01-tickets.md").read_text("utf-8")
    again = project.announce("new", "Tickets", "--at", "2199-06-01 10:00")
    assert "posts/2199-05-01-tickets.md is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new"], "Missing argument"),
        (["new", "First news"], "posts/first-news.md is there already; nothing was changed."),
        (["new", "🎉"], "the title gives no name for the file. Add --slug"),
        (["new", "A", "--slug", "../x"], '"../x" is no name for a post'),
        (["new", "A", "--slug", "_x"], '"_x" is no name for a post'),
        (["new", "A", "--at", "tomorrow"], '--at: "tomorrow" is not a datetime'),
        (["new", "A", "--at", "2020-01-01"], "--at is in the past"),
        (["new", "A", "--kind", "keynot"], "there is no template config/posts/keynot.md. Did you mean keynote?"),
        (["new", "A", "--kind", "broken"], "config/posts/broken.md: %{x} is not known"),
        (["new", "A", "--kind", "wrong"], "config/posts/wrong.md makes no post: posts/a.md:3:"),
        (["explain"], "Missing argument"),
        (["explain", "first-new"], 'Did you mean "first-news"?'),
        (["schema", "posts"], "there is no schema of posts. There are: front-matter, settings."),
        (["schema", "--config", "nowhere.toml"], "nowhere.toml: settings: there is no such file"),
        (["queue", "--json", "--calendar"], "exclude each other. Choose one."),
        (["queue", "--ics", "posts"], "'posts' is a directory"),
        (["init", "extra"], "unexpected extra argument"),
        (["doctor", "--ofline"], "Did you mean '--offline'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_clear_line_and_changes_nothing(project: Project, arguments: list[str], said: str) -> None:
    project.write_post("first-news", "2024-07-16 06:00:00")
    project.write("config/posts/keynote.md", "---\ntitle: %{title}\n---\n")
    project.write("config/posts/broken.md", "---\ntitle: %{x}\n---\n")
    project.write("config/posts/wrong.md", "---\ntitle: %{title}\nmastodon: yes\n---\n")
    done = project.announce(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert [path.name for path in (project.root / "posts").iterdir()] == ["first-news.md"]


def test_explain_tells_of_a_post_from_its_draft_to_its_toot(project: Project, timeline: Timeline) -> None:
    project.write_post("news", "2199-07-16 06:00:00", draft="true")
    assert "none: a draft, nothing happens" in project.announce("explain", "news").stdout
    project.write_post("news", "2199-07-16 06:00:00")
    before = project.announce("explain", "news").stdout
    assert "released     not yet" in before
    assert "next: it goes out at its time" in before
    assert not (project.root / "var").exists(), "nothing is made by looking"

    project.write_post("news", now_text())
    project.announce("hold", "news", "--yes")
    project.announce("tick")
    held = " ".join(project.announce("explain", "news").stdout.split())
    assert "override hold, by " in held
    assert "held: held by " in held
    assert "next: `announce release news` lets it go" in held
    project.announce("release", "news", "--yes")
    project.announce("tick")
    (toot,) = timeline()
    done = project.announce("explain", "news")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    for words in ("main sent", " attempt", toot["url"], "as the feeds show them", "released", "by "):
        assert words in said, done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80 or toot["url"] in done.stdout

    found = json.loads(project.announce("explain", "news", "--json").stdout)
    assert found["digest"] == found["digest_shown"]
    assert [one["state"] for one in found["deliveries"]] == ["sent"]
    what = [event["what"] for event in found["history"]]
    assert (what[:3], what[-1] in ("sent", "found")) == (["held", "let go", "released"], True)
    assert found["word"]["said"] == "release"

    (project.root / "posts/news.md").unlink()
    gone = project.announce("explain", "news")
    assert gone.returncode == 0
    assert "file         gone" in gone.stdout


def test_schemas_are_printed_with_the_sites_own_names_and_without_any_settings(project: Project) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    own = '[posts]\nfields = {published_datetime = "date"}\n[feeds]'
    settings.write_text(text.replace("[feeds]", own), encoding="utf-8")
    assert "date" in json.loads(project.announce("schema").stdout)["properties"]
    settings.unlink()
    assert "date" not in json.loads(project.announce("schema", "front-matter").stdout)["properties"]
    assert "site" in json.loads(project.announce("schema", "settings").stdout)["properties"]


def test_the_calendar_marks_the_days_and_says_what_they_have(project: Project) -> None:
    project.write_post("one", "2199-07-16 06:00:00", title="First thing")
    project.write_post("two", "2199-07-16 09:00:00", title="Second thing")
    project.write_post("three", "2199-09-01 23:00:00", title="Third thing")
    done = project.announce("queue", "--calendar")
    assert done.returncode == 0
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert "  15  162 17  18  19  20  21" in lines
    assert any(line.startswith("                           1*") or "   1* " in f"{line} " for line in lines)
    assert [line for line in lines if "199" in line] == ["July 2199", "September 2199"]
    assert "  Sun 01  23:00 EDT  Third thing: upcoming" in lines
    assert max(map(len, lines)) <= 80
    assert "Nothing is planned" in project.announce("queue", "--calendar", "--now", "2199-12-01").stdout


def test_the_ics_file_is_private_and_says_so(project: Project) -> None:
    import icalendar

    project.write_post("one", "2199-07-16 06:00:00", title="Keynote; all, of it")
    path = project.root / "out/season.ics"
    done = project.announce("queue", "--ics", "out/season.ics")
    assert done.returncode == 0, done.stderr
    assert "1 release written to out/season.ics, which only you can read." in done.stdout
    assert "posts that are not public yet" in done.stdout
    assert path.stat().st_mode & 0o777 == 0o600
    (event,) = icalendar.Calendar.from_ical(path.read_bytes()).events
    assert event["SUMMARY"] == "Keynote; all, of it"
    path.chmod(0o644)
    before = event["UID"]
    project.announce("queue", "--ics", "out/season.ics")
    assert path.stat().st_mode & 0o777 == 0o600, "also where a file of that name was open to others"
    (event,) = icalendar.Calendar.from_ical(path.read_bytes()).events
    assert event["UID"] == before
