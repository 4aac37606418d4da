"""Two seasons of posts: an invented one in `tests/corpus`, and a real one beside the project where it is present.

The invented one has every shape of the real one at least as often, in words of its own: `test_posts_corpus.py` counts.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

TESTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A season of posts in `root/posts`, their pictures in `root/assets`, and one of the posts as a mail garbled it.

    The site is in New York: UTC-5 until 10 March 2024 and from 3 November, UTC-4 between.
    """

    name: str
    root: Path
    #: A line for each post: when it is released, in UTC, and its slug; in the order of release.
    season: str
    #: The post that announces the schedule: its cover has EXIF data, and its text is the one that was garbled.
    schedule: str
    #: That post, read in a wrong encoding and saved again.
    garbled: Path
    #: The post with the mark behind its excerpt.
    marked: str
    #: The findings of the reader: rule, slug and line.
    findings: frozenset[tuple[str, str, int]]
    #: Six posts that `test_two_seasons.py` moves onto the edges of a clock.
    edges: tuple[str, ...]

    @property
    def files(self) -> list[Path]:
        return sorted((self.root / "posts").glob("*.md"))

    @property
    def instants(self) -> dict[str, datetime]:
        """The publish datetime of each post, in the order of release."""
        rows = [line.split("  ") for line in self.season.strip().splitlines()]
        return {slug: datetime.fromisoformat(when).replace(tzinfo=UTC) for when, slug in rows}

    @property
    def schedule_cover(self) -> str:
        """The path of the schedule's cover, from `root`."""
        (path,) = re.findall(r"^ +url: /(.*)$", self.text(self.schedule), re.MULTILINE)
        return str(path)

    @property
    def schedule_alt(self) -> str:
        (alt,) = re.findall(r'^ +alt: "(.*)"$', self.text(self.schedule), re.MULTILINE)
        return str(alt)

    @property
    def wrong_offsets(self) -> dict[str, str]:
        """The two posts with an offset that is not their zone's, by 3 h in spring and 1 h in winter."""
        slugs = sorted(slug for rule, slug, _ in self.findings if rule == "datetime-offset")
        return {slug: re.findall(r"^published_datetime: (.*)$", self.text(slug), re.MULTILINE)[0] for slug in slugs}

    def text(self, slug: str) -> str:
        return (self.root / f"posts/{slug}.md").read_text(encoding="utf-8")

    def copy_to(self, root: Path) -> None:
        """Copies for the time of a test; links would not do, for pictures must lie inside of the assets folder."""
        for folder in ("posts", "assets"):
            shutil.copytree(self.root / folder, root / folder, copy_function=shutil.copyfile, dirs_exist_ok=True)


INVENTED: Final = Corpus(
    name="invented",
    root=TESTS / "corpus/season",
    season="""
2024-01-22 10:30  tideline-2024-is-coming
2024-03-09 11:15  call-for-talks
2024-04-02 16:00  why-give-a-talk
2024-04-08 19:00  help-us-organise
2024-04-11 10:30  readers-for-proposals
2024-04-24 10:00  last-days-for-talks
2024-05-20 10:00  a-new-look
2024-07-10 10:00  the-talks
2024-07-17 10:00  the-timetable
2024-07-25 10:00  keynote-ines-okafor
2024-07-31 16:00  three-questions-before-we-meet
2024-08-02 10:00  keynote-tomas-lindqvist
2024-08-07 10:00  lend-a-hand
2024-08-14 10:00  a-week-of-building
2024-08-20 16:00  move-between-talks
2024-09-04 10:00  panel-on-mentoring
2024-09-10 16:00  working-days
2024-09-13 10:00  summit-of-new-maintainers
2024-09-16 16:00  what-to-pack
2024-10-16 10:00  that-was-tideline
2024-12-09 10:00  recap-of-the-building-week
""",
    schedule="the-timetable",
    garbled=TESTS / "corpus/garbled/posts/the-timetable.md",
    marked="call-for-talks",
    findings=frozenset(
        {
            ("datetime-offset", "help-us-organise", 4),
            ("datetime-offset", "recap-of-the-building-week", 4),
            ("template-tag", "panel-on-mentoring", 32),
            ("template-tag", "the-talks", 13),
            ("template-tag", "three-questions-before-we-meet", 184),
            ("cover-missing", "readers-for-proposals", 11),
            ("cover-missing", "why-give-a-talk", 7),
        }
    ),
    edges=(
        *("last-days-for-talks", "readers-for-proposals", "help-us-organise"),
        *("the-talks", "summit-of-new-maintainers", "that-was-tideline"),
    ),
)
_SHARED = TESTS.parents[1] / "shared/corpus"
REAL: Final = Corpus(
    name="real",
    root=_SHARED / "djangocon-us-2024",
    season="""
2024-01-17 10:00  announcing-djangocon-us-2024
2024-03-09 11:00  announcing-call-for-proposals
2024-04-04 16:00  benefits-of-speaking-djangocon
2024-04-05 19:00  call-for-2024-volunteers
2024-04-08 10:00  call-for-community-reviewers
2024-04-18 10:00  cfp-last-call
2024-05-16 10:00  our-new-djangocon-website
2024-07-09 10:00  announcing-lineup
2024-07-16 10:00  announcing-schedule-dcus
2024-07-24 10:00  introducing-keynote-sheena-oconnell
2024-07-30 16:00  getting-to-know-folks
2024-08-01 10:00  introducing-keynote-mario-munoz
2024-08-06 10:00  volunteer-opportunities
2024-08-13 10:00  participate-in-djangocon-us-hackathon
2024-08-19 16:00  get-active-at-djangocon-us
2024-09-06 10:00  introducing-discussion-panel
2024-09-10 16:00  contribution-sprints
2024-09-13 10:00  black-python-devs
2024-09-15 16:00  first-time-things-to-bring
2024-10-07 10:00  conference-wrap-up
2024-12-06 10:00  hackathon-recap
""",
    schedule="announcing-schedule-dcus",
    garbled=_SHARED / "garbled/posts/announcing-schedule.md",
    marked="announcing-call-for-proposals",
    findings=frozenset(
        {
            ("datetime-offset", "call-for-2024-volunteers", 4),
            ("datetime-offset", "hackathon-recap", 4),
            ("template-tag", "announcing-lineup", 13),
            ("template-tag", "getting-to-know-folks", 226),
            ("template-tag", "introducing-discussion-panel", 35),
            ("cover-missing", "benefits-of-speaking-djangocon", 7),
            ("cover-missing", "call-for-community-reviewers", 12),
        }
    ),
    edges=(
        *("cfp-last-call", "call-for-community-reviewers", "call-for-2024-volunteers"),
        *("announcing-lineup", "black-python-devs", "conference-wrap-up"),
    ),
)
#: The real season is not part of the project: where it lies beside it, the same tests run on it too.
CORPORA: Final = [INVENTED, *([REAL] if REAL.root.is_dir() else [])]
BY_NAME: Final = [pytest.param(corpus, id=corpus.name) for corpus in CORPORA]
BY_POST: Final = [
    pytest.param(corpus, slug, id=f"{corpus.name}-{slug}") for corpus in CORPORA for slug in corpus.instants
]

#: What a post's front matter may look like, line by line.
_FRONT: Final = {
    "datetime without offset": r"^published_datetime: [0-9-]+ [0-9:]+$",
    "datetime with offset": r"^published_datetime: .*[+-]\d\d:\d\d$",
    "blank line": r"\n\n",
    "layout": r"^layout:",
    "title first": r"\Atitle:",
    "author first": r"\Aauthor:",
    "layout first": r"\Alayout:",
    "title last": r"^title: .*\n*\Z",
    "title in double quotes": r'^title: "',
    "title in single quotes": r"^title: '",
    "title without quotes": r"^title: [^'\"]",
    "colon in the title": r"^title: .*:",
    "exclamation in the title": r"^title: .*!",
    "question in the title": r"^title: .*\?",
    "straight apostrophe in the title": r"^title: .\S*.*\w'\w",
    "curly apostrophe in the title": r"^title: .*’",
    "no picture": r"\A(?!(?:.*\n)*cover:)",
    "image: null": r"^image: null$",
    "JPEG cover": r"^ +url: .*\.jpg$",
    "PNG cover": r"^ +url: .*\.png$",
    "alt text in quotes": r'^ +alt: "',
    "alt text without quotes": r"^ +alt: [^\"]",
    "alt text of several sentences": r"^ +alt: .*[.!] [A-Z]",
    "apostrophe in the alt text": r"^ +alt: .*'",
    "another category": r"^category: (?!General)",
}
#: What its body may hold.
_BODY: Final = {
    "greeting first": r"\A\s*(?:Hello|Hey|Hi)\b",
    "heading first": r"\A\s*#",
    "emoji first": r"\A\s*[\U0001F300-\U0001FAFF]",
    "heading of level 2": r"^## ",
    "heading of level 3": r"^### ",
    "emoji": r"[\U0001F300-\U0001FAFF]",
    "emoji of several code points": r"[\U0001F3FB-\U0001F3FF]|\u200d",
    "excerpt mark": r"<!-- excerpt -->",
    "template tag": r"\{\{|\{%",
    "quotation": r"^> ",
    "HTML block": r"^<(?!!--)[a-z]",
    "HTML with a class or style": r"<[a-z][^>]* (?:class|style)=",
    "HTML picture": r"<img",
    "picture": r"!\[[^\]]*\]\(",
    "link from the root": r"\]\(/",
    "link to another host": r"\]\(https?://",
    "link with a fragment": r"\]\([^)]*#",
    "link by mail": r"mailto:",
    "bare address": r"(?<![(\"<=])https?://",
    "bulleted list": r"^[-*] ",
    "numbered list": r"^\d+\. ",
    "nested list": r"^(?: {2,}|\t+)[-*] ",
    "bold": r"\*\*\S",
    "italics": r"(?<![*\w])[*_][A-Za-z][^*_\n]*[*_](?![*\w])",
    "code": r"`[^`\n]+`",
    "table": r"^\|",
    "rule": r"^(?:---|\*\*\*)$",
    "curly quotes": r"[‘’“”]",
    "dash": r"[–—]",
    "no-break space": "\u00a0",
    "entity": r"&[a-z]+;|&#\d",
    "space before a line's end": r"[ \t]$",
    "paragraph of 800 characters": r"^[^\n]{800,}$",
    "sentence over two lines": r"^[^\n#>|<-][^\n]*[a-z,]\n[a-zA-Z]",
    "hashtag": r"(?<![\w&/(#])#[A-Za-z]",
    "mention of an account": r"(?<![\w/])@[A-Za-z]",
    "over 8,000 bytes": r"\A(?:[\s\S]{8000})",
    "under 700 bytes": r"\A[\s\S]{0,700}\Z",
}


def shapes_of(corpus: Corpus) -> Counter[str]:
    """How many posts of the season have each shape."""
    counts: Counter[str] = Counter(posts=len(corpus.files))
    for path in corpus.files:
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
        for shapes, text in ((_FRONT, front), (_BODY, body)):
            counts.update(name for name, pattern in shapes.items() if re.search(pattern, text, re.MULTILINE))
        address = re.search(r"^ +url: (.*)$", front, re.MULTILINE)
        counts["cover without a file"] += address is not None and not (corpus.root / address[1].lstrip("/")).exists()
        counts[f"front matter in the order {', '.join(re.findall(r'^([a-z_]+):', front, re.MULTILINE))}"] += 1
    return counts
