"""The body in plain words, as a thread shows it."""

from __future__ import annotations

import pytest

from bot.posts.body.render import render_body

HERE = "https://heron.example/news/x/"
LONG = "This paragraph is long enough to be an excerpt of it."


def paragraphs(text: str) -> tuple[str, ...]:
    return render_body(text, permalink=HERE, in_plain_words=True).plain.paragraphs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("One\ntwo.\n\nThree.", ("One two.", "Three."), id="paragraphs"),
        pytest.param("One  \ntwo.", ("One\ntwo.",), id="a line break"),
        pytest.param("**One** *and* `two` ~~three~~.", ("One and two .",), id="marks, and words taken back"),
        pytest.param("# Head\n\nText.", ("Head\nText.",), id="a heading goes with what follows"),
        pytest.param("## Head\n\n### Sub\n\nText.\n\nMore.", ("Head\nSub\nText.", "More."), id="two headings"),
        pytest.param("Text.\n\n## Head", ("Text.", "Head"), id="a heading at the end"),
        pytest.param("- one\n- two\n\nEnd.", ("• one\n• two", "End."), id="a list"),
        pytest.param("Here:\n\n1. one\n2. two", ("Here:\n1. one\n2. two",), id="a list goes with its colon"),
        pytest.param("Text.\n\n- one\n\nEnd.", ("Text.", "• one", "End."), id="a list on its own"),
        pytest.param("3. one\n4. two", ("3. one\n4. two",), id="a list that begins later"),
        pytest.param("- one\n\n  more\n- two\n  - deep", ("• one\nmore\n• two\n• deep",), id="lists with paragraphs"),
        pytest.param("> Said.", ("“Said.”",), id="a quotation"),
        pytest.param("> Said.\n>\n> More.", ("“Said.", "More.”"), id="a quotation of two paragraphs"),
        pytest.param("> “Said.”", ("“Said.”",), id="a quotation with its marks"),
        pytest.param("<p>He said <q>yes</q>.</p>", ("He said “yes”.",), id="a quotation in a sentence"),
        pytest.param("| a | b |\n| - | - |\n| c | d |", ("a · b\nc · d",), id="a table"),
        pytest.param("```\nx = 1\ny = 2\n```", ("x = 1\ny = 2",), id="code"),
        pytest.param("See [us](/a/).", ("See us (https://heron.example/a/).",), id="a link behind its words"),
        pytest.param("See <https://a.org/b>.", ("See https://a.org/b.",), id="a link that is its words"),
        pytest.param("See [a.org](https://a.org/).", ("See https://a.org/.",), id="an address as words"),
        pytest.param("Write [us](mailto:us@a.org?subject=x).", ("Write us (us@a.org).",), id="mail"),
        pytest.param("Write <us@a.org>.", ("Write us@a.org.",), id="a mail address"),
        pytest.param("[x](javascript:alert(1))", ("[x](javascript:alert(1))",), id="what is no link"),
        pytest.param("![alt](/a.png)\n\nText.", ("Text.",), id="no pictures"),
        pytest.param("<figure><img src='/a.png'><figcaption>C</figcaption></figure>\n\nText.", ("Text.",), id="figure"),
        pytest.param("<iframe src='https://a.org'></iframe><script>x</script>\n\nText.", ("Text.",), id="no embeds"),
        pytest.param("<div>Loose <b>words</b><p>Text.</p>end</div>", ("Loose words", "Text.", "end"), id="loose words"),
        pytest.param("One.\n\n---\n\nTwo.", ("One.", "Two."), id="a rule"),
        pytest.param("a<!-- note -->b.", ("ab.",), id="no comments"),
        pytest.param("Buy {{ tickets }} now.", ("Buy {{ tickets }} now.",), id="a tag is there to be noticed"),
        pytest.param("Buy [now]({{ tickets }}).", ("Buy now.",), id="a tag as an address"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_a_body_in_plain_words(text: str, expected: tuple[str, ...]) -> None:
    assert paragraphs(text) == expected


@pytest.mark.parametrize(
    ("text", "after"),
    [
        pytest.param(f"{LONG}\n\nMore.", ["More."], id="the first paragraph"),
        pytest.param(f"Hi!\n\n{LONG}\n\nMore.", ["More."], id="after a greeting"),
        pytest.param(f"# Head\n\n{LONG}\n\nMore.", ["More."], id="with its heading"),
        pytest.param("Hi.\n\nThere.\n\n<!-- excerpt -->\n\nMore.\n\nEnd.", ["More.", "End."], id="a mark"),
        pytest.param("Hi.\n\n## Head\n\n<!-- excerpt -->\n\nMore.", ["More."], id="a mark after a heading"),
        pytest.param("Hi <!-- excerpt --> there.\n\nMore.", ["Hi there.", "More."], id="a mark in a paragraph"),
        pytest.param(f"> {LONG}", [], id="a quotation"),
        pytest.param(f"> Said.\n\n{LONG}\n\nMore.", ["“Said.”", "More."], id="what precedes and is no greeting"),
        pytest.param(f"- one\n\n- two\n\n{LONG}", ["• one\n• two"], id="a list that precedes"),
        pytest.param(f"{LONG}\n\n- one\n- two", ["• one\n• two"], id="a list that follows"),
        pytest.param("- one\n- two", ["• one\n• two"], id="no excerpt"),
    ],
)
def test_it_knows_what_the_excerpt_has_said(text: str, after: list[str]) -> None:
    plain = render_body(text, permalink=HERE, in_plain_words=True).plain
    assert list(plain.unsaid) == after


def test_it_is_made_only_where_it_is_selected() -> None:
    assert render_body("Text.", permalink=HERE).plain.paragraphs == ()
