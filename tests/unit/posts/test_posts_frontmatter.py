"""Bytes → front matter with lines, and body."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import PostError
from bot.posts.frontmatter.source import Source, read_source

PATH = Path("posts/news.md")


def source(data: str | bytes) -> Source:
    found = read_source(data if isinstance(data, bytes) else data.encode(), path=PATH)
    assert found is not None
    return found


def fault(data: str | bytes) -> PostError:
    with pytest.raises(PostError) as caught:
        source(data)
    assert caught.value.path == PATH
    return caught.value


def test_keys_have_their_lines() -> None:
    found = source("---\nauthor: A\n\n\ntitle: B\ncover:\n    url: /x.jpg\n\n    alt: C\n---\n\nText\n")
    assert found.lines == {"author": 2, "title": 5, "cover": 6, "cover.url": 7, "cover.alt": 9}
    assert (found.body, found.body_line) == ("\nText", 11)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf---\ntitle: A\n---\nText\n",
        b"---\r\ntitle: A\r\n---\r\nText\r\n",
        b"---\rtitle: A\r---\rText\r",
        b"---  \ntitle: A\n---\t\nText\n",
        b"---\ntitle: A\x0b\x01\n---\nTe\x08xt\n",
    ],
    ids=["byte order mark", "CRLF", "CR", "spaces after the dashes", "characters that XML forbids"],
)
def test_ways_to_save_a_file_do_not_matter(data: bytes) -> None:
    found = source(data)
    assert found.values == {"title": "A"}
    assert found.lines == {"title": 2}
    assert (found.body.strip(), found.body_line) == ("Text", 4)


def test_blank_lines_before_the_front_matter_are_counted() -> None:
    found = source("\n\n---\ntitle: A\n---\nText")
    assert (found.lines, found.body_line) == ({"title": 4}, 6)


def test_the_indentation_of_the_first_line_of_the_body_stays() -> None:
    assert source("---\ntitle: A\n---\n    code\n").body == "    code"


@pytest.mark.parametrize(
    "data", ["", "# Read me\n", "Text\n---\ntitle: A\n---\n", "--- no\n", "----\n", " ---\ntitle: A\n---\n"]
)
def test_a_file_without_front_matter_is_no_post(data: str) -> None:
    assert read_source(data.encode(), path=PATH) is None


def test_a_large_file_without_front_matter_is_no_post() -> None:
    assert read_source(b"\xff" * (2 << 20), path=PATH) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2024", "2024"),
        ("007", "007"),
        ("1:30", "1:30"),
        ("No", "No"),
        ("on", "on"),
        ("2024-07-09 06:00:00", "2024-07-09 06:00:00"),
        ("null", None),
        ("~", None),
        ("", None),
        ('"null"', "null"),
        ('"a\\x01b"', "ab"),
        ("<<", "<<"),
        ("[a, 1, ~]", ["a", "1", None]),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
    ],
)
def test_a_scalar_is_what_is_written(written: str, value: object) -> None:
    assert source(f"---\nkey: {written}\n---\n").values == {"key": value}


def test_lines_are_counted_as_editors_count_them() -> None:
    # YAML would break lines at these two as well.
    assert source("---\na: 'x\u2028y\u0085z'\ntitle: B\n---\n").lines["title"] == 3


@pytest.mark.parametrize(
    ("matter", "line", "field", "remedy"),
    [
        ("title: Schedule: it is out", 2, "front matter", "in quotes"),
        ("author: A\ntitle: 'Don't miss it'", 3, "front matter", "in quotes"),
        ('a: b\ntitle: "open', 3, "front matter", "quote is opened"),
        ("a:\n\tb: c", 3, "front matter", "spaces, not tabs"),
        ("title: @home", 2, "front matter", "in quotes"),
        ("title: *Big* news", 2, "front matter", "in quotes"),
        ("title: *big", 2, "front matter", "in quotes"),
        ("title: &a b", 2, "front matter", "in quotes"),
        ("a: &a b\nc: *a", 2, "front matter", "in quotes"),
        ("title: !important", 2, "front matter", "in quotes"),
        ("title: !!python/name:os.system", 2, "front matter", "in quotes"),
        ("tags: [#a, #b]", 2, "front matter", "in quotes"),
        ("x: {a: [b]}\ntags: [#a, #b]\ntitle: A", 3, "front matter", "in quotes"),
        ("title: A\nauthor: B\ntitle: C", 4, "title", "Keep one"),
        ("cover:\n  alt: A\n  alt: B", 4, "cover.alt", "Keep one"),
        ("x: [{a: 1, a: 2}]", 2, "x[].a", "Keep one"),
        ("? [a]\n: b", 2, "front matter", "in quotes"),
        ("just words", 2, "front matter", "title:"),
        ("- a\n- b", 2, "front matter", "title:"),
        ("a: b\n\nx: " + "[" * 21 + "]" * 21, 4, "front matter", "in quotes"),
        ("x: " + "[" * 50_000, 2, "front matter", "in quotes"),
        ("a: b\nb: \x7f", 3, "front matter", "invisible"),
        ("a: ä\nb: \x80", 3, "front matter", "invisible"),
    ],
)
def test_faulty_front_matter_is_refused_with_line_and_remedy(matter: str, line: int, field: str, remedy: str) -> None:
    found = fault(f"---\n{matter}\n---\nText\n")
    assert (found.line, found.field) == (line, field)
    assert remedy in found.remedy


def test_a_yaml_fault_names_the_column() -> None:
    assert "column 16" in fault("---\ntitle: Schedule: it is out\n---\n").problem


def test_a_double_key_names_the_first() -> None:
    assert "line 2" in fault("---\ntitle: A\ntitle: B\n---\n").problem


def test_twenty_levels_are_fine() -> None:
    assert source("---\nx: " + "[" * 19 + "]" * 19 + "\n---\n").values.keys() == {"x"}


@pytest.mark.parametrize("data", ["---\ntitle: A\n", "---", "\n---\ntitle: A\n\nText --- with dashes\n ---\n"])
def test_front_matter_that_is_not_closed_is_refused(data: str) -> None:
    found = fault(data)
    assert "not closed" in found.problem
    assert found.line == 1 + data.index("---")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"---\ntitle: A\n---\nCaf\xe9\n", 4),
        (b"---\r\ntitle: A\r\n---\r\n\xff\r\n", 4),
        (b"\xef\xbb\xbf---\ntitle: \xe9\n---\n", 2),
        ("---\ntitle: A\n---\n".encode("utf-16"), 1),
    ],
)
def test_another_encoding_than_utf_8_is_refused_with_its_line(data: bytes, line: int) -> None:
    found = fault(data)
    assert "UTF-8" in found.problem
    assert found.line == line


def test_a_file_that_is_too_large_is_refused() -> None:
    whole = b"---\ntitle: A\n---\n"
    assert "256 KiB" in fault(whole + b"x" * ((1 << 18) - len(whole) + 1)).problem
    assert source(whole + b"x" * ((1 << 18) - len(whole))).values == {"title": "A"}


def test_front_matter_that_is_too_large_is_refused() -> None:
    assert "64 KiB" in fault("---\na: " + "ä" * (32 << 10) + "\n---\n").problem
