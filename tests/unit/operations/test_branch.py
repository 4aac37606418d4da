"""What a branch with posts means when it is merged now: each case in a real repository, told in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.config import load_config
from bot.domain import AccountState, WriteBatch
from bot.domain.clock import ManualClock
from bot.feeds.entry import entry_of
from bot.ledger import open_ledger
from bot.posts.folder import PostFolder
from bot.report.markdown import render_summary
from bot.report.view import Summary, summarise
from tests.support.branches import NOW, commit, html_of, look_at, make_branch, on_main, seen, summary
from tests.support.git_repositories import git
from tests.support.project import Project


@pytest.fixture
def branch(tmp_path: Path) -> Project:
    return make_branch(tmp_path / "site")


def view_of(project: Project) -> Summary:
    return summarise(look_at(project))


CompareAndSet = Callable[[Project], object]


def rewrite(name: str, old: str, new: str) -> CompareAndSet:
    def change(project: Project) -> None:
        path = project.root / "posts" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


def add(published: str, **extra: str) -> CompareAndSet:
    return lambda project: project.write_post("new", published, title="The new one", **extra)


def many(project: Project) -> None:
    for number in range(6):
        project.write_post(f"many-{number}", f"2026-03-12 10:0{number}:00", title=f"Number {number}")


SAID: dict[str, tuple[CompareAndSet, str]] = {
    "to come": (add("2026-03-13 14:00:00"), "Goes out in 3 days 4 h."),
    "due": (add("2026-03-10 09:00:00"), "Merging this toots at once."),
    "too old": (
        add("2026-01-29 09:00:00"),
        "Merging this puts it into the feed at once. Nothing is tooted: it is 40 days old.",
    ),
    "draft": (add("2026-03-13 14:00:00", draft="true"), "Nothing happens: it is a draft."),
    "hidden": (add("2026-03-13 14:00:00", hidden="true"), "Nothing happens: it is hidden."),
    "hidden and due": (add("2026-03-10 09:00:00", hidden="true"), "Nothing happens: it is hidden."),
    "feed only": (
        add("2026-03-13 14:00:00", mastodon="{skip: true}"),
        "Enters the feed in 3 days 4 h. Nothing is tooted (`mastodon.skip`).",
    ),
    "feed only, at once": (
        add("2026-03-10 09:00:00", mastodon="{skip: true}"),
        "Merging this puts it into the feed at once. Nothing is tooted (`mastodon.skip`).",
    ),
    "expired": (
        add("2026-03-10 09:00:00", expires="2026-03-10 09:30:00"),
        "Merging this puts it into the feed at once. Nothing is tooted: expired on 2026-03-10 13:30 UTC (`expires:`).",
    ),
    "missed and held": (
        add("2026-03-10 07:00:00", if_missed="hold"),
        "Merging this puts it into the feed at once. Its toot is held: 3 h late (`if_missed: hold`)",
    ),
    "cannot be composed": (
        add("2026-03-13 14:00:00", mastodon="{text: '{{ x }}'}"),
        "Enters the feed in 3 days 4 h. Its toot would be held: it cannot be made.",
    ),
    "braked": (many, "Enters the feed in 2 days. Its toot would be held by the brake."),
    "words of one that is out": (
        rewrite("out.md", "This is the first", "It was the first"),
        "It is out already. Merging this edits the toot at once.",
    ),
    "body of one that is out": (
        rewrite("out.md", "of the post.\n", "of the post.\n\nAnd there is more to be read now.\n"),
        "It is out already. Merging this changes the feed.",
    ),
    "withdrawn": (
        rewrite("out.md", "title:", "withdrawn: true\ntitle:"),
        "Merging this takes the toot back at once.",
    ),
    "renamed": (
        lambda project: git(project.root, "mv", "posts/out.md", "posts/other-name.md"),
        "The address of its page changes: it was https://2024.djangocon.us/news/out/, and the toot may say so.",
    ),
    "deleted": (
        lambda project: git(project.root, "rm", "posts/out.md"),
        "It is out. Its toot stays; its entry leaves the feed after a day.",
    ),
    "moved away": (
        lambda project: git(project.root, "mv", "posts/out.md", "posts/_out.md"),
        "It is out. Its toot stays; its entry leaves the feed after a day.",
    ),
    "template": (
        lambda project: project.write("config/templates/default.txt", "{{ title }}\n"),
        "config/templates/default.txt changes too: it can change the words of every toot to come.",
    ),
    "picture": (
        lambda project: project.write("assets/none.txt", "no picture of a post"),
        "No post changes.",
    ),
    "not to be read": (
        lambda project: project.write("posts/broken.md", "---\ntitle: a: b\n---\n"),
        "posts/broken.md",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_merging_means_now_is_said_plainly(branch: Project, name: str) -> None:
    change, said = SAID[name]
    change(branch)
    commit(branch)
    # What stands between backticks is shown as code.
    assert said.replace("`", "") in seen(summary(branch))


def test_a_datetime_that_is_moved_after_the_release_is_an_error(branch: Project) -> None:
    rewrite("out.md", "2026-03-09 10:00:00", "2026-03-20 10:00:00")(branch)
    assert "identity-taken" in [finding.rule for finding in look_at(branch).findings]
    assert "Nothing happens: a post that is out has its name or id." in seen(summary(branch))


def test_posts_of_others_are_left_out_but_for_what_ours_does_to_them(branch: Project) -> None:
    branch.write_post("theirs", "2026-03-12 10:00:00", colour="red")
    settings = branch.root / "config/bot.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + '[check]\nmin_gap = "30m"\n', encoding="utf-8")
    on_main(branch)
    branch.write_post("ours", "2026-03-12 09:50:00")
    looked = look_at(branch)
    assert [(str(one.path), one.rule) for one in looked.findings] == [("posts/theirs.md", "clash")]
    assert [post.slug for post in looked.posts] == ["ours"]
    assert looked.count == 1
    assert "line 3: published_datetime: theirs is released 10 min after ours" in seen(summary(branch))


def test_a_post_that_is_braked_because_of_ours_is_named(branch: Project) -> None:
    for number in range(4):
        branch.write_post(f"theirs-{number}", f"2026-03-12 10:1{number}:00")
    on_main(branch)
    assert not look_at(branch).findings
    branch.write_post("ours", "2026-03-12 10:00:00")
    assert [(str(one.path), one.rule) for one in look_at(branch).findings] == [("posts/theirs-3.md", "brake")]


def test_a_post_whose_picture_changes_is_changed(branch: Project) -> None:
    branch.write_post("new", "2026-03-13 14:00:00", cover="{url: /assets/x.png, alt: A wave}")
    (branch.root / "assets").mkdir()
    Image.new("RGB", (40, 20)).save(branch.root / "assets/x.png")
    on_main(branch)
    assert "No post changes." in seen(summary(branch))
    Image.new("RGB", (60, 20)).save(branch.root / "assets/x.png")
    text = summary(branch, pictures="https://forge.example/raw/abc")
    assert "1 changed post" in seen(text)
    assert "60×20 Alt text: A wave" in seen(text)


def test_the_queue_is_told_around_a_post(branch: Project) -> None:
    branch.write_post("later", "2026-03-14 15:30:00", title="What comes next")
    on_main(branch)
    add("2026-03-13 14:00:00")(branch)
    text = seen(summary(branch))
    assert "Before it: It is out, 4 days 4 h earlier" in text
    assert "After it: What comes next, 1 day 1 h later" in text
    assert "Fri 13 Mar 2026 14:00 EDT, 18:00 UTC, in 3 days 4 h" in text


def test_without_a_ledger_the_base_is_taken_for_what_is_out_and_that_is_said(branch: Project) -> None:
    rewrite("out.md", "This is the first", "It was the first")(branch)
    said = seen(summary(branch))
    assert "Merging this edits the toot at once." in said
    assert "There is no ledger here: what is due in main counts as tooted." in said


def test_a_post_in_a_folder_of_its_own_is_known_from_before(branch: Project) -> None:
    for name in ("one", "two"):
        branch.write_post(f"{name}/index", "2026-03-09 12:00:00", title=f"Number {name}")
    on_main(branch)
    for name in ("one", "two"):
        rewrite(f"{name}/index.md", "This is the first", "It was the first")(branch)
    said = seen(summary(branch))
    assert "2 changed posts" in said
    assert said.count("It is out already. Merging this edits the toot at once.") == 2


def test_where_a_ledger_is_it_is_believed(branch: Project) -> None:
    config = load_config(branch.root / "config/bot.toml")
    (post,) = PostFolder(config).scan().posts
    ledger = open_ledger(config, ManualClock(NOW))
    states = tuple(AccountState(address=one, joined_at=None) for one in config.account_addresses().values())
    ledger.record(WriteBatch(entries=(entry_of(post, released_at=NOW),), new_accounts=states), now=NOW)
    ledger.close()
    rewrite("out.md", "This is the first", "It was the first")(branch)
    said = seen(summary(branch))
    assert "Merging this toots at once." in said, "the ledger does not know of a toot"
    assert "There is no ledger" not in said


def test_while_everything_is_paused_that_is_said(branch: Project) -> None:
    config = load_config(branch.root / "config/bot.toml")
    ledger = open_ledger(config, ManualClock(NOW))
    ledger.record(WriteBatch(paused="Ada"), now=NOW)
    ledger.close()
    add("2026-03-10 09:00:00")(branch)
    assert "Nothing is released: paused by Ada" in seen(summary(branch))


def test_what_is_out_for_long_is_not_edited_any_more(branch: Project) -> None:
    branch.write_post("old", "2026-01-09 10:00:00", title="It is old")
    on_main(branch)
    rewrite("old.md", "This is the first", "It was the first")(branch)
    assert "It is out already. Merging this changes the feed." in seen(summary(branch))


def test_accounts_that_differ_are_told_one_by_one(branch: Project) -> None:
    settings = branch.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    other = '[accounts.other]\nserver = "https://other.example"\nacct = "@conf@other.example"\n'
    settings.write_text(f"{text}{other}", encoding="utf-8")
    on_main(branch)
    add("2026-03-13 14:00:00")(branch)
    assert "Goes out in 3 days 4 h." in seen(summary(branch)), "where they do not differ it is said once"
    # A template for one account only, which is broken.
    branch.write("config/templates/other/default.txt", "{{ title }} {{ nothing.such }}\n")
    text = seen(summary(branch))
    assert "conf@social.example: Goes out in 3 days 4 h." in text
    assert "conf@other.example: Enters the feed in 3 days 4 h. Its toot would be held: it cannot be made." in text
    assert "The toot would be held on conf@other.example" in text


def test_hostile_words_make_nothing_and_call_nobody(branch: Project) -> None:
    title = "@octocat <script>alert(1)</script> ``` | fixes #12 </td></table> [x](javascript:1)"
    branch.write("posts/bad.md", f"---\ntitle: '{title}'\npublished_datetime: 2026-03-13 14:00\n---\n{title} {title}\n")
    text = summary(branch)
    html = html_of(text)
    assert title in seen(text)
    assert "<script" not in html
    assert "javascript" not in " ".join(re.findall(r'href="([^"]*)"', html))
    words = re.sub(r"<code>.*?</code>|<[^>]*>", "", html)
    assert not re.search(r"@\w|(?<!&)#\d", words)
    assert text.count("<table>") == text.count("</table>") == 1


def test_a_link_to_an_issue_is_shown_and_is_none(branch: Project) -> None:
    add("2026-03-13 14:00:00", summary="See https://github.com/conf/site/issues/7 for more")(branch)
    text = summary(branch)
    assert "github.com" not in " ".join(re.findall(r'href="([^"]*)"', html_of(text)))
    assert "https://github.com/conf/site/issues/7" in seen(text)


@pytest.mark.parametrize("longest", [65_000, 7_000, 4_000, 1_500, 600])
def test_what_does_not_fit_is_counted_and_said(branch: Project, longest: int) -> None:
    for number in range(9):
        branch.write_post(f"many-{number}", f"2026-03-1{number} 15:00:00", title=f"Number {number}")
    view = view_of(branch)
    text = render_summary(view, picture_address=lambda picture: "", longest=longest)
    assert len(text) <= longest
    whole = text.count("Neighbours in the queue")
    if longest == 65_000:
        assert whole == 9
        assert "in brief" not in text
        return
    assert whole < 9
    left_out = re.search(r"(\d+) more parts? left out", text)
    if left_out is None and "longer than GitHub takes" not in text:
        assert f"{9 - whole} posts in brief" in text
        assert all(f"Number {number}" in seen(text).partition("in brief")[2] for number in range(whole, 9))
