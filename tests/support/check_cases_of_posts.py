"""Rows for the rules about one post: its front matter, its datetimes, its words."""

from __future__ import annotations

from tests.support.check_cases import BODY, FILE, Case, Row, of_body, of_matter, of_time, written

LONG = "word " * 130
EARLIER = {"posts/earlier.md": written(title="Earlier", at="2026-03-11 10:00")}


def of_file(
    rule: str, bad: str | bytes, good: str, *, line: int | None, name: str = "", column: int | None = None
) -> Row:
    return Row(
        rule=rule, bad=Case(files={FILE: bad}), good=Case(files={FILE: good}), line=line, column=column, field=name
    )


MATTER = (
    of_file("unreadable", b"---\ntitle: Caf\xe9\n---\n", "---\ntitle: Café\n---\n", line=2),
    of_file(
        "front-matter",
        "---\ntitle: Schedule: it is out\n---\n",
        '---\ntitle: "Schedule: it is out"\n---\n',
        line=2,
        column=16,
        name="front matter",
    ),
    of_file("body-unusable", f"---\ntitle: A\n---\n{'<div>' * 300}\n", "---\ntitle: A\n---\n<div>\n", line=4),
    of_matter("field-value", "hidden: perhaps", "hidden: false", name="hidden"),
    of_matter("unknown-key", "catgory: News", "category: News", name="catgory"),
    of_file("date-ignored", "---\ntitle: A\ndate: 2026-03-12\n---\n", written(), line=3, name="date", column=1),
    of_matter("hashtags-empty", "hashtags: #Conf", "hashtags: Conf", name="hashtags"),
    of_matter("order", "order: first", "order: 1", name="order"),
    of_matter(
        "check-allow",
        'check:\n    allow:\n        wekend: "It is a party."',
        'check:\n    allow:\n        weekend: "It is a party."',
        line=6,
        column=9,
        name="check.allow.wekend",
    ),
    of_time("datetime-wrong", "soon", "2026-03-12 10:00"),
    of_time("datetime-gap", "2027-03-14 02:30", "2026-03-12 02:30"),
    of_time("datetime-offset", "2026-03-12 10:00:00-05:00", "2026-03-12 10:00:00-04:00"),
    of_time("repeated-time", "2026-11-01 01:30", "2026-11-01 02:30"),
    of_time("bare-date", "2026-03-12", "2026-03-12 09:00"),
    of_time("due-now", "2026-03-10 09:00", "2026-03-10 10:01"),
    of_time("too-late", "2026-03-07 08:00", "2026-03-07 12:00"),
    of_time("far-future", "2027-03-12 10:00", "2027-03-09 10:00"),
    of_time("quiet-hours", "2026-03-12 03:00", "2026-03-12 08:00", settings='[check]\ndaytime = "08:00-21:00"\n'),
    of_time("weekend", "2026-03-14 10:00", "2026-03-13 10:00", settings="[check]\nweekdays_only = true\n"),
    of_time("clash", "2026-03-11 10:00", "2026-03-11 10:01", files=EARLIER),
    of_time("brake", "2026-03-11 10:30", "2026-03-11 11:00", files=EARLIER, settings="[release]\nbrake = 1\n"),
    of_matter(
        "reminder-never",
        'reminders:\n    - id: soon\n      at: 2026-03-11 10:00\n      text: "Come."',
        'reminders:\n    - id: soon\n      at: 2026-03-13 10:00\n      text: "Come."',
        line=5,
        column=None,
        name="reminders[0]",
    ),
)

WORDS = (
    of_file("title-long", written(title="word " * 21), written(title="word " * 20), line=2, name="title", column=1),
    of_file(
        "title-shouting",
        written(title="TICKETS are ON SALE NOW"),
        written(title="The CFP of DEFNA is open"),
        line=2,
        name="title",
        column=1,
    ),
    of_body("mojibake", f"{BODY}\n\nWe haven‚Äôt sold out.", f"{BODY}\n\nWe haven’t sold out.", line=7),
    of_body(
        "typography", f"{BODY}\n\nFour prices , two days.", f"{BODY}\n\nFour prices `, two` days.", line=7, column=12
    ),
    of_body("template-tag", f"{BODY} {{{{ site.link }}}}", f"{BODY} `{{{{ site.link }}}}`"),
    of_matter(
        "toot-held",
        'mastodon:\n    text: "See {{ link }}"',
        'mastodon:\n    text: "See"',
        line=5,
        column=5,
        name="mastodon.text",
    ),
    of_matter(
        "text-shortened",
        f"mastodon:\n    text: {LONG}",
        "mastodon:\n    text: word",
        line=5,
        column=5,
        name="mastodon.text",
    ),
    Row(
        rule="excerpt-shortened",
        bad=Case(files={FILE: written(body=LONG)}),
        good=Case(files={FILE: written(body="word " * 30)}),
        line=None,
        field="excerpt",
    ),
    of_matter(
        "thread-text-split",
        f'mastodon:\n    thread: ["{LONG}"]',
        'mastodon:\n    thread: ["word"]',
        line=5,
        column=5,
        name="mastodon.thread",
    ),
    of_matter(
        "hashtag-unseen",
        'mastodon:\n    text: "Come to #2026"',
        'mastodon:\n    text: "Come to #Conf2026, session #3"',
        line=5,
        column=5,
        name="mastodon.text",
    ),
    of_matter(
        "mention-notifies",
        'mastodon:\n    text: "With @ada@example.social"',
        'mastodon:\n    text: "With ada@example.social"',
        line=5,
        column=5,
        name="mastodon.text",
    ),
    of_matter(
        "mention-local",
        'mastodon:\n    text: "With @ada."',
        'mastodon:\n    text: "With @ada@example.social."',
        line=5,
        column=5,
        name="mastodon.text",
    ),
    of_matter("embargo-name", "speakers: [News]", "speakers: [Ada News]", name="speakers"),
)

ROWS = (*MATTER, *WORDS)
