"""Which file is an account's template, and what is found wrong with templates before a post needs them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.compose.announcement import make_reminder_post
from bot.compose.templates import TEMPLATE_VARIABLES, Templates
from bot.config.text_files import folder_names, read_templates
from bot.domain import Post, Reminder
from bot.domain.errors import ComposeError
from tests.support.digests import both

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
VALUES = dict.fromkeys(TEMPLATE_VARIABLES, "")


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def keynote(*, category: str | None = None) -> Post:
    return Post(
        path=Path("posts/x.md"),
        slug="x",
        url="https://conf.example.org/news/x/",
        title="T",
        language="en",
        digests=both("d"),
        kind="keynote",
        category=category,
    )


def said(templates: Templates, post: Post) -> str:
    return templates.render(templates.name_for(post), VALUES)


@pytest.mark.parametrize(
    ("files", "account", "text"),
    [
        ({"keynote_txt": "all"}, "main", "all"),
        ({"keynote_j2": "all"}, "main", "all"),
        ({"Keynote_TXT": "all"}, "main", "all"),
        ({"keynote_txt": "all", "main__keynote_txt": "main's"}, "main", "main's"),
        ({"keynote_txt": "all", "main__keynote_j2": "main's"}, "main", "main's"),
        ({"keynote_txt": "all", "Main__keynote_txt": "main's"}, "main", "main's"),
        ({"keynote_txt": "all", "main__keynote_txt": "main's"}, "kids", "all"),
        ({"keynote_txt": "all", "main__keynote_txt": "main's"}, "", "all"),
        ({"keynote_txt": "all", "main__default_txt": "main's"}, "main", "all"),
        ({"default_txt": "all", "main__default_txt": "main's"}, "main", "main's"),
        ({"main__news_txt": "main's", "default_txt": "all"}, "main", "main's"),
        ({"keynote_txt": "{% include 'end.txt' %}", "end_txt": "all", "main__end_txt": "main's"}, "main", "main's"),
        ({"keynote_txt": "{% include 'end.txt' %}", "end_txt": "all", "main__end_txt": "main's"}, "kids", "all"),
    ],
)
def test_the_accounts_own_go_before_those_of_all(
    tmp_path: Path, files: dict[str, str], account: str, text: str
) -> None:
    write(tmp_path, **files)
    assert said(Templates.of(read_templates(tmp_path, account)), keynote(category="News")) == text


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, keynote_j2="a", keynote_txt="b")
    templates = Templates.of(read_templates(tmp_path))
    with pytest.raises(ComposeError, match=r"keynote\.txt: there is keynote\.j2 as well"):
        said(templates, keynote())
    assert len(templates.faults()) == 1


def test_the_folders_are_named(tmp_path: Path) -> None:
    write(tmp_path, main__a_txt="", kids__b_txt="", c_txt="")
    assert folder_names(tmp_path) == ("kids", "main")
    assert folder_names(tmp_path / "absent") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("a\n{% if kind == 'x' %}\n{{ titel }}\n{% endif %}", [(3, "Did you mean title?")], id="a branch"),
        pytest.param("\n{{ zzz }}\n{{ zzz }}", [(2, "Known are: title, excerpt")], id="once, where it is first"),
        pytest.param("{{ zzz }}\n\n{{ titel }}", [(1, "zzz"), (3, "titel")], id="each"),
        pytest.param("\n{{ site.titel }}", [(2, "Did you mean site.title?")], id="a part"),
        pytest.param("\n\n{% include 'end.txt' %}", [(3, 'there is no template "end.txt"')], id="no such file"),
        pytest.param("{% if false %}{% include 'x.txt' %}{% endif %}", [], id="a file that there is"),
        pytest.param("{% include 'default.txt' %}", [], id="the built-in one"),
        pytest.param("{% for who in speakers %}{{ who | with_handle }}{{ loop.index }}{% endfor %}", [], id="correct"),
    ],
)
def test_what_a_template_uses_in_vain_is_found_with_its_line(
    tmp_path: Path, text: str, found: list[tuple[int, str]]
) -> None:
    write(tmp_path, x_txt=text)
    faults = Templates.of(read_templates(tmp_path)).faults()
    assert len(faults) == len(found)
    for fault, (line, says) in zip(faults, found, strict=True):
        assert fault.message.startswith(f"{tmp_path / 'x.txt'}:{line}: ")
        assert says in str(fault)


def test_a_missing_template_of_a_reminder_has_a_remedy_where_there_are_no_templates() -> None:
    reminder = Reminder(reminder_id="day", at=NOW, text=None, template="last-call", reply=False, number=0)
    with pytest.raises(ComposeError) as caught:
        Templates().name_for(make_reminder_post(keynote(), reminder))
    assert caught.value.remedy == "There are none yet; docs/templates.md tells how to write one."
