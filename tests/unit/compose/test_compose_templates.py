from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.compose.jinja import format_date
from bot.compose.templates import TEMPLATE_VARIABLES, Templates
from bot.config.text_files import read_templates
from bot.domain import Post
from bot.domain.errors import ComposeError
from tests.support.digests import both

VALUES: dict[str, object] = dict.fromkeys(TEMPLATE_VARIABLES, "") | {
    "title": "A Title",
    "excerpt": "Words.",
    "tags": ["one", "two"],
    "date": datetime(2030, 5, 7, 9, 5, tzinfo=UTC),
    "site": {"title": "Conf", "url": "https://conf.example.org"},
}


def a_post(*, kind: str | None = None, category: str | None = None) -> Post:
    return Post(
        path=Path("posts/x.md"),
        slug="x",
        url="https://conf.example.org/news/x/",
        title="T",
        language="en",
        digests=both("d"),
        kind=kind,
        category=category,
    )


def folder_with(folder: Path, **files: str) -> Templates:
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.j2").write_text(text, encoding="utf-8")
    return Templates.of(read_templates(folder))


def error_of(folder: Path, text: str) -> ComposeError:
    with pytest.raises(ComposeError) as caught:
        folder_with(folder, x=text).render("x", VALUES)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "category", "name"),
    [
        ("keynote", "Important News", "keynote"),
        ("Keynote", None, "keynote"),
        (None, "Important  News", "important-news"),
        ("unheard", "Important News", "important-news"),
        ("unheard", "unheard", "default"),
        (None, None, "default"),
    ],
)
def test_the_kind_chooses_then_the_category(tmp_path: Path, kind: str | None, category: str | None, name: str) -> None:
    templates = folder_with(tmp_path, keynote="k", important_news="i", default="d")
    assert templates.name_for(a_post(kind=kind, category=category)) == name
    assert templates.render(name, VALUES) == name[0]


@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_without_files_there_is_the_built_in_template(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    templates = Templates.of(read_templates(tmp_path / folder))
    assert templates.render(templates.name_for(a_post()), VALUES).startswith("A Title\n\nWords.\n\n")


def test_templates_are_read_once(tmp_path: Path) -> None:
    templates = folder_with(tmp_path, x="before")
    folder_with(tmp_path, x="after")
    assert templates.render("x", VALUES) == "before"


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        pytest.param("{{ site.title }}: {{ title }}", "Conf: A Title", id="variables"),
        pytest.param("{% if title %}\nyes\n{% endif %}\nend", "yes\nend", id="lines of tags alone vanish"),
        pytest.param("  {% for tag in tags %}\n{{ tag }}\n  {% endfor %}", "one\ntwo\n", id="loop"),
        pytest.param('{{ date | date("%A, %-d %B, %H:%M") }}', "Tuesday, 7 May, 09:05", id="date"),
        pytest.param("{{ '<b>' }}", "<b>", id="plain text is not escaped"),
        pytest.param("{{ '-' * 3 }}", "---", id="repeat"),
        pytest.param("{% for n in range(3) %}{{ n }}{% endfor %}", "012", id="range"),
    ],
)
def test_what_templates_can_do(tmp_path: Path, text: str, rendered: str) -> None:
    assert folder_with(tmp_path, x=text).render("x", VALUES) == rendered


def test_a_template_may_include_another(tmp_path: Path) -> None:
    templates = folder_with(tmp_path, x="{% include 'footer.j2' %}", footer="by {{ site.title }}")
    assert templates.render("x", VALUES) == "by Conf"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        pytest.param("a\n{% if title %}\nb", 3, "not valid", id="not closed"),
        pytest.param("a\n\n{{ title | nofilter }}", 3, "nofilter", id="unknown filter"),
        pytest.param("a\n{{ titel }}", 2, "Did you mean title?", id="misspelt variable"),
        pytest.param("a\n{{ qqqqqq }}", 2, "Known are: title, excerpt", id="unknown variable"),
        pytest.param("\n\n{{ site.nmae }}", 3, "nmae", id="unknown part"),
        pytest.param("\n{{ 1 / 0 }}", 2, "division", id="division by zero"),
        pytest.param("\n{{ title + 1 }}", 2, "cannot be used", id="wrong types"),
        pytest.param("\n{{ title.__class__.__mro__ }}", 2, "may not do this", id="way out"),
        pytest.param("\n{{ tags.append('x') }}", 2, "may not do this", id="changing a value"),
        pytest.param("\n{% for n in range(100000) %}x{% endfor %}", 2, "range() is longer", id="long loop"),
        pytest.param("\n{{ 'x' * 1000000000 }}", 2, "longer than 20,000", id="long repeat"),
        pytest.param("\n{{ 1000000000 * 'x' }}", 2, "longer than 20,000", id="long repeat, turned"),
        pytest.param("\n{{ 9 ** 99 }}", 2, "powers", id="powers"),
        pytest.param("\n{% include 'absent.j2' %}", 2, 'no template "absent.j2"', id="absent include"),
        pytest.param("\n{% include 'x.j2' %}", 2, "recursion", id="includes itself"),
        pytest.param("\n{{ date | date('%Q') }}", 2, '"%Q" is not a part of a date', id="bad date form"),
        pytest.param("\n{{ title | date }}", 2, "for the variable `date`", id="date of no date"),
    ],
)
def test_an_error_names_file_and_line_and_a_remedy(tmp_path: Path, text: str, line: int, says: str) -> None:
    error = error_of(tmp_path, text)
    assert error.message.startswith(f"{tmp_path / 'x.j2'}:{line}: ")
    assert says in str(error)
    assert error.remedy


def test_an_error_in_an_included_template_names_that_file(tmp_path: Path) -> None:
    templates = folder_with(tmp_path, x="{% include 'footer.j2' %}", footer="\n{{ oops }}")
    with pytest.raises(ComposeError, match=r"footer\.j2:2: "):
        templates.render("x", VALUES)


def test_a_template_that_says_too_much_is_refused(tmp_path: Path) -> None:
    text = "{% for a in range(1000) %}{% for b in range(1000) %}long words{% endfor %}{% endfor %}"
    assert "more than 20,000 characters" in error_of(tmp_path, text).message


def test_a_file_that_is_not_utf8_is_reported_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_bytes(b"caf\xe9")
    templates = folder_with(tmp_path, default="fine")
    assert templates.render("default", VALUES) == "fine"
    with pytest.raises(ComposeError, match=r"x\.j2: is not UTF-8"):
        templates.render("x", VALUES)


def test_a_broken_template_that_is_not_used_does_no_harm(tmp_path: Path) -> None:
    templates = folder_with(tmp_path, broken="{% if %}", default="fine")
    assert templates.render("default", VALUES) == "fine"


def test_all_faults_are_listed_without_a_post(tmp_path: Path) -> None:
    (tmp_path / "d.j2").write_bytes(b"\xff")
    correct = "{{ title }}{% set z = 1 %}{{ z }}{{ range(2) }}"
    faults = folder_with(tmp_path, a=correct, b="{% if %}", c="{% if 0 %}{{ athor }}{% endif %}").faults()
    assert [fault.message.removeprefix(str(tmp_path))[1:5] for fault in faults] == ["b.j2", "c.j2", "d.j2"]
    assert faults[1].remedy == "Did you mean author?"


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("%A, %d %B %Y", "Tuesday, 07 May 2030"),
        ("%-d.%-m.%y", "7.5.30"),
        ("%-H:%M", "9:05"),
        ("%I %p", "09 AM"),
        ("100%%", "100%"),
        ("", ""),
    ],
)
def test_dates_are_written_as_asked(form: str, written: str) -> None:
    assert format_date(datetime(2030, 5, 7, 9, 5, tzinfo=UTC), form) == written


def test_midnight_without_zero_is_zero() -> None:
    assert format_date(datetime(2030, 5, 7, tzinfo=UTC), "%-H") == "0"


def test_a_draft_has_no_date() -> None:
    assert format_date(None) == ""


@pytest.mark.parametrize("form", ["%", "%-", "%9d", "%Q", "x" * 101])
def test_a_date_form_that_not_every_system_knows_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="date"):
        format_date(datetime(2030, 5, 7, tzinfo=UTC), form)


def test_templates_are_compiled_once_and_anew_when_a_file_changes(tmp_path: Path) -> None:
    first = folder_with(tmp_path, default="{{ title }}")
    assert Templates.of(read_templates(tmp_path)) is first
    assert folder_with(tmp_path, default="{{ excerpt }}").render("default", VALUES) == "Words."
