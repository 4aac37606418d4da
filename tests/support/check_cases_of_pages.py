"""Rows for the rules about pictures and links."""

from __future__ import annotations

from tests.support.check_cases import BODY, FILE, Case, Row, of_body, of_matter, picture, written

COVER = 'cover:\n    url: /assets/a.png\n    alt: "{alt}"'
ALT = "A paper ticket pinned to a cork board."
PICTURES = {"assets/a.png": picture()}
LATER = {"posts/later.md": written(title="Later", at="2026-03-20 10:00")}
EARLIER = {"posts/earlier.md": written(title="Earlier", at="2026-03-11 10:00")}


def of_cover(rule: str, bad: bytes, good: bytes) -> Row:
    matter = written(COVER.format(alt=ALT))
    return Row(
        rule=rule,
        bad=Case(files={FILE: matter, "assets/a.png": bad}),
        good=Case(files={FILE: matter, "assets/a.png": good}),
        line=5,
        column=5,
        field="cover.url",
    )


PICTURED = (
    of_matter("alt-missing", "cover: /assets/a.png", COVER.format(alt=ALT), name="cover", files=PICTURES),
    of_matter(
        "alt-useless",
        COVER.format(alt="Good news!"),
        COVER.format(alt=ALT),
        line=6,
        column=5,
        name="cover.alt",
        files=PICTURES,
    ),
    of_matter(
        "alt-image-of",
        COVER.format(alt="Image of a ticket."),
        COVER.format(alt="Ticket, imagined."),
        line=6,
        column=5,
        name="cover.alt",
        files=PICTURES,
    ),
    of_matter(
        "alt-shortened", COVER.format(alt="x " * 751), COVER.format(alt="x " * 700), name="cover", files=PICTURES
    ),
    of_matter(
        "cover-missing",
        COVER.format(alt=ALT),
        COVER.format(alt=ALT).replace("a.png", "b.png"),
        line=5,
        column=5,
        name="cover.url",
        files={"assets/b.png": picture()},
    ),
    of_cover("cover-unusable", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture()),
    of_cover("cover-large", picture(1100, 1000), picture(1000, 1000)),
    of_cover("cover-ratio", picture(310, 100), picture(300, 100)),
    of_cover("cover-ratio", picture(100, 210), picture(100, 200)),
    Row(
        rule="animation-stopped",
        bad=Case(files={FILE: written(COVER.format(alt=ALT)), "assets/a.png": picture(1281, 720, "GIF")}),
        good=Case(files={FILE: written(COVER.format(alt=ALT)), "assets/a.png": picture(1280, 720, "GIF")}),
        line=4,
        column=1,
        field="cover",
    ),
    of_matter(
        "picture-missing",
        f'mastodon:\n    media:\n        - file: /assets/b.png\n          alt: "{ALT}"',
        f'mastodon:\n    media:\n        - file: /assets/a.png\n          alt: "{ALT}"',
        line=6,
        column=None,
        name="mastodon.media[0]",
        files=PICTURES,
    ),
    of_matter(
        "picture-unusable",
        f'mastodon:\n    media:\n        - file: /assets/b.png\n          alt: "{ALT}"',
        f'mastodon:\n    media:\n        - file: /assets/a.png\n          alt: "{ALT}"',
        line=6,
        column=None,
        name="mastodon.media[0]",
        files={**PICTURES, "assets/b.png": b"no picture"},
    ),
    of_matter(
        "picture-unseen",
        "mastodon:\n    link_card: true\n    media: [/assets/a.png]",
        "mastodon:\n    link_card: false\n    media: [/assets/a.png]",
        line=5,
        column=5,
        name="mastodon.link_card",
        files=PICTURES,
    ),
    of_matter(
        "too-many-pictures",
        f"mastodon:\n    media: [{', '.join(['/assets/a.png'] * 5)}]",
        f"mastodon:\n    media: [{', '.join(['/assets/a.png'] * 4)}]",
        line=5,
        column=5,
        name="mastodon.media",
        files=PICTURES,
    ),
    of_matter(
        "poll-without-picture",
        COVER.format(alt=ALT) + "\nmastodon:\n    poll:\n        options: [Tea, Coffee]\n        expires_in: 1d",
        COVER.format(alt=ALT),
        line=8,
        column=5,
        name="mastodon.poll",
        files=PICTURES,
    ),
    of_body(
        "alt-missing",
        f"{BODY}\n\n![](/assets/a.png)",
        f"{BODY}\n\n![{ALT}](/assets/a.png)",
        line=7,
        column=5,
        files=PICTURES,
    ),
)

LINKED = (
    of_body(
        "link-broken",
        f"{BODY} [More](/news/latr/).",
        f"{BODY} [More](/news/earlier/).",
        column=len(BODY) + 9,
        files=EARLIER,
    ),
    of_body(
        "link-broken",
        f"{BODY}\n\n[Map](/assets/b.pdf)",
        f"{BODY}\n\n[Map](/assets/a.png)",
        line=7,
        column=7,
        files=PICTURES,
    ),
    of_body(
        "link-broken",
        f"{BODY}\n\n[More](earlier.md)",
        f"{BODY}\n\n`[More](earlier.md)`",
        line=7,
        column=8,
        files=EARLIER,
    ),
    of_body(
        "link-early",
        f"{BODY}\n\n[Soon](/news/later/)",
        f"{BODY}\n\n<!-- [Soon](/news/later/) -->",
        line=7,
        column=8,
        files=LATER,
    ),
    of_body(
        "link-http",
        f"{BODY}\n\n<a href='http://x.example/'>x</a>",
        f"{BODY}\n\n<a href='https://x.example/'>x</a>",
        line=7,
        column=10,
    ),
    of_body(
        "link-tracking",
        f"{BODY}\n\n[Buy](https://x.example/?day=1&utm_source=toot)",
        f"{BODY}\n\n[Buy](https://x.example/?day=1&source=toot)",
        line=7,
        column=7,
    ),
)

ROWS = (*PICTURED, *LINKED)
