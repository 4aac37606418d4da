"""The rules that the W3C feed validator and the specifications set for what these feeds hold.

Written down from RFC 4287 (Atom), the RSS 2.0 specification with the RSS Board's best practices, JSON Feed 1.1 and
Media RSS 1.5.1, as the validator applies them; the validator's name of a rule stands first in a finding where it
has one. Each rule is shown to fail on a feed that breaks it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from html.entities import name2codepoint
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar

import pytest
from lxml import etree
from pydantic import TypeAdapter

from bot.config import Feeds, Site
from bot.domain import Entry, Picture
from bot.feeds.build import render_feeds
from tests.support.digests import both

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "feeds"
SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
OWN_URL = "https://heronbridge.example/news/"

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
MEDIA = "{http://search.yahoo.com/mrss/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
KNOWN_SPACES = {"", ATOM, CONTENT, MEDIA, HISTORY, CREATOR.removesuffix("creator")}
#: Relations of links that a feed of ours may have (RFC 4287 and 5005, WebSub); the validator knows all of them.
FEED_RELATIONS = {"self", "alternate", "hub", "current", "prev-archive"}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d [+-]\d{4}"
)
FULL_URI = re.compile(r"(https?://[^\s/]+/\S*|tag:[a-z0-9.-]+,\d{4}:[0-9A-Za-z;/?:@&=+$._!~*'(),%-]+)")
HTTP_URL = re.compile(r"https?://([A-Z0-9-]+\.)+[A-Z0-9][-A-Z0-9]*(:\d+)?(/|$)", re.IGNORECASE)
MIME = re.compile(r"[\w.+-]+/[\w.+-]+")

KNOWN_FEED_KEYS = {
    *("version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url"),
    *("icon", "favicon", "authors", "language", "expired", "hubs", "items"),
}
KNOWN_ITEM_KEYS = {
    *("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image"),
    *("date_published", "date_modified", "authors", "tags", "language", "attachments"),
}

Rules = Callable[[bytes, str], Iterator[str]]


def any_xml(root: etree._Element) -> Iterator[str]:
    for element in root.iter():
        space = str(element.tag)[: str(element.tag).find("}") + 1]
        if space not in KNOWN_SPACES:
            yield f"UnknownNamespace {space}"
        for text in (element.text or "", *map(str, element.attrib.values())):
            if re.search("[\x7f-\x9f\ufffd]", text):
                yield f"BadCharacters {element.tag}"
    if root.findall(f".//{MEDIA}group"):
        yield "a media:group is for versions of one thing"
    for picture in root.iter(f"{MEDIA}content"):
        if not FULL_URI.fullmatch(picture.get("url", "")) or picture.get("medium") != "image":
            yield "media:content wants a full url and its medium"
        if not re.fullmatch(r"[a-zA-Z][0-9a-zA-Z+.-]*:(//)?[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]+", picture.get("url", "")):
            yield "InvalidFullLink, InvalidUriChar: media:content"
        if not all(picture.get(name, "1").isdecimal() for name in ("fileSize", "width", "height")):
            yield "media:content: sizes are numbers"


# html5's and HTML's own names, as far as the validator's nonhtml looks: any will do for a rule.
END_TAG = re.compile(r"</(\w+)>")
ENTITY = re.compile(r"&(#?\w+)")
PLAIN = re.compile(rb"<(title|name|summary|category|media:description)(?: type=\"plain\")?>(.*?)</\1>", re.DOTALL)


def plain_texts(content: bytes) -> Iterator[str]:
    """The validator's nonhtml: ContainsHTML, ContainsUndeclaredHTML and CharacterData, and its eye for "&#x"."""
    for found in PLAIN.finditer(content):
        raw = found[2].decode()
        value = html.unescape(raw)
        if END_TAG.search(value):
            yield f"ContainsHTML {raw}"
        named = [name for name in ENTITY.findall(value) if name in name2codepoint or not name.isalpha()]
        if (named or re.search("&#[x0-9]|<[/a-zA-Z]", value)) and "&#x" not in raw:
            yield f"ContainsUndeclaredHTML or CharacterData {raw}"


def archive_rules(root: etree._Element, channel: etree._Element, url: str) -> Iterator[str]:
    """RFC 5005 section 4, and WebSub section 4 (one self, any number of hubs)."""
    links = [(link.get("rel"), link.get("href", "")) for link in channel.findall(f"{ATOM}link")]
    relations = [rel for rel, _ in links]
    if not {rel for rel in relations if rel} <= FEED_RELATIONS:
        yield f"unknown relation in {relations}"
    if relations.count("self") != 1 or relations.count("prev-archive") > 1 or relations.count("current") > 1:
        yield "DuplicateAtomLink"
    if any(not FULL_URI.fullmatch(href) and not re.fullmatch(r"https?://[^\s/]+", href) for _, href in links):
        yield "InvalidLink: a link is no full address"
    if any(href == url for rel, href in links if rel in ("current", "prev-archive")):
        yield "an archive must not lead to itself"
    is_archive = channel.find(f"{HISTORY}archive") is not None
    if is_archive != ("current" in relations):
        yield "fh:archive marks the pages of an archive, and those name the current feed"
    if root.findall(f".//{HISTORY}archive") != channel.findall(f"{HISTORY}archive"):
        yield "fh:archive is a child of the feed"


def any_html(content: str) -> Iterator[str]:
    if re.search(r"<(script|iframe|object|embed|svg|form)\b|<[^>]*\son\w+=", content, re.IGNORECASE):
        yield "SecurityRisk"
    addresses = re.findall(r'\b(?:href|src|poster|cite)="([^"]*)"', content)
    addresses += [one.split()[0] for found in re.findall(r'srcset="([^"]*)"', content) for one in found.split(", ")]
    if not all(re.match(r"(https?://[^/]|mailto:|tel:|[a-z]+:(?!script))", url) for url in addresses):
        yield "ContainsRelRef"
    words = re.sub(r"<(code|pre)\b.*?</\1>", "", content, flags=re.DOTALL)
    if re.search(r"\{\{.*?\}\}|\{%.*?%\}", words):
        yield "a template tag that nothing resolved"
    if re.search(r"<[^>]*\sstyle=", content):
        yield "SecurityRisk, DangerousStyleAttr: styles are not for feeds"
    nesting = Nesting()
    nesting.feed(content)
    nesting.close()
    if nesting.problem or nesting.opened:
        yield f"NotHtml: {nesting.problem or f'{nesting.opened} without an end'}"


class Nesting(HTMLParser):
    """The validator's HTMLValidator: each element ends where it should, and void ones have no end."""

    VOID: ClassVar = {"area", "br", "col", "hr", "img", "source", "track", "wbr"}

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.problem = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.opened or self.opened.pop() != tag:
            self.problem = self.problem or f"</{tag}> ends what did not begin"


def text_of(parent: etree._Element, name: str) -> str:
    return (parent.findtext(name) or "").strip()


def repeated(values: list[str]) -> bool:
    return len(values) != len(set(values))


def rss_rules(content: bytes, url: str) -> Iterator[str]:
    root = etree.fromstring(content)
    yield from any_xml(root)
    yield from plain_texts(content)
    channel = root.find("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or channel is None:
        yield "this is not RSS 2.0"
        return
    yield from (f"MissingElement {name}" for name in ("title", "link", "description") if not text_of(channel, name))
    yield from archive_rules(root, channel, url)
    own = [link for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if [(link.get("href"), link.get("type")) for link in own] != [(url, "application/rss+xml")]:
        yield "MissingSelf, SelfDoesntMatchLocation"
    if not re.fullmatch(r"[a-z]{2,3}(-\w+)*", text_of(channel, "language")):
        yield "InvalidLanguage"
    if not RFC822.fullmatch(text_of(channel, "lastBuildDate")):
        yield "InvalidRFC2822Date lastBuildDate"
    if repeated([text_of(item, "guid") for item in channel.findall("item")]):
        yield "DuplicateValue guid"
    for item in channel.findall("item"):
        yield from rss_item_rules(item)


def rss_item_rules(item: etree._Element) -> Iterator[str]:
    names = [str(child.tag) for child in item]
    if not text_of(item, "title") or not text_of(item, "description"):
        yield "an item wants a title and a description"
    for name in ("title", "link", "guid", "pubDate", "description", f"{CONTENT}encoded", "enclosure"):
        if names.count(name) > 1:
            yield f"DuplicateElement {name}"
    if "author" in names:
        yield "InvalidContact: RSS author is a mail address; names go to dc:creator"
    if {"description", f"{CONTENT}encoded"} <= set(names) and names.index("description") > names.index(
        f"{CONTENT}encoded"
    ):
        yield "description must come before content:encoded"
    guid = item.find("guid")
    if guid is None or (guid.get("isPermaLink") == "true") != (guid.text == text_of(item, "link")):
        yield "InvalidPermalink"
    if not RFC822.fullmatch(text_of(item, "pubDate")):
        yield "InvalidRFC2822Date pubDate"
    if not RFC3339.fullmatch(item.findtext(f"{ATOM}updated") or "2000-01-01T00:00:00Z"):
        yield "InvalidRFC3339Date atom:updated"
    for enclosure in item.findall("enclosure"):
        if not HTTP_URL.match(enclosure.get("url", "")):
            yield "InvalidURLAttribute"
        if not enclosure.get("length", "").isdecimal() or not MIME.fullmatch(enclosure.get("type", "")):
            yield "enclosure: InvalidIntegerAttribute, InvalidMIMEType"
    yield from any_html(text_of(item, f"{CONTENT}encoded"))


def atom_rules(content: bytes, url: str) -> Iterator[str]:
    root = etree.fromstring(content)
    yield from any_xml(root)
    yield from plain_texts(content)
    yield from archive_rules(root, root, url)
    entries = root.findall(f"{ATOM}entry")
    for parent in (root, *entries):
        for name in ("id", "title", "updated"):
            if len(parent.findall(ATOM + name)) != 1 or not text_of(parent, ATOM + name):
                yield f"MissingElement or DuplicateElement {name}"
        if not FULL_URI.fullmatch(text_of(parent, f"{ATOM}id")):
            yield "InvalidFullLink id"
        yield from atom_link_rules(parent.findall(f"{ATOM}link"))
        dates = [*parent.findall(f"{ATOM}updated"), *parent.findall(f"{ATOM}published")]
        if not all(RFC3339.fullmatch(date.text or "") for date in dates):
            yield "InvalidRFC3339Date"
        if root.find(f"{ATOM}author") is None and parent.find(f"{ATOM}author") is None:
            yield "MissingElement author"
    if [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"] != [url]:
        yield "MissingSelf, SelfDoesntMatchLocation"
    if repeated([text_of(entry, f"{ATOM}id") for entry in entries]):
        yield "DuplicateEntries"
    for entry in entries:
        body = entry.find(f"{ATOM}content")
        if body is None or body.get("type") != "html":
            yield "MissingTextualContent, InvalidMIMEType"
        if not any(link.get("rel") == "alternate" for link in entry.findall(f"{ATOM}link")):
            yield "MissingAlternateLink"
        yield from any_html(text_of(entry, f"{ATOM}content"))


def atom_link_rules(links: list[etree._Element]) -> Iterator[str]:
    alternates = [f"{link.get('type')} {link.get('hreflang')}" for link in links if link.get("rel") == "alternate"]
    if repeated(alternates):
        yield "DuplicateAtomLink"
    for link in links:
        if not link.get("rel") or not FULL_URI.fullmatch(link.get("href", "")):
            yield "link: MissingRel, InvalidLink"
        if link.get("rel") == "enclosure" and not link.get("length", "").isdecimal():
            yield "InvalidIntegerAttribute length"
        if link.get("rel") != "hub" and not MIME.fullmatch(link.get("type", "")):
            yield "InvalidMIMEType type"


def json_rules(content: bytes, url: str) -> Iterator[str]:
    feed = json.loads(content.decode("utf-8"))
    if feed["version"] != "https://jsonfeed.org/version/1.1" or not feed["title"] or "items" not in feed:
        yield "version, title and items are required"
    if feed.get("feed_url") != url or not feed.get("home_page_url"):
        yield "feed_url and home_page_url count as required"
    if feed.get("next_url") == url or not FULL_URI.fullmatch(feed.get("next_url", url)):
        yield "next_url must be another full address"
    if not all(set(hub) == {"type", "url"} for hub in feed.get("hubs", [{"type": "WebSub", "url": ""}])):
        yield "a hub wants type and url"
    texts = [feed["title"], *(item.get(name, "") for item in feed["items"] for name in ("title", "summary"))]
    if not all(isinstance(text, str) for text in texts):
        yield "title and summary are texts"
    if not all(set(item) <= KNOWN_ITEM_KEYS for item in feed["items"]) or not set(feed) <= KNOWN_FEED_KEYS:
        yield "a key that is none of JSON Feed's must begin with _"
    if "author" in feed or any("author" in item for item in feed["items"]):
        yield "author is of version 1.0"
    if repeated([item["id"] for item in feed["items"]]):
        yield "ids must differ"
    for item in feed["items"]:
        addresses = [item[name] for name in ("url", "image") if name in item]
        if not isinstance(item["id"], str) or not item["id"] or not item.get("content_html"):
            yield "an item wants an id and content"
        if not all(RFC3339.fullmatch(item[name]) for name in ("date_published", "date_modified")):
            yield "dates are RFC 3339"
        for attached in item.get("attachments", ()):
            if not attached.get("url") or not attached.get("mime_type"):
                yield "attachments want url and mime_type"
            if type(attached.get("size_in_bytes", 0)) is not int:
                yield "size_in_bytes is a number"
            addresses.append(attached.get("url", ""))
        if not all(re.match(r"https?://[^\s/]+", address) for address in addresses):
            yield "url, image and those of attachments are full addresses"
        if not all(isinstance(tag, str) and tag for tag in item.get("tags", ())):
            yield "tags are texts"
        if not all(author.get("name") for author in item.get("authors", ())):
            yield "an author wants a name"
        yield from any_html(item["content_html"])


RULES: dict[str, Rules] = {"rss.xml": rss_rules, "atom.xml": atom_rules, "feed.json": json_rules}


def season() -> list[Entry]:
    return TypeAdapter(list[Entry]).validate_json((GOLDEN / "season.json").read_bytes())


def hostile(entry: Entry) -> Entry:
    text = "\x00]]> & < > \" ' <b>x</b> &amp; &nbsp; \ud800 \udc00\x0b\x9f\ufffe 🐂\r\n"
    return Entry(
        post_id="hostile \ud800\x00",
        slug="hostile",
        url=entry.url + "hostile/",
        title=text,
        authors=(text, "\x1f"),
        category=text,
        tags=(text, ""),
        published=entry.published,
        updated=entry.updated,
        released_at=entry.released_at,
        language="en\x00",
        summary=text,
        html=f"<p>\x00]]> &amp; &lt; \ud800\x1b</p>{text}",
        cover=Picture(url=f"{entry.url}x.png?a&b", alt=text, media_type="image/png", size=3, width=1, height=1),
        digests=both(""),
    )


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("extra", ["season", "hostile", "empty"])
def test_the_feeds_keep_the_rules(name: str, extra: str) -> None:
    entries = {"season": season(), "hostile": [hostile(season()[0]), *season()], "empty": []}[extra]
    rendered = render_feeds(entries, site=SITE, feeds=Feeds())
    assert rendered.faults == ()
    assert list(RULES[name](bytes(rendered.files[f"news/{name}"]), OWN_URL + name)) == []


@pytest.mark.parametrize("name", RULES)
def test_archive_and_topics_keep_the_rules(name: str) -> None:
    feeds = Feeds(
        entries=2, archive=1, categories=True, tags=True, hubs=("https://hub.example/",), rights="© us & <co>"
    )
    made = render_feeds([hostile(season()[0]), *season()], site=SITE, feeds=feeds)
    files = [path for path in made.files if path.endswith(f"/{name}")]
    assert len(files) > 10
    for path in files:
        url = f"https://heronbridge.example/{path}"
        assert list(RULES[name](bytes(made.files[path]), url)) == [], path


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "rule"),
    [
        ("rss.xml", r"<language>en</language>", "", "InvalidLanguage"),
        ("rss.xml", r'rel="self"', 'rel="related"', "MissingSelf"),
        ("rss.xml", r'length="\d+"', 'length="None"', "InvalidIntegerAttribute"),
        ("rss.xml", r"(<dc:creator>)([^<]*)(</dc:creator>)", r"<author>\2</author>", "InvalidContact"),
        ("rss.xml", r'isPermaLink="false"', 'isPermaLink="true"', "InvalidPermalink"),
        ("rss.xml", r"(<desc[^>]*>[^<]*</desc[^>]*>)\s*(<content:[^<]*</[^>]*>)", r"\2\1", "before content:encoded"),
        ("rss.xml", r"(<enclosure[^>]*>)", r"\1\1", "DuplicateElement"),
        ("rss.xml", r" 2025 ", " 25 ", "InvalidRFC2822Date"),
        ("rss.xml", r"mrss/", "mrss", "UnknownNamespace"),
        ("rss.xml", r"ferries", "ferr\x85ies", "BadCharacters"),
        ("rss.xml", r"(<media:content)(.*?)(</media:content>)", r"<media:group>\1\2\3</media:group>", "media:group"),
        ("rss.xml", r"(<title>)([^<]*)(</title>)", r"\1&lt;b>\2&lt;/b>\3", "ContainsHTML"),
        ("rss.xml", r"(<title>)([^<]*)(</title>)", r"\1\2 &amp;nbsp; more\3", "ContainsUndeclaredHTML"),
        ("rss.xml", r"(<category>)([^<]*)(</category>)", r"\1&lt;i\3", "CharacterData"),
        ("atom.xml", r"(<summary>)([^<]*)(</summary>)", r"\1&lt;/p>\3", "ContainsHTML"),
        ("atom.xml", r'type="html"', 'type="CDATA"', "InvalidMIMEType"),
        ("atom.xml", r' rel="enclosure" type="[^"]*"', ' rel="alternate" type="text/html"', "DuplicateAtomLink"),
        ("atom.xml", r'rel="(alternate|enclosure)" ', "", "MissingRel"),
        ("atom.xml", r"<id>tag:[^<]*</id>", "<id>schedule-2025</id>", "InvalidFullLink"),
        ("atom.xml", r"<updated>[^<]*</updated>", "", "MissingElement"),
        ("atom.xml", r"<(author)>.*?</\1>", "", "MissingElement author"),
        ("atom.xml", r'src="https://heronbridge.example', r'src="', "ContainsRelRef"),
        ("rss.xml", r'rel="self"', 'rel="next"', "unknown relation"),
        (
            "rss.xml",
            r"<generator>",
            "<fh:archive xmlns:fh='http://purl.org/syndication/history/1.0'/><generator>",
            "fh:",
        ),
        ("atom.xml", r"(<link [^>]*rel=.self.[^>]*>)", r"\1\1", "DuplicateAtomLink"),
        (
            "atom.xml",
            r'src="https://heronbridge.example',
            'srcset="/a.png 2x" src="https://h.example',
            "ContainsRelRef",
        ),
        ("feed.json", r'"items"', '"next_url": "https://heronbridge.example/news/feed.json", "items"', "next_url"),
        ("feed.json", r'"items"', '"hubs": [{"url": "https://hub.example/"}], "items"', "a hub wants"),
        ("feed.json", r'"items"', '"generator": "x", "items"', "must begin with _"),
        ("feed.json", r"version/1.1", "version/1", "version"),
        ("feed.json", r'"content_html": "(?:[^"\\]|\\.)*", ', "", "content"),
        ("feed.json", r"\+00:00", "", "RFC 3339"),
        ("feed.json", r'"id": "[^"]*"', '"id": "same"', "ids must differ"),
        ("feed.json", r'("size_in_bytes": )(\d+)', r'\1"\2"', "size_in_bytes"),
        ("feed.json", r'"image": "https://[^/]*', '"image": "', "full addresses"),
        ("feed.json", r'("attachments": \[\{"url": ")https://[^/]*', r"\1", "full addresses"),
        ("feed.json", r'"tags": \[', '"tags": [{}, ', "tags are texts"),
        ("feed.json", r'"content_html": "', '"content_html": "<b><i>x</b></i>', "NotHtml"),
        ("rss.xml", r"(<content:encoded>)", r"\1&lt;p&gt;", "NotHtml"),
        ("atom.xml", r'(<content type="html">)', r"\1&lt;/div&gt;", "NotHtml"),
        ("atom.xml", r"&lt;p&gt;", '&lt;p style="position:fixed"&gt;', "DangerousStyleAttr"),
    ],
)
def test_the_rules_notice_a_feed_that_breaks_them(name: str, pattern: str, replacement: str, rule: str) -> None:
    feed = bytes(render_feeds(season(), site=SITE, feeds=Feeds()).files[f"news/{name}"]).decode()
    broken = re.sub(pattern, replacement, feed, flags=re.DOTALL)
    assert broken != feed
    findings: list[str] = []
    try:
        findings.extend(RULES[name](broken.encode(), OWN_URL + name))
    except KeyError as missing:  # a JSON key that is gone altogether
        findings.append(str(missing))
    assert any(rule in finding for finding in findings), findings
