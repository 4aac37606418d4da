"""The beginning of a post: slugs from titles, and templates with placeholders."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.operations.new_post import TemplateError, default_template, slug_from, started


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Tickets are on sale", "tickets-are-on-sale"),
        ("Keynote: Ágnes Kovács-Őri’s “big” talk!", "keynote-agnes-kovacs-oris-big-talk"),
        ("Straße, Łódź & Ærø", "strasse-lodz-aero"),
        ("Москва встречает", "москва-встречает"),
        ("ई-मेल की बात", "ई-मेल-की-बात"),
        ("東京でのお知らせ", "東京でのお知らせ"),
        ("2027: What's new?", "2027-whats-new"),
        ("_draft_ / ../etc", "draft-etc"),
        ("🎤🎉!!!", ""),
        ("", ""),
        ("a " * 80, "-".join("a" * 30)),
        ("x" * 90, "x" * 60),
    ],
)
def test_a_title_gives_a_name(title: str, slug: str) -> None:
    assert slug_from(title) == slug


@given(st.text(max_size=200))
def test_whatever_the_title_the_name_is_safe_as_a_files_and_an_addresss(title: str) -> None:
    slug = slug_from(title)
    assert len(slug) <= 60
    assert not re.search(r"[\s/\\.:?#%_\x00]", slug)
    assert slug == slug.strip("-")


TEMPLATE = "---\ntitle: %{title}\ndate: %{datetime}\ncover: /img/%{slug}.png\n---\n\n{{ title }} and %{title}\n"


def test_values_are_put_in_and_what_a_generator_reads_stays() -> None:
    text = started(TEMPLATE, {"title": 'A "b"', "datetime": "2027-05-01 10:00:00", "slug": "a-b"})
    assert text == (
        '---\ntitle: "A \\"b\\""\ndate: 2027-05-01 10:00:00\ncover: /img/a-b.png\n---\n\n{{ title }} and A "b"\n'
    )


def test_a_line_without_its_value_is_left_out() -> None:
    assert "date:" not in started(TEMPLATE, {"title": "A", "datetime": "", "slug": "a"})


@given(st.text(min_size=1, max_size=80))
def test_whatever_the_title_yaml_reads_it_as_it_was_given(title: str) -> None:
    text = started(default_template("published_datetime"), {"title": title, "slug": "a"})
    matter = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
    assert matter["title"] == title
    assert matter["draft"] is True


@pytest.mark.parametrize(
    ("template", "said"),
    [("---\nx: %{y}\n---\n", "%{y} is not known; it may hold %{title}"), ("no", "no front matter")],
)
def test_a_template_that_cannot_be_used_says_why(template: str, said: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(said)):
        started(template, {"title": "A"})
