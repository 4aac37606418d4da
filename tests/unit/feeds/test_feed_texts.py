"""Texts that every format accepts, and the cover in front of the content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bot.domain import Picture
from bot.feeds.item import make_content_html, shows_picture
from bot.feeds.text import clean_html, clean_line, clean_text, escape_for_html, strip_elements, to_uri

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
URL = "https://heronbridge.example/boat.jpg?w=2&h=1"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain words", "plain words"),
        ("a\x00b\x08c\x0bd\x1fe", "abcde"),
        ("a\x7fb\x80c\x9f", "abc"),
        ("half \ud83d emoji \udc00", "half  emoji "),
        ("two halves \ud83d\ude00", "two halves 😀"),
        ("\ufdd0\ufffe\uffff", ""),
        ("one\r\ntwo\rthree\x85four\n", "one\ntwo\nthree\nfour\n"),
        ("tab\tand ]]> and 🌊 stay", "tab\tand ]]> and 🌊 stay"),
    ],
)
def test_forbidden_characters_are_taken_out(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@given(ANY_TEXT)
def test_any_text_becomes_one_that_xml_and_utf8_take(text: str) -> None:
    for cleaned in (clean_text(text), clean_html(text), clean_line(text)):
        element = etree.Element("title", about=cleaned)
        element.text = cleaned
        assert etree.fromstring(etree.tostring(element, encoding="UTF-8")).text == (cleaned or None)
        assert clean_text(cleaned) == cleaned


def test_a_forbidden_character_in_html_does_not_join_its_neighbours() -> None:
    assert "javascript:" not in clean_html('<a href="java\x01script:alert(1)">x</a>')


@pytest.mark.parametrize("character", [chr(code) for code in range(128)], ids=ascii)
def test_html_in_ascii_alone_is_cleaned_as_any_other(character: str) -> None:
    html = f"<p>a{character}b</p>"
    assert clean_html(html) == clean_html(f"{html}é")[:-1]


@given(ANY_TEXT)
def test_one_line_is_one_line_without_spare_spaces(text: str) -> None:
    line = clean_line(text)
    assert line.splitlines() in ([], [line])
    assert line == line.strip()
    assert "  " not in line


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        ("Questions & answers at 5 < 6 > 4", "Questions & answers at 5 < 6 > 4"),
        ("the <template> tag", "the &lt;template> tag"),
        ("</p> <!-- --> <?xml", "&lt;/p> &lt;!-- --> &lt;?xml"),
        ("&amp; and &#38; and &x26; but R&D; and AT&T", "&amp;amp; and &amp;#38; and &amp;x26; but R&amp;D; and AT&T"),
    ],
)
def test_only_what_looks_like_markup_is_escaped_in_a_description(plain: str, escaped: str) -> None:
    assert escape_for_html(plain) == escaped


def test_the_cover_comes_first_with_its_alt_text_and_size() -> None:
    cover = Picture(url=URL, alt='A "red" boat & <a> bridge', width=40, height=30)
    assert make_content_html("<p>Come.</p>", cover=cover, instead="Boats") == (
        '<p><img src="https://heronbridge.example/boat.jpg?w=2&amp;h=1" '
        'alt="A &quot;red&quot; boat &amp; &lt;a&gt; bridge" width="40" height="30"></p>\n<p>Come.</p>'
    )


@pytest.mark.parametrize("cover", [Picture(url=URL), Picture(url=URL, width=40), Picture(url=URL, height=30)])
def test_without_alt_text_or_size_the_cover_is_decorative_and_unmeasured(cover: Picture) -> None:
    html = make_content_html("<p>Come.</p>", cover=cover, instead="Boats")
    assert html.startswith('<p><img src="https://heronbridge.example/boat.jpg?w=2&amp;h=1" alt=""></p>')


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (f'<p><img alt="x" src="{URL}"></p>', True),
        (f'<p><img src="{URL.replace("&", "&amp;")}"></p>', True),
        (f"<p><img src='{URL}' /></p>", True),
        (f'<p><a href="{URL}">the picture</a></p>', False),
        (f'<p><img src="{URL}0"></p>', False),
        (f"<p>{URL}</p>", False),
        ("", False),
    ],
)
def test_the_cover_is_left_out_where_the_text_shows_it(html: str, shown: bool) -> None:
    assert shows_picture(html, URL) is shown
    content = make_content_html(html or "<p></p>", cover=Picture(url=URL), instead="Boats")
    assert content.startswith("<p><img src=") is (not shown or html.startswith("<p><img src="))
    assert content.count("<img") == max(1, html.count("<img") + (not shown))


@pytest.mark.parametrize("html", ["", " \n ", "\x00"])
def test_an_empty_body_becomes_a_paragraph(html: str) -> None:
    assert make_content_html(html, cover=None, instead="Boats & <b>") == "<p>Boats &amp; &lt;b&gt;</p>"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ana & Bo <3", "Ana & Bo <3"),
        ("<b>Ana</b> Lund", "Ana Lund"),
        ('<a href="x"><i>Ana</i></a>', "Ana"),
        ("Tables </table>", "Tables ‹/table›"),
        ("a <table> only", "a <table> only"),
    ],
)
def test_a_name_holds_nothing_that_could_be_taken_for_html(name: str, shown: str) -> None:
    assert strip_elements(name) == shown


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://conf.example/a.png?x=1&y=%20#z", "https://conf.example/a.png?x=1&y=%20#z"),
        ("https://bücher.example/ü [1].png", "https://xn--bcher-kva.example/%C3%BC%20%5B1%5D.png"),
        ("http://127.0.0.1:80/a", "http://127.0.0.1:80/a"),
        ("https://conf.example/a?", "https://conf.example/a"),
        ("https://conf.example?#", "https://conf.example"),
        ("https://conf.example/?a=?#b#", "https://conf.example/?a=?#b#"),
        ("https://[::1]/a.png", None),
        ("https://a:b@conf.example/a.png", None),
        (f"https://{'ü' * 80}.example/a.png", None),
        ("https:///a.png", None),
        ("data:image/png,x", None),
        ("", None),
    ],
)
def test_an_address_has_the_characters_of_a_uri_or_is_none(url: str, plain: str | None) -> None:
    assert to_uri(url) == plain


@given(
    st.sampled_from(["", "h.example", "h.example/"]), st.text(st.sampled_from("ab.-:/?#;%@&=+ ~'()[]\tü"), max_size=6)
)
def test_an_address_that_is_plain_at_a_glance_is_the_same_as_one_taken_apart(host: str, rest: str) -> None:
    # One with its scheme in capitals is always taken apart, which makes small letters of them.
    assert to_uri(f"https://{host}{rest}") == to_uri(f"HTTPS://{host}{rest}")
