"""The command line as a person uses it: help, wrong use, wrong settings, wrong posts."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from bot.cli import SECTIONS
from tests.support.project import Project, Timeline
from tests.support.timeouts import patient

COMMANDS = sorted(name for commands in SECTIONS.values() for name in commands)


def test_help_groups_the_commands_in_80_columns(project: Project) -> None:
    begun = time.monotonic()
    done = project.announce("--help")
    assert time.monotonic() - begun < patient(5)
    assert done.returncode == 0
    assert all(f"\n{heading}:\n" in done.stdout for heading in SECTIONS)
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "..." not in done.stdout.partition("Commands")[0].replace("[ARGS]...", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(project: Project, command: str) -> None:
    done = project.announce(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: announce {command} ")
    assert ("--config" in done.stdout) == (command not in ("sandbox", "feeds"))


@pytest.mark.parametrize("command", ["import", "ping"])
def test_each_command_about_feeds_explains_itself(project: Project, command: str) -> None:
    done = project.announce("feeds", command, "--help")
    assert done.stdout.startswith(f"Usage: announce feeds {command} ")
    assert "--config" in done.stdout
    assert project.announce("feeds", command, "--config", "nowhere.toml").returncode == 2


def test_hubs_are_told_only_where_there_are_some(project: Project) -> None:
    done = project.announce("feeds", "ping")
    assert done.returncode == 2
    assert "[feeds] hubs" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tik"], "Did you mean tick?"),
        (["tick", "--dryrun"], "Did you mean '--dry-run'?"),
        (["preview"], "Missing argument"),
        (["preview", "first-new"], 'Did you mean "first-news"?'),
        (["preview", "nothing-like-it"], "there is no post nothing-like-it"),
        (["preview", "n" * 300 + ".md"], f"there is no post {'n' * 300}.md"),
        (["new", "News", "--slug", "n\udcff"], "is no name for a post"),
        (["queue", "--config", "nowhere.toml"], "nowhere.toml: settings: there is no such file"),
        (["--config", "nowhere.toml", "queue"], "nowhere.toml: settings: there is no such file"),
        (["queue", "--now", "tomorrow"], '--now: "tomorrow" is not a datetime'),
        (["build", "--now", "2199-01-01"], "--now is in the future"),
        (["check", "posts/none.md"], "posts/none.md"),
        (["sandbox", "--port", "70000"], "70000 is not in the range"),
        (["sandbox", "--like", "friendica"], "The sandbox cannot be like friendica. It can be like mastodon-4.5,"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_clear_line_and_exit_code_2(project: Project, arguments: list[str], said: str) -> None:
    project.write_post("first-news", "2024-07-16 06:00:00")
    done = project.announce(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("announce: ")
    assert done.stdout == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
@pytest.mark.parametrize("command", ["check", "queue", "pause"])
def test_a_closed_stream_is_no_fault(project: Project, command: str, closed: str) -> None:
    project.write_post("first-news", "2024-07-16 06:00:00")
    shell = f"{shlex.join(project.command(command))} {closed}"
    done = subprocess.run(
        shell,
        shell=True,
        cwd=project.root,
        env=project.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "fault of announce" not in done.stderr
    assert done.returncode == (2 if command == "pause" else 0), done.stderr


def test_a_full_disk_below_standard_output_is_one_clear_line(project: Project) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            project.command("schema"), env=project.environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "announce: No space left on device.\n")


def test_settings_that_are_no_text_are_named_with_a_remedy(project: Project) -> None:
    (project.root / "config/bot.toml").write_bytes(b'[site]\ntitle = "\xe9"\n')
    done = project.announce("check")
    assert done.returncode == 2
    assert "config/bot.toml: settings: is not UTF-8: byte 0xe9 cannot be read. Save it as UTF-8." in done.stderr


def test_wrong_settings_are_named_all_at_once(project: Project) -> None:
    project.write(
        "config/bot.toml",
        '[site]\ntitel = "x"\nurl = "example.org"\ntimezone = "Mars"\n'
        '[accounts.main]\nserver = "https://social.example"\ntoken = "planted"\n',
    )
    done = project.announce("tick")
    assert done.returncode == 2
    assert "accounts.main.token: secrets do not belong" in done.stderr
    assert "planted" not in done.stderr + done.stdout

    settings = project.root / "config/bot.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('token = "planted"\n', ""), encoding="utf-8")
    done = project.announce("tick")
    assert done.returncode == 2
    for said in ("site.title: is missing", "site.url:", "site.timezone:", 'mean "title"', "accounts.main.acct:"):
        assert said in done.stderr
    assert all(line.startswith("announce: ") for line in done.stderr.splitlines())


def test_the_example_refuses_a_real_server(project: Project) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    real = text.replace(project.server, "https://social.example")
    settings.write_text("example = true\n" + real.replace("[release]", 'acct = "@a@social.example"\n[release]', 1))
    done = project.announce("tick")
    assert done.returncode == 2
    assert "this is the worked example" in done.stderr


def test_a_broken_post_is_named_and_the_others_go_on(project: Project, timeline: Timeline) -> None:
    project.write("posts/broken.md", "---\ntitle: Keynote: the sea\npublished_datetime: 2024-07-16 06:00\n---\ntext\n")
    project.write("posts/README.md", "# About this folder\n")
    now = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime())
    project.write_post("good", now)
    first = project.announce("tick")
    assert first.returncode == 1
    assert "posts/broken.md:2: front matter:" in first.stdout
    assert "quotes" in first.stdout
    assert len(timeline()) == 1

    again = project.announce("tick")
    assert again.returncode == 0, "what was told once is not new"
    assert "nothing new" in again.stdout

    project.write_post("broken", "2024-07-16 06:00", title="Keynote")
    mended = project.announce("tick")
    assert "solved" in mended.stdout


def test_an_account_without_a_token_is_named_and_the_feeds_are_written_all_the_same(project: Project) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace(
        f'server = "{project.server}"', 'server = "https://social.example"\nacct = "@conf@social.example"'
    )
    settings.write_text(text.partition("[delivery]")[0], encoding="utf-8")
    project.write_post("good", time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime()))
    done = project.announce("tick")
    assert done.returncode == 1
    assert "ANNOUNCE_TOKEN_MAIN" in done.stdout
    assert (project.root / "public/news/rss.xml").exists()
    assert project.announce("tick").returncode == 0, "told once"


def test_queue_preview_and_log_tell_what_will_be_and_was(project: Project, timeline: Timeline) -> None:
    project.write_post("coming", "2199-07-16 06:00:00", title="A thing to come")
    project.write_post("here", time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime()), title="A thing that is here")
    assert project.announce("tick").returncode == 0

    queue = project.announce("queue")
    lines = [line.rstrip() for line in queue.stdout.splitlines()]
    assert lines[0] == "July 2199"
    assert re.match(r"Tue 16  06:00 EDT +A thing to come  ", lines[1])
    assert lines[1].endswith("feeds, main  upcoming")
    assert lines[2].split() == ["10:00", "UTC", "coming"]
    assert lines[3].split()[0] == "in"
    assert max(map(len, queue.stdout.splitlines())) <= 80
    assert "A thing that is here" not in queue.stdout
    listed = json.loads(project.announce("queue", "--all", "--json").stdout)
    assert {item["slug"]: item["verdict"] for item in listed} == {"here": "sent", "coming": "upcoming"}

    shown = project.announce("preview", "coming")
    assert shown.returncode == 0
    assert "of 500 characters, public, en" in shown.stdout
    assert "https://2024.djangocon.us/news/coming/" in shown.stdout
    assert "Feed entry" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    toots = json.loads(project.announce("preview", "posts/coming.md", "--json").stdout)["toots"]
    assert [toot["length"] > 0 for toot in toots.values()] == [True]

    (toot,) = timeline()
    log = project.announce("log")
    assert str(toot["url"]).rpartition("/")[2] in log.stdout
    events = json.loads(project.announce("log", "--json").stdout)
    assert [event["what"] for event in events] == ["released", "sent"]


def test_preview_shows_each_toot_of_a_thread_with_its_count_warning_and_poll(project: Project) -> None:
    options = """
  content_warning: Flooding
  sensitive: true
  thread:
    - "The second toot."
  numbered: true
  poll:
    options: [Tea, Coffee]
    expires_in: 3d
    hide_totals: true"""
    project.write_post("coming", "2199-07-16 06:00:00", mastodon=options)
    done = project.announce("preview", "coming")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.replace("│", " ").split())
    assert "main@127.0.0.1" in shown
    assert ", 1 of 2" in shown
    assert ", 2 of 2" in shown
    assert shown.count("Content warning: Flooding") == 2
    assert "○ Tea ○ Coffee Poll, open for 3 days, votes hidden until then" in shown
    assert "The second toot. 2/2" in shown
    assert "29 of 500 characters, public, en, sensitive" in shown
    (toot,) = json.loads(project.announce("preview", "coming", "--json").stdout)["toots"].values()
    assert toot["poll"]["options"] == ["Tea", "Coffee"]
    assert [part["text"] for part in toot["thread"]] == ["The second toot.\n\n2/2"]


def test_the_brake_holds_the_rest_and_resume_lets_it_go(project: Project, timeline: Timeline) -> None:
    for number in range(6):
        project.write_post(f"post-{number}", time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime()))
    first = project.announce("tick")
    assert first.returncode == 1
    assert first.stdout.count(" held ") == 2
    assert len(timeline()) == 4

    held = json.loads(project.announce("queue", "--json").stdout)
    assert [item["hold"] for item in held] == ["brake", "brake"]
    let_go = project.announce("resume", "--yes")
    assert let_go.returncode == 0
    assert let_go.stdout.count("held by the brake, goes out") == 2
    assert project.announce("tick").returncode == 0
    assert len(timeline()) == 6, "still on time, so no spacing"
    again = project.announce("resume", "--yes")
    assert again.returncode == 0
    assert again.stdout == "Nothing is paused, and the brake holds nothing.\n"


def test_a_first_start_over_an_archive_is_one_line(project: Project, timeline: Timeline) -> None:
    for number in range(1, 8):
        project.write_post(f"old-{number}", f"2024-07-1{number} 06:00:00")
    project.write_post("fresh", time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime()))
    first = project.announce("tick")
    assert first.returncode == 0
    assert next(line.split("  ", 1)[1] for line in first.stdout.splitlines() if " released " in line) == (
        "7 older posts into the feeds, without toots"
    )
    assert first.stdout.count(" released ") == 2
    assert len(timeline()) == 1
    assert (project.root / "public/news/rss.xml").read_text(encoding="utf-8").count("<item>") == 8


def test_an_unexpected_error_shows_no_traceback_unless_asked(project: Project) -> None:
    (project.root / "var").mkdir()
    (project.root / "var/ledger.db").write_bytes(b"this is no database at all" * 100)
    done = project.announce("tick")
    assert done.returncode == 1
    assert "ledger.db is damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in project.announce("tick", "--debug").stderr


def test_garbled_words_are_found_with_what_they_would_be_and_stay_as_they_are(project: Project) -> None:
    path = project.write_post("tickets", "2099-01-01 09:00:00+00:00", title="We haven‚Äôt sold out")
    before = path.read_bytes()
    checked = project.announce("check")
    assert checked.returncode == 0, "it may be meant"
    assert 'posts/tickets.md:2: "haven‚Äôt" looks like words that were read in a wrong encoding.' in checked.stdout
    assert 'what it would be: "haven’t"' in checked.stdout
    assert "(mojibake)" in checked.stdout
    assert path.read_bytes() == before
