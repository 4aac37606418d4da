"""Markdown → HTML for the feeds."""

from __future__ import annotations

import pytest

from bot.posts.body.render import BodyError, render_body

PERMALINK = "https://heron.example/news/schedule/"


def html(text: str) -> str:
    return render_body(text, permalink=PERMALINK).html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("One *two* **three**", "<p>One <em>two</em> <strong>three</strong></p>"),
        ("~~old~~", "<p><s>old</s></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>"),
        ("a & b < c", "<p>a &amp; b &lt; c</p>"),
        ("a\r\nb", "<p>a\nb</p>"),
        ("naïve 🐦", "<p>naïve 🐦</p>"),
        ("a&#1;b &#xFFFE; c", "<p>a\ufffdb \ufffd c</p>"),
        ("<p>a&#1;b&#xFFFE;</p>", "<p>ab</p>"),
    ],
)
def test_markdown(text: str, expected: str) -> None:
    assert html(text) == expected


def test_tables() -> None:
    found = html("| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<th>a</th>" in found
    assert "<td>2</td>" in found


@pytest.mark.parametrize(
    "kept",
    [
        '<figure><img src="https://x.example/a.png" alt="A"><figcaption>Words</figcaption></figure>',
        '<img src="https://x.example/a.png" alt="" width="3" height="2" loading="lazy" sizes="50vw">',
        '<picture><source srcset="https://x.example/a.webp 2x" type="image/webp">'
        '<img src="https://x.example/a.png" alt="A"></picture>',
        '<video src="https://x.example/a.mp4" poster="https://x.example/a.png" controls="">'
        '<track src="https://x.example/a.vtt" kind="captions" srclang="en"></video>',
        '<audio src="https://x.example/a.mp3" controls=""></audio>',
        '<details open=""><summary>More</summary>Words</details>',
        '<p>H<sub>2</sub>O x<sup>2</sup> <abbr title="Code">CoC</abbr> <kbd>q</kbd> <mark>m</mark></p>',
        "<dl><dt>a</dt><dd>b</dd></dl>",
        '<p lang="de" dir="ltr">Wort</p>',
        '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        '<a href="mailto:team@heron.example">mail</a>',
    ],
)
def test_what_readers_understand_is_kept(kept: str) -> None:
    assert html(f"<div>{kept}</div>") == f"<div>{kept}</div>"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<script>alert(1)</script>", ""),
        ("<style>p {}</style>", ""),
        ('<p style="color: red" class="x" id="y" data-z="1" onclick="f()">a</p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', "a"),
        ('<a href=" JaVa\tScript:alert(1)">a</a>', "a"),
        ('<a href="vbscript:x">a</a>', "a"),
        ('<img src="data:image/png;base64,x" alt="A">', ""),
        ('<img src="x.png" onerror="alert(1)" alt="A">', f'<img src="{PERMALINK}x.png" alt="A">'),
        ("<svg><script>alert(1)</script><text>a</text></svg>", ""),
        ("<math><mi>x</mi></math>", ""),
        ("<form><input value='a'><button>Send</button></form>words", "words"),
        ("<font color='red'>a</font>", "a"),
        ("<noscript><p>a</p></noscript>b", "b"),
        ("<div><p>a</div>", "<div><p>a</p></div>"),
        ("<a name='x'>a</a>", "a"),
        ("<img alt='A'>", ""),
        ("<x-card>a</x-card>", "a"),
    ],
)
def test_what_is_harmful_or_pointless_goes(raw: str, expected: str) -> None:
    assert html(f"<div>\n{raw}\n</div>").replace("\n", "") == f"<div>{expected}</div>"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/tickets/", "https://heron.example/tickets/"),
        ("other", "https://heron.example/news/schedule/other"),
        ("../cfp/", "https://heron.example/news/cfp/"),
        ("#part", "https://heron.example/news/schedule/#part"),
        ("?a=1&b=2", "https://heron.example/news/schedule/?a=1&amp;b=2"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("http://else.example/", "http://else.example/"),
    ],
)
def test_addresses_become_absolute(address: str, expected: str) -> None:
    assert html(f"[a]({address})") == f'<p><a href="{expected}">a</a></p>'
    assert f'src="{expected}"' in html(f"![a]({address})")
    assert f'cite="{expected}"' in html(f'<blockquote cite="{address}">a</blockquote>')
    assert f'poster="{expected}"' in html(f'<video src="/a.mp4" poster="{address}"></video>')


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a.png", f"{PERMALINK}a.png"),
        ("/a.png 1x, /b.png 2x", "https://heron.example/a.png 1x, https://heron.example/b.png 2x"),
        ("/a.png 100w,/b.png 200w", "https://heron.example/a.png 100w, https://heron.example/b.png 200w"),
        (" ,/a,b.png  2x , ", "https://heron.example/a,b.png 2x"),
        ("javascript:x 1x, /b.png 2x", "https://heron.example/b.png 2x"),
    ],
)
def test_srcset_becomes_absolute(srcset: str, expected: str) -> None:
    assert html(f'<img src="/a.png" alt="" srcset="{srcset}">') == (
        f'<img src="https://heron.example/a.png" alt="" srcset="{expected}">'
    )


@pytest.mark.parametrize("address", ["http://[", "https://", "http://exa[mple/", "ftp://x.example/a"])
def test_an_address_that_leads_nowhere_leaves_its_words(address: str) -> None:
    assert html(f'<p>See <a href="{address}">this</a>.</p>') == "<p>See this.</p>"


@pytest.mark.parametrize(
    ("embed", "url", "host"),
    [
        (
            '<iframe src="https://www.youtube.com/embed/a_B-1?rel=0" allowfullscreen></iframe>',
            "https://www.youtube.com/watch?v=a_B-1",
            "youtube.com",
        ),
        (
            '<iframe src="https://www.youtube-nocookie.com/embed/a_B-1?start=90"></iframe>',
            "https://www.youtube.com/watch?v=a_B-1&amp;t=90s",
            "youtube.com",
        ),
        (
            '<iframe src="//www.youtube.com/embed/videoseries?list=PL1"></iframe>',
            "https://www.youtube.com/playlist?list=PL1",
            "youtube.com",
        ),
        ('<iframe src="https://player.vimeo.com/video/12?h=x"></iframe>', "https://vimeo.com/12", "vimeo.com"),
        ('<iframe src="https://maps.example/x?a=1">old</iframe>', "https://maps.example/x?a=1", "maps.example"),
        ('<embed src="/a.pdf">', "https://heron.example/a.pdf", "heron.example"),
        ('<object data="/a.pdf"><p>old</p></object>', "https://heron.example/a.pdf", "heron.example"),
    ],
)
def test_embedded_content_becomes_a_link(embed: str, url: str, host: str) -> None:
    poster = '<img src="https://i.ytimg.com/vi/a_B-1/hqdefault.jpg" alt=""><br>' if "watch?" in url else ""
    link = f'<a href="{url}">{poster}Embedded content: {host}</a>'
    assert html(f"<div>\n{embed} after</div>").replace("\n", "") == f"<div><p>{link}</p> after</div>"
    assert html(f"before {embed} after") == f"<p>before {link} after</p>"


def test_embedded_content_is_named_by_its_title() -> None:
    shown = html('<iframe src="https://maps.example/x" title="How to &lt;get&gt;\n there"></iframe>')
    assert shown == (
        '<p><a href="https://maps.example/x">Embedded content: How to &lt;get&gt; there, maps.example</a></p>'
    )


@pytest.mark.parametrize("embed", ["<iframe></iframe>", '<iframe src="javascript:x"></iframe>', "<embed>"])
def test_embedded_content_without_address_goes(embed: str) -> None:
    assert "Embedded" not in html(f"<div>{embed}</div>")
    assert "<iframe" not in html(f"<div>{embed}</div>")


@pytest.mark.parametrize(
    ("text", "levels"),
    [("## a\n### b", "23"), ("# a\n## b\n###### c", "236"), ("<h1>a</h1>\n\n## b", "23"), ("Words", "")],
)
def test_headings_leave_the_first_level_to_the_title(text: str, levels: str) -> None:
    assert "".join(part[0] for part in html(text).split("<h")[1:]) == levels


@pytest.mark.parametrize(
    "text",
    [
        "a <!-- secret --> b",
        "<!-- secret -->\n\na b",
        "<!--\nsecret\n\nsecret\n-->\n\na b",
        "a <!-- secret\n\nsecret --> b",
        "a <!-- secret\n- secret\n# secret --> b",
        "a b\n\n<!-- secret, never closed\n\nsecret",
        "<div>a <!-- secret --> b</div>",
    ],
)
def test_a_comment_never_shows(text: str) -> None:
    found = html(text)
    assert "secret" not in found
    assert "<!--" not in found
    assert "a" in found
    assert "b" in found


@pytest.mark.parametrize("text", ["```\n<!-- a\n\nb -->\n```", "Write `<!--` first.\n\nThen `-->`."])
def test_a_comment_that_is_code_is_shown(text: str) -> None:
    assert "&lt;!--" in html(text)
    assert "--&gt;" in html(text)
    assert html(text).count("\n") >= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[buy it]({{ site.tickets }})!", "<p>buy it!</p>"),
        ("[buy it]({{site.tickets}}) now", "<p>buy it now</p>"),
        ("[buy **it**](https://x.example/{{ id }})", "<p>buy <strong>it</strong></p>"),
        ("<a href=\"{% url 'x' %}\">here</a>", "<p>here</p>"),
        ("![A]({{ picture }}) b", "<p> b</p>"),
        ("![A]({{ picture }})", ""),
        ("It costs {{ price }} euros", "<p>It costs euros</p>"),
        ("It costs {{ price }}.", "<p>It costs.</p>"),
        ("{% include 'x.html' %}\n\nWords", "<p>Words</p>"),
        ("## {{ title }}\n\nWords", "<p>Words</p>"),
        ('<img src="/a.png" alt="The {{ x }} hall">', '<img src="https://heron.example/a.png" alt="The hall">'),
        ("Use `{{ name }}` here", "<p>Use <code>{{ name }}</code> here</p>"),
        ("```\n{% if a %}\n```", "<pre><code>{% if a %}\n</code></pre>"),
        ("<pre>{{ <b>x</b> }}</pre>", "<pre>{{ &lt;b&gt;x&lt;/b&gt; }}</pre>"),
        ('`<b>{{ "x" }}</b>`', '<p><code>&lt;b&gt;{{ "x" }}&lt;/b&gt;</code></p>'),
        ("*{{ x }}* and **a {{ y }}**", "<p><em></em> and <strong>a </strong></p>"),
        (
            '<picture><source srcset="{{ x }} 2x"><source srcset="/a.webp"><img src="/a.png" alt=""></picture>',
            '<p><picture><source srcset="https://heron.example/a.webp">'
            '<img src="https://heron.example/a.png" alt=""></picture></p>',
        ),
        ("[a]: {{ url }}\n\n[words][a]", "<p>words</p>"),
    ],
)
def test_template_tags_never_reach_readers_but_as_code(text: str, expected: str) -> None:
    assert html(text) == expected


@pytest.mark.parametrize(
    ("text", "left_over"),
    [
        ("none", []),
        ("{{ a }} `{{ b }}` [x]({{ c }})", ["{{ a }}", "{{ c }}"]),
        ("```\n{{ a }}\n```", []),
        ("<!-- {{ a }} --> {{ b }}", ["{{ b }}"]),
        ("<div {{ a }}>x</div>", ["{{ a }}"]),
        ("<script>{{ a }}</script>", ["{{ a }}"]),
    ],
)
def test_tags_that_are_left_over_are_known(text: str, left_over: list[str]) -> None:
    assert [tag.text for tag in render_body(text, permalink=PERMALINK).left_over] == left_over


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(BodyError, match="200 levels"):
        html("<div>" * 100_000)
    assert html("<div>" * 150 + "x").count("<div>") == 150


def test_what_closes_the_page_closes_nothing() -> None:
    assert html("a\n\n</div></body></html>\n\nb").replace("\n", "") == "<p>a</p><p>b</p>"


@pytest.mark.parametrize("unit", ["[", "![", "*a ", "<", "`a``", "> ", "|a", "&", "{{", "<!--", "<a "])
def test_strange_bodies_take_no_ages(unit: str) -> None:
    html(unit * 5_000)
