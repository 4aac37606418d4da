"""Findings as workflow commands: one line each, whatever their words hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Finding
from bot.report.github import render_annotations, workflow_command


def finding(**changes: object) -> Finding:
    plain: dict[str, object] = {
        "rule": "cover-missing",
        "path": Path("posts/tickets.md"),
        "line": 7,
        "field": "cover.url",
        "problem": "there is no file.",
        "remedy": "Add it.",
    }
    return Finding(**{**plain, **changes})  # type: ignore[arg-type]


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """As the runner reads a command (actions/runner, ActionCommand.cs: properties up to the first "::")."""
    found = re.fullmatch(r"::(\w+) (.*?)::(.*)", line, re.DOTALL)
    assert found
    properties = dict(part.split("=", 1) for part in found[2].split(","))
    return found[1], {name: plain(value) for name, value in properties.items()}, plain(found[3])


def plain(text: str) -> str:
    for escape, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, sign)
    return text


@pytest.mark.parametrize(
    ("rule", "command"), [("same-name", "error"), ("cover-missing", "warning"), ("cover-ratio", "notice")]
)
def test_each_severity_has_its_command(rule: str, command: str) -> None:
    (line,) = render_annotations([finding(rule=rule)])
    assert line == (
        f"::{command} file=posts/tickets.md,line=7,title=announce%3A {rule}::cover.url: there is no file. Add it."
    )


def test_a_column_is_told_where_it_is_known_and_a_missing_line_is_the_first() -> None:
    (known,) = render_annotations([finding(column=3)])
    (unknown,) = render_annotations([finding(line=None)])
    assert understood(known)[1]["col"] == "3"
    assert understood(unknown)[1] == {"file": "posts/tickets.md", "line": "1", "title": "announce: cover-missing"}


def test_files_are_named_as_they_lie_in_the_repository() -> None:
    (line,) = render_annotations([finding()], path_of=lambda path: f"site/{path}")
    assert understood(line)[1]["file"] == "site/posts/tickets.md"


@given(st.text(), st.text())
def test_no_words_end_a_command_or_begin_another(words: str, name: str) -> None:
    line = workflow_command("error", words, title=name)
    assert len(line.splitlines()) == 1
    command, properties, message = understood(line)
    assert command == "error"
    seen = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))
    assert message == words.translate(seen)
    assert properties["title"] == name.translate(seen)


@pytest.mark.parametrize("words", ["50%0A more", "%25", "100 %"])
def test_a_percent_sign_stays_one(words: str) -> None:
    line = workflow_command("error", words, title="t")
    assert line == f"::error title=t::{words.replace('%', '%25')}"
