"""The finer points of single rules, a table for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.check.subject import Subject
from bot.check.times import NAMED, fold_late_posts
from bot.config import Config
from bot.domain import Override, OverrideKind, Snapshot
from bot.domain.clock import ManualClock
from bot.operations.check import check_posts
from bot.operations.site import open_site
from tests.support.check_cases import BODY, FILE, NOW, Case, Files, checked, made, picture, written


def found(root: Path, rule: str, files: dict[str, Any], **case: Any) -> list[str]:
    findings = checked(root, Case(files=files, **case)).findings
    return [finding.problem for finding in findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("title", "shouts"),
    [
        ("CALL FOR PROPOSALS", True),
        ("TICKETS ARE NOW ON SALE", True),
        ("Tickets!!", True),
        ("Really?!", True),
        ("Tickets are on sale!", False),
        ("CFP: DEFNA, PSF and NASA", False),
        ("NASA", False),
        ("NASA ESRO JAXA CNES send speakers who know everything about rockets", False),
        ("2026 2027 2028", False),
        ("日本語のタイトルはこれです", False),
    ],
)
def test_who_shouts(tmp_path: Path, title: str, shouts: bool) -> None:
    assert bool(found(tmp_path, "title-shouting", {FILE: written(title=title)})) is shouts


@pytest.mark.parametrize(
    ("alt", "rule"),
    [
        ("good NEWS", "alt-useless"),
        ("ticket-office.png", "alt-useless"),
        ("Ticket office", "alt-useless"),
        ("Photo", "alt-useless"),
        ("An image of a ticket", "alt-image-of"),
        ("Picture of a ticket", "alt-image-of"),
        ("The ticket office at night", ""),
        ("Imagine a ticket", ""),
        ("A photo wall with pictures of Ada", ""),
    ],
)
@pytest.mark.parametrize("where", ["cover", "media", "text"])
def test_alt_texts_that_say_nothing(tmp_path: Path, alt: str, rule: str, where: str) -> None:
    address = "/assets/ticket-office.png"
    matter, body = "", BODY
    if where == "cover":
        matter = f'cover:\n    url: {address}\n    alt: "{alt}"'
    elif where == "media":
        matter = f'mastodon:\n    media:\n        - file: {address}\n          alt: "{alt}"'
    else:
        body = f"{BODY}\n\n![{alt}]({address})"
    files: Files = {FILE: written(matter, body), "assets/ticket-office.png": picture()}
    rules = [finding.rule for finding in checked(tmp_path, Case(files=files)).findings]
    assert rules == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("html", "missing"),
    [('<img src="/assets/a.png">', True), ('<img src="/assets/a.png" alt="">', False), ("`![](/assets/a.png)`", False)],
)
def test_a_picture_that_is_mere_decoration_says_so(tmp_path: Path, html: str, missing: bool) -> None:
    files = {FILE: written(body=f"{BODY}\n\n{html}"), "assets/a.png": picture()}
    assert bool(found(tmp_path, "alt-missing", files)) is missing


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        ("#2026", ["#2026 does not become a hashtag."]),
        ("#Conf-2026", ["#Conf-2026: only #Conf becomes a hashtag."]),
        ("(#Conf2026)", ["#Conf2026 does not become a hashtag."]),
        ("#Conf2026, #Über #a_b.", []),
        ("C# and F#, talk #3, R&#38;B", []),
        ("https://x.example/#2026 and {{ x }}", []),
        ("#Conf #Conf", []),
    ],
)
def test_hashtags_as_servers_see_them(tmp_path: Path, text: str, unseen: list[str]) -> None:
    files = {FILE: written(f'mastodon:\n    text: "{text}"')}
    assert found(tmp_path, "hashtag-unseen", files) == unseen


def test_a_hashtag_of_digits_in_front_matter_is_named(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, "hashtag-unseen", {FILE: written("hashtags: [2026, Conf]")})
    assert problem.startswith('"2026" cannot be a hashtag')


def test_mentions_in_threads_and_reminders_notify_too(tmp_path: Path) -> None:
    matter = (
        'mastodon:\n    thread: ["With @ada@a.example."]\n'
        'reminders:\n    - id: x\n      at: 2026-03-13 10:00\n      text: "With @bo@b.example, or b@c.example."'
    )
    problems = found(tmp_path, "mention-notifies", {FILE: written(matter)})
    assert sorted(problem.partition(" ")[0] for problem in problems) == ["@ada@a.example", "@bo@b.example"]


def test_a_mention_in_the_text_or_title_notifies_nobody(tmp_path: Path) -> None:
    files = {FILE: written(body="With @ada@a.example and many others, who all come.", title="'@ada speaks'")}
    assert checked(tmp_path, Case(files=files)).findings == ()


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://x.example/?utm_source=a&utm_medium=b", "https://x.example/"),
        ("https://x.example/?a=1&fbclid=x#top", "https://x.example/?a=1#top"),
        ("https://x.example/?gclid=&a=%20b", "https://x.example/?a=%20b"),
        ("https://youtu.be/abc?si=xyz", "https://youtu.be/abc"),
        ("https://x.example/?si=xyz", ""),
        ("https://x.example/?source=a&automatic=1", ""),
        ("https://x.example/utm_source", ""),
    ],
)
def test_what_follows_readers_is_cut_off(tmp_path: Path, url: str, clean: str) -> None:
    case = Case(files={FILE: written(body=f"{BODY} [x]({url})")})
    remedies = [one.remedy for one in checked(tmp_path, case).findings if one.rule == "link-tracking"]
    assert remedies == ([f"Write {clean}"] if clean else [])


def test_addresses_without_encryption_are_told_in_one_note(tmp_path: Path) -> None:
    body = f"{BODY}\n\n[a](http://a.example) [b](http://b.example) [a](http://a.example) [c](http://c.example)"
    (problem,) = found(tmp_path, "link-http", {FILE: written(body=body)})
    assert problem == "http://a.example is not encrypted, nor are 2 others."


@pytest.mark.parametrize(
    ("speaker", "slug", "told"),
    [
        ("Ada Lovelace", "keynote-ada-lovelace", True),
        ("Zoë Ångström", "zoe-angstrom-speaks", True),
        ("Ada Lovelace", "keynote-lovelace", False),
        ("Ada Lovelace", "keynote-1", False),
    ],
)
def test_names_of_speakers_in_file_names(tmp_path: Path, speaker: str, slug: str, told: bool) -> None:
    post = written(f"speakers: [{speaker}]")
    assert bool(found(tmp_path / "coming", "embargo-name", {f"posts/{slug}.md": post})) is told
    out = post.replace("2026-03-12", "2026-03-09")
    assert found(tmp_path / "out", "embargo-name", {f"posts/{slug}.md": out}) == []


def test_many_old_posts_are_told_of_in_one_line(tmp_path: Path) -> None:
    old = {f"posts/old-{number}.md": written(at="2024-03-12 10:00") for number in range(NAMED + 1)}
    findings = checked(tmp_path, Case(files=old)).findings
    late = [finding for finding in findings if finding.rule == "too-late"]
    assert len(late) == NAMED + 1
    (one,) = fold_late_posts(late, posts_folder=Path("posts"))
    assert (str(one.path), one.line, one.problem.partition(" posts")[0]) == ("posts", None, str(NAMED + 1))
    assert fold_late_posts(late[1:], posts_folder=Path("posts")) == tuple(late[1:])


def test_of_a_post_that_somebody_holds_nobody_says_that_it_goes_out(tmp_path: Path) -> None:
    def held(_: Config) -> Snapshot:
        post_id = "https://conf.example/news/news/"
        return Snapshot(overrides={post_id: Override(post_id=post_id, kind=OverrideKind.HOLD, who="Ana", at=NOW)})

    files = {FILE: written(at="2026-03-10 09:00")}
    assert found(tmp_path / "free", "due-now", files)
    assert found(tmp_path / "held", "due-now", files, ledger=held) == []


def test_old_posts_are_not_told_how_they_could_be_better(tmp_path: Path) -> None:
    body = f"{BODY} , [x](http://x.example?fbclid=1) ![](/assets/b.png) {'word ' * 120}"
    files = {
        FILE: written("speakers: [News]\nhashtags: [2026]", body, title="NEWS FROM EVERYWHERE", at="2024-03-12 10:00")
    }
    assert [finding.rule for finding in checked(tmp_path, Case(files=files)).findings] == ["too-late"]


def test_only_what_is_selected_is_told(tmp_path: Path) -> None:
    loud = written(title="NEWS FROM EVERYWHERE")
    config = made(tmp_path, Case(files={FILE: loud, "posts/b/more.md": loud.replace("10:00", "11:00")}))
    look = check_posts(open_site(config, ManualClock(NOW)), environ={}, paths=[tmp_path / "posts/b"])
    assert [str(finding.path) for finding in look.findings] == ["posts/b/more.md"]
    assert (look.count, len(look.subject.posts)) == (1, 2)


def test_the_subject_says_what_can_still_be_chosen(tmp_path: Path) -> None:
    files = {
        "posts/draft.md": written(at=None),
        "posts/coming.md": written(),
        "posts/due.md": written(at="2026-03-09 10:00"),
        "posts/old.md": written(at="2026-03-01 10:00"),
        "posts/gone.md": written("withdrawn: true"),
    }
    subject: Subject = checked(tmp_path, Case(files=files)).subject
    assert {post.slug for post in subject.fresh} == {"draft", "coming", "due"}
    assert {post.slug for post in subject.secret} == {"draft", "coming"}
