"""The excerpt for the toot and the summary for the feeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.domain import Post
from bot.domain.text import truncate

Parse = Callable[..., Post]
LONG = "The schedule of Heron Conf is out, and it is a good one."


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        (f"Hello!\n\n{LONG}\n\nMore.", LONG),
        (f"# A heading that is longer than any forty characters are\n\n{LONG}", LONG),
        (f"> A quotation that is longer than any forty characters are\n\n{LONG}", LONG),
        (f"- An item that is longer than any forty characters, in a\n\n  loose list\n\n{LONG}", LONG),
        (f"![A picture with an alt text of over forty characters](/a.png)\n\n{LONG}", LONG),
        (f"<div>\n\n{LONG}\n\n</div>", LONG),
        ("Hello!\n\nShort.", "Hello!"),
        ("- item", ""),
        ("> said", "said"),
        ("# Heading", ""),
        ("", ""),
        (f"{LONG}\nSecond line.", f"{LONG} Second line."),
        (
            "We are **so** [very happy](/x/) &amp; glad to tell you: `code` and H<sub>2</sub>O",
            "We are so very happy & glad to tell you: code and H2O",
        ),
        (f"{LONG}<br>Second ![pic](/a.png) line.", f"{LONG} Second line."),
        (f"{LONG} <!-- not this --> But this.", f"{LONG} But this."),
        (f"On ~~Monday~~ Tuesday: {LONG}", f"On Tuesday: {LONG}"),
        (f"<script>const words = 'long enough to be taken';</script>\n\n{LONG}", LONG),
        (f'<iframe src="https://x.example/a">words of a frame, over forty characters</iframe>\n\n{LONG}', LONG),
        (f"@ada says: {LONG}", f"@ada says: {LONG}"),
    ],
)
def test_it_is_the_first_real_paragraph(parse: Parse, body: str, excerpt: str) -> None:
    post = parse("", body)
    assert post.excerpt == excerpt
    assert post.summary == excerpt


@pytest.mark.parametrize("mark", ["<!-- excerpt -->", "<!--excerpt-->", "<!--  EXCERPT\n-->"])
@pytest.mark.parametrize("around", ["Hi.\n\nAll *is* out.\n\n{}\n\n" + LONG, "Hi.\n\nAll is out. {} " + LONG])
def test_an_excerpt_mark_decides(parse: Parse, mark: str, around: str) -> None:
    post = parse("summary: A summary.", around.format(mark))
    assert post.excerpt == post.summary == "Hi. All is out.", "in the toot and in the feeds"
    assert "excerpt" not in post.html.lower()


def test_headings_and_pictures_before_the_mark_are_no_part_of_it(parse: Parse) -> None:
    assert parse("", f"# Big\n\n![alt](/a.png)\n\nShort.\n\n<!-- excerpt -->\n\n{LONG}").excerpt == "Short."


def test_a_mark_with_nothing_before_it_decides_nothing(parse: Parse) -> None:
    assert parse("", f"<!-- excerpt -->\n\n{LONG}").excerpt == LONG
    post = parse("summary: A summary.", f"<!-- excerpt -->\n\n{LONG}")
    assert (post.excerpt, post.summary) == ("A summary.", "A summary.")


def test_a_mark_in_code_is_no_mark(parse: Parse) -> None:
    assert parse("", f"Short.\n\n```\n<!-- excerpt -->\n```\n\n{LONG}").excerpt == LONG


def test_the_summary_comes_before_the_first_paragraph(parse: Parse) -> None:
    post = parse("summary: >\n  Two\n  lines.\n", LONG)
    assert (post.excerpt, post.summary) == ("Two lines.", "Two lines.")


@pytest.mark.parametrize(
    ("matter", "body", "excerpt", "summary"),
    [
        ("", f"{LONG} [Buy it]({{{{ url }}}})!", f"{LONG} Buy it!", f"{LONG} Buy it!"),
        (
            "",
            f"{LONG} It costs {{{{ price }}}} euros.",
            f"{LONG} It costs {{{{ price }}}} euros.",
            f"{LONG} It costs euros.",
        ),
        ("", f"{{% include a %}}\n\n{LONG}", LONG, LONG),
        ("", f"{LONG} `{{{{ x }}}}`", f"{LONG} {{{{ x }}}}", f"{LONG} {{{{ x }}}}"),
        ("summary: It costs {{ price }}.", LONG, "It costs {{ price }}.", "It costs."),
    ],
)
def test_a_template_tag_stays_in_the_toot_for_it_to_be_held(
    parse: Parse, matter: str, body: str, excerpt: str, summary: str
) -> None:
    post = parse(matter, body)
    assert (post.excerpt, post.summary) == (excerpt, summary)


def test_a_long_summary_is_cut_after_a_word_and_the_excerpt_is_not(parse: Parse) -> None:
    post = parse("", "word " * 100)
    assert len(post.excerpt) == 499
    assert post.summary == ("word " * 60).strip() + "…"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one two", 7, "one two"),
        ("one two three", 7, "one…"),
        ("one two three", 8, "one two…"),
        ("one, two", 6, "one…"),
        ("abcdefgh", 4, "abc…"),
        ("", 4, ""),
    ],
)
def test_cutting_keeps_whole_words_and_the_limit(text: str, limit: int, expected: str) -> None:
    assert truncate(text, limit) == expected
    assert len(expected) <= limit
