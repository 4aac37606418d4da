"""Each rule: what it finds and where; that it finds nothing in nearly the same project; that the rows would tell."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.check.registry import CHECKS
from bot.domain import Finding
from bot.domain.rules import RULES, as_markdown, nearest
from tests.support.check_cases import Row, checked
from tests.support.check_cases_of_pages import ROWS as ROWS_OF_PAGES
from tests.support.check_cases_of_posts import ROWS as ROWS_OF_POSTS
from tests.support.check_cases_of_projects import ROWS as ROWS_OF_PROJECTS

ROOT = Path(__file__).parents[3]
ROWS = (*ROWS_OF_POSTS, *ROWS_OF_PAGES, *ROWS_OF_PROJECTS)
#: Those that need the network: test_online.py.
ONLINE = {"page-early", "account-unusable"}

Findings = tuple[Finding, ...]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)


def verify(row: Row, bad: Findings, good: Findings) -> None:
    """Fails unless the rule is found once in the bad project, at its place, and not in the good one."""
    found = [finding for finding in bad if finding.rule == row.rule]
    assert [(str(one.path), one.line, one.column, one.field) for one in found] == [row.place]
    assert [finding for finding in good if finding.rule == row.rule] == []
    (finding,) = found
    assert finding.problem[-1] in '.…"', "a sentence"


def is_verified(row: Row, bad: Findings, good: Findings) -> bool:
    try:
        verify(row, bad, good)
    except AssertionError:
        return False
    return True


def looked(row: Row, tmp_path: Path, **options: object) -> tuple[Findings, Findings]:
    bad = checked(tmp_path / "bad", row.bad, **options).findings
    return bad, checked(tmp_path / "good", row.good, **options).findings


@each_row
def test_a_rule_finds_what_is_wrong_where_it_is_and_nothing_else(row: Row, tmp_path: Path) -> None:
    verify(row, *looked(row, tmp_path))


@each_row
def test_a_row_tells_that_its_check_does_not_look_any_more(row: Row, tmp_path: Path) -> None:
    bad, good = looked(row, tmp_path)
    verify(row, bad, good)
    subject = checked(tmp_path / "again", row.bad).subject
    looking = [check for check in CHECKS if any(one.rule == row.rule for one in check(subject))]
    assert looking, "some check finds it"
    without = tuple(check for check in CHECKS if check not in looking)
    blind = checked(tmp_path / "blind", row.bad, checks=without).findings
    assert not is_verified(row, blind, good)


MUTATIONS: dict[str, Callable[[Finding], Finding]] = {
    "another rule": lambda finding: replace(finding, rule="other"),
    "another file": lambda finding: replace(finding, path=Path("posts/other.md")),
    "another line": lambda finding: replace(finding, line=(finding.line or 0) + 1),
    "another column": lambda finding: replace(finding, column=(finding.column or 0) + 1),
    "another field": lambda finding: replace(finding, field="other"),
}


@each_row
def test_a_row_tells_of_each_mutation_of_its_finding(row: Row, tmp_path: Path) -> None:
    bad, good = looked(row, tmp_path)
    verify(row, bad, good)
    for name, mutate in MUTATIONS.items():
        mutant = tuple(mutate(finding) if finding.rule == row.rule else finding for finding in bad)
        assert not is_verified(row, mutant, good), name
    assert not is_verified(row, bad, bad), "found where nothing is wrong"
    assert not is_verified(row, good, good), "not found"


def test_every_rule_has_a_row() -> None:
    assert {row.rule for row in ROWS} | ONLINE == RULES.keys()


def named_in_the_code() -> Iterator[str]:
    """The rules that the code names: in findings, remarks, notes and faults."""
    for path in (ROOT / "bot").rglob("*.py"):
        if path.name == "rules.py" or "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _words(keyword.value for keyword in node.keywords if keyword.arg == "rule")
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("about", "about_file", "about_settings"):
                    yield from _words(node.args[1:2])
                elif name == "add" and len(node.args) > 1:
                    yield from _words(node.args[:1])
            if isinstance(node, ast.arg | ast.keyword) and getattr(node, "arg", "") == "rule":
                yield from _words([getattr(node, "value", None)])


def _words(nodes: object) -> Iterator[str]:
    for node in nodes:  # type: ignore[attr-defined]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_rule_that_the_code_names_is_in_the_table() -> None:
    named = set(named_in_the_code())
    assert len(named) > 50
    assert named <= RULES.keys()


def test_every_rule_has_its_words_in_the_documentation() -> None:
    """If this fails, put what is printed into docs/check.md."""
    page = (ROOT / "docs/check.md").read_text(encoding="utf-8")
    assert as_markdown() in page, as_markdown()


def test_the_words_of_a_rule_fit_a_table() -> None:
    for rule in RULES.values():
        assert len(rule.name) <= 22
        assert rule.why.endswith((".", ")."))
        assert rule.remedy.endswith((".", "…"))
        assert "|" not in rule.why + rule.remedy


@pytest.mark.parametrize(("name", "meant"), [("wekend", "weekend"), ("Title_Long", "title-long"), ("xyz", "")])
def test_a_slip_in_a_rules_name_is_understood(name: str, meant: str) -> None:
    assert nearest(name) == meant
