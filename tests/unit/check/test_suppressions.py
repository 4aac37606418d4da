"""Findings that somebody accepts: with a reason, by post or in the settings, and never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.operations.check import CheckResult
from tests.support.check_cases import FILE, Case, checked, written

ALLOW = 'check:\n    allow:\n        title-shouting: "{why}"'
LOUD = "NEWS FROM EVERYWHERE"
REASON = "It is the name of the band."


def look(root: Path, matter: str = "", *, settings: str = "", title: str = LOUD) -> CheckResult:
    return checked(root, Case(files={FILE: written(matter, title=title)}, settings=settings))


def told(found: CheckResult) -> list[tuple[str, str]]:
    return [(finding.rule, finding.field) for finding in found.findings]


def test_a_rule_is_silenced_in_a_post_with_its_reason(tmp_path: Path) -> None:
    found = look(tmp_path, ALLOW.format(why=REASON))
    assert told(found) == []
    assert [(one.finding.rule, one.reason) for one in found.suppressed] == [("title-shouting", REASON)]


def test_it_is_silenced_for_that_post_only(tmp_path: Path) -> None:
    other = {"posts/other.md": written(title=LOUD, at="2026-03-13 10:00")}
    found = checked(tmp_path, Case(files={FILE: written(ALLOW.format(why=REASON), title=LOUD), **other}))
    assert [(str(one.path), one.rule) for one in found.findings] == [("posts/other.md", "title-shouting")]


def test_a_rule_is_silenced_for_all_posts_in_the_settings(tmp_path: Path) -> None:
    found = look(tmp_path, settings=f'[check.allow]\ntitle-shouting = "{REASON}"\n')
    assert told(found) == []
    assert [one.reason for one in found.suppressed] == [REASON]


@pytest.mark.parametrize("why", ["", "  "])
def test_without_a_reason_nothing_is_silenced_and_that_is_said(tmp_path: Path, why: str) -> None:
    found = look(tmp_path / "post", ALLOW.format(why=why))
    assert told(found) == [("title-shouting", "title"), ("check-allow", "check.allow.title-shouting")]
    found = look(tmp_path / "settings", settings=f'[check.allow]\ntitle-shouting = "{why}"\n')
    assert told(found) == [("check-allow", "check.allow.title-shouting"), ("title-shouting", "title")]
    assert "has no reason" in found.findings[0].problem


@pytest.mark.parametrize(
    ("name", "problem", "remedy"),
    [
        ("title-shoutng", "is no rule.", 'Did you mean "title-shouting"?'),
        ("xyz", "is no rule.", "`announce check --rules` lists them."),
        ("toot-held", "is an error, and errors cannot be silenced.", "Correct what it names"),
    ],
)
def test_what_cannot_be_silenced_is_named(tmp_path: Path, name: str, problem: str, remedy: str) -> None:
    for case, (matter, settings) in enumerate(
        [(f"check:\n    allow:\n        {name}: because", ""), ("", f'[check.allow]\n{name} = "because"\n')]
    ):
        (finding,) = look(tmp_path / str(case), matter, settings=settings, title="News").findings
        assert (finding.rule, finding.problem) == ("check-allow", problem)
        assert finding.remedy.startswith(remedy)
        assert finding.line == (6 if matter else None)


def test_an_error_stays_one_whatever_is_allowed(tmp_path: Path) -> None:
    matter = 'mastodon:\n    text: "{{ x }}"\ncheck:\n    allow:\n        toot-held: "I do not care."'
    found = look(tmp_path, matter, title="News")
    assert ("toot-held", "mastodon.text") in told(found)
    assert found.suppressed == ()


@pytest.mark.parametrize("matter", ["check: yes", "check:\n    allow: weekend", "check:\n    alow:\n        a: b"])
def test_what_is_written_wrongly_silences_nothing_and_stops_nothing(tmp_path: Path, matter: str) -> None:
    found = look(tmp_path, matter, title="News")
    assert [rule for rule, _ in told(found)] == ["check-allow"]
    assert [post.slug for post in found.posts] == ["news"]


def test_silencing_is_no_change_of_the_posts_words(tmp_path: Path) -> None:
    plain, quiet = look(tmp_path / "a"), look(tmp_path / "b", ALLOW.format(why=REASON))
    assert plain.posts[0].digests == quiet.posts[0].digests, "a released toot is not edited for it"
