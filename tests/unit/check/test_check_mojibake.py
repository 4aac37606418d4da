"""Words that were read in a wrong encoding: found with what they would be, and nothing else is taken for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.check.typography import check_mojibake
from bot.domain import Post, Severity
from tests.support.corpus import BY_NAME, Corpus

MakePost = Callable[..., Post]
WORDS = "Don’t wait – the café opens at eight"


@pytest.mark.parametrize("encoding", ["windows-1252", "macroman", "latin-1", "windows-1251"])
def test_each_wrong_encoding_is_seen_through(make_post: MakePost, encoding: str) -> None:
    garbled = "Don’t".encode().decode(encoding)
    (finding,) = check_mojibake(make_post("a"), f"---\ntitle: x\n---\n\nWell. {garbled} wait, please.\n")
    assert (finding.rule, finding.severity, finding.line) == ("mojibake", Severity.WARNING, 5)
    assert "Don’t" in finding.remedy
    assert "Well" not in str(finding)
    assert "please" not in str(finding)
    assert str(finding).isprintable()


def test_it_says_what_it_is_and_what_it_would_be(make_post: MakePost) -> None:
    (finding,) = check_mojibake(make_post("a"), "We haven‚Äôt sold out")
    assert str(finding) == (
        'posts/a.md:1: "haven‚Äôt" looks like words that were read in a wrong encoding. '
        'If so, write what it would be: "haven’t". `announce check --fix` does that.'
    )


def test_each_line_is_named_and_a_long_one_cut(make_post: MakePost) -> None:
    line = WORDS.encode().decode("windows-1252")
    found = list(check_mojibake(make_post("a"), f"good\n{line}\ngood\u2028still\n{f'{line} ' * 40}\n"))
    assert [finding.line for finding in found] == [2, 4]
    assert "…" in found[1].remedy
    assert len(str(found[1])) < 300


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain words",
        WORDS,
        "Grüße, Żółć, Ærøskøbing, São Paulo, naïve café",
        "Привет, 你好, مرحبا, שלום",
        "🐂 👩‍🚀 🇫🇮 ﷺ ½ × 30 °C",
        "“Quoted” ‘words’… and a\u00a0space, ligatures ﬁ, Ｗｉｄｅ",
        "ÂNGELA, À LA CARTE, ÉTÉ, Ã is a letter",
    ],
)
def test_words_of_all_languages_are_left_in_peace(make_post: MakePost, line: str) -> None:
    assert list(check_mojibake(make_post("a"), line)) == []


@pytest.mark.parametrize("corpus", BY_NAME)
def test_the_garbled_post_is_found_with_its_words(make_post: MakePost, corpus: Corpus) -> None:
    source = corpus.garbled.read_text(encoding="utf-8")
    good = corpus.text(corpus.schedule).split("\n")
    found = list(check_mojibake(make_post("a"), source))
    assert found
    for finding in found:
        assert finding.line is not None
        assert finding.remedy.split('"')[1].removesuffix("…") in good[finding.line - 1]
    different = [number for number, line in enumerate(source.split("\n"), start=1) if line != good[number - 1]]
    assert [finding.line for finding in found] == different


@pytest.mark.parametrize("corpus", BY_NAME)
def test_good_posts_have_none(make_post: MakePost, corpus: Corpus) -> None:
    for path in corpus.files:
        assert list(check_mojibake(make_post("a"), path.read_text(encoding="utf-8"))) == [], path.name
