"""Posts as bad luck or bad will would write them, from the file's bytes to feeds that keep every rule and agree."""

from __future__ import annotations

import json
from pathlib import Path
from runpy import run_path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bot.config import Config, Feeds, Site
from bot.domain import Entry, Post
from bot.domain.errors import PostError
from bot.feeds.build import render_feeds
from bot.feeds.entry import entry_of
from bot.posts.reader import parse_post

HERE = Path(__file__).parent
RULES = run_path(str(HERE / "test_feed_w3c_rules.py"))["RULES"]
TABLES = run_path(str(HERE / "test_feed_readers.py"))
SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="Europe/Helsinki")
FEEDS = Feeds(archive=1, entries=2, categories=True, tags=True, hubs=("https://hub.example/",))

BODIES = {
    "control characters": "a\x00b\x0bc\x1b[31m\x7f\x9f￾ d",
    "end of CDATA": "]]> and <![CDATA[ x ]]> and ]]&gt;",
    "no end of lines": "one\rtwo\r\nthree\x85four\u2028five",
    "script": "<script>alert(1)</script><p onclick=x>Hi<img src=x onerror=alert(1)></p>",
    "scripted links": "[x](javascript:alert(1)) <a href='java\tscript:x'>y</a> [z](data:text/html,x) [f](file:///etc)",
    "styles": '<p style="position:fixed">x</p><style>p{}</style><link rel=stylesheet href=//x.example/y.css>',
    "frames": '<iframe src="https://www.youtube.com/embed/a1"></iframe><object data="x.swf"></object><svg><a/></svg>',
    "forms": "<form action=x><input name=y><button>z</button></form>",
    "relative addresses": "![a](/a.png) [b](b/c) [d](#e) <a href='?q=1'>q</a> <video poster='p.png' src=//v.example/v>",
    "srcset": '<img alt="" src="a.png" srcset="a.png 1x, /b,c.png 2x, data:x 3x">',
    "broken nesting": "<b><i>x</b></i><p><div><table><tr><td>y</p></div></li></ul></body></html>",
    "headings": "# One\n\n## Two\n\n###### Six",
    "tables and quotes": "> quoted\n\n| a | b |\n|---|---|\n| 1 | `{{ x }}` |\n",
    "template tags": "{{ site.url }}/x [y]({% url 'z' %}) `{{ kept }}` {{ unclosed",
    "emoji": "🐂 👩‍🚀 🇫🇮 é ﷺ \U0001f9ff \u202egnp.exe",
    "mojibake": "Itâ€™s a âœ¨ cafÃ©",
    "entities": "&nbsp; &amp;nbsp; &notanentity; &#0; &#x1F600; &#xD800; <",
    "comments": "<!-- x --> <!--- --> --> <!-- never closed",
    "a namespace": '<x:y xmlns:x="u">z</x:y> <?php echo 1 ?> <!DOCTYPE html> <math><mi>x</mi></math>',
    "nothing": "",
    "only a picture": "![](x.png)",
    "very long line": "x" * 50_000,
}
FRONT = {
    "markup": "title: '<b>Bold</b> & \"brave\" &amp; </title>'",
    "no author": "title: T\nauthor: ''",
    "authors": "title: T\nauthor: ['A, B', 'c@d.example', '<e>', 'A, B', '{{ f }}']",
    "categories": "title: T\ncategory: 'a, b / ../c'\ntags: ['', '<t>', 'ü', '🐂', 'ü', C, C++]",
    "missing cover": "title: T\ncover: {url: /nowhere.png, alt: 'x'}",
    "remote cover": "title: T\ncover: {url: 'https://elsewhere.example/a b.png?x=1&y=2', alt: 'a \"b\" <c>'}",
    "elements": "title: 'Use <b>bold</b> & </table> &nbsp; &#x3C;'\nauthor: '<i>Ana</i></p>'",
    "elements in names": "title: T\ncategory: '<b><i>x</i></b>'\ntags: ['a </a>', 'Q &amp; A', 'R&D']",
    "element in summary": "title: T\nsummary: 'Close it with </div> &copy;'\ncover: {url: /a.png, alt: 'a </b>'}",
    "name in other letters": "title: T\ncover: {url: 'https://bücher.example/ü [1].png', alt: x}",
    "strange id": "title: T\nid: 'späte:idee#1'",
    "language": "title: T\nlanguage: pt-BR",
    "control characters": 'title: "T\\0\\b\\x9f\\uFFFE x"\nsummary: "s\\x01 </p>"',
    "emoji": "title: 🐂\nsummary: '🐂 & 🐄'",
    "multiline": "title: |\n  one\n  two\nsummary: |\n  three\n\n  four",
}


def config() -> Config:
    root = Path("/nonexistent")
    return Config(root=root, path=root / "config/bot.toml", site=SITE, feeds=FEEDS)


def post_of(front: str, body: str, *, slug: str = "hostile") -> Post:
    text = f"---\n{front}\npublished_datetime: 2025-03-04 14:00\n---\n{body}\n"
    data = text.encode("utf-8", "surrogatepass")
    post = parse_post(data, path=Path(f"/nonexistent/posts/{slug}.md"), slug=slug, config=config())
    assert post is not None
    return post


def entry(front: str, body: str, *, slug: str = "hostile") -> Entry:
    post = post_of(front, body, slug=slug)
    assert post.published is not None
    return entry_of(post, released_at=post.published)


def check(entries: list[Entry]) -> dict[str, bytes]:
    made = render_feeds(entries, site=SITE, feeds=FEEDS)
    assert made.faults == ()
    files = {name.removeprefix("news/"): bytes(content) for name, content in made.files.items()}
    for name, content in files.items():
        kind = name.rpartition("/")[2]
        if kind in RULES:
            assert list(RULES[kind](content, f"https://heronbridge.example/news/{name}")) == [], name
    folders = {name.removesuffix("feed.json") for name in files if name.endswith("feed.json")}
    for folder in folders:
        table = TABLES["json_table"](files[f"{folder}feed.json"])
        assert TABLES["rss_table"](files[f"{folder}rss.xml"]) == table
        assert TABLES["atom_table"](files[f"{folder}atom.xml"]) == table
    return files


def read(content: bytes) -> Any:
    feed = feedparser.parse(content)
    assert not feed.bozo
    return feed.entries[0]


@pytest.mark.parametrize("front", FRONT)
@pytest.mark.parametrize("body", ["end of CDATA", "nothing"])
def test_hostile_front_matter_makes_sound_feeds(front: str, body: str) -> None:
    files = check([entry(FRONT[front], BODIES[body])])
    item = json.loads(files["feed.json"])["items"][0]
    for name in ("rss.xml", "atom.xml"):
        found = read(files[name])
        assert found.link == item["url"]
        assert found.id == item["id"]
        assert "{{" not in str(found.authors)


@pytest.mark.parametrize("body", BODIES)
def test_hostile_bodies_make_sound_feeds(body: str) -> None:
    files = check([entry("title: T", BODIES[body])])
    html = json.loads(files["feed.json"])["items"][0]["content_html"]
    assert "<h1" not in html
    assert '="javascript:' not in html.lower()
    assert "{{ site.url }}" not in html
    assert etree.fromstring(files["atom.xml"]) is not None
    if BODIES[body]:
        assert read(files["atom.xml"]).content[0].value.strip()


def test_all_of_them_together_make_sound_feeds() -> None:
    everything = [entry(FRONT[front], "words", slug=f"f{number}") for number, front in enumerate(FRONT)]
    everything += [
        entry(f"title: T\ncategory: {body}", BODIES[body], slug=f"b{number}") for number, body in enumerate(BODIES)
    ]
    files = check(everything)
    assert len([name for name in files if name.startswith("archive/")]) == 3 * len(everything)


ANY = st.characters(exclude_categories=())
MARKUP = st.sampled_from("<>&\"'/=[]()!#{}%`*_\n ")


@settings(deadline=None, max_examples=40)
@given(title=st.text(ANY, max_size=30), body=st.text(st.one_of(ANY, MARKUP), max_size=80))
def test_whatever_a_post_holds_its_feeds_are_sound_or_the_post_is_refused(title: str, body: str) -> None:
    try:
        hostile = entry(f"title: {json.dumps('T' + title)}", body)
    except PostError:
        return
    check([hostile])


def test_a_cover_on_another_host_of_unknown_length_is_shown_and_is_no_enclosure() -> None:
    files = check([entry(FRONT["remote cover"], "words")])
    item = json.loads(files["feed.json"])["items"][0]
    assert item["image"] == "https://elsewhere.example/a%20b.png?x=1&y=2"
    assert "attachments" not in item
    for name in ("rss.xml", "atom.xml"):
        assert read(files[name]).enclosures == []
        assert b"media:content" in files[name]
