"""Known issues (section 9 of the fact sheet), and what sections 1 to 6 warn of; `test_traps.py` has the overview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.compose.hashtags import fold_hashtag
from bot.domain.wording import reason_words
from tests.support.trap_table import (
    MASTODONS,
    POST,
    PUT,
    REJECTED,
    SENT,
    Story,
    Trap,
    fault,
    once,
    rows,
)
from tests.support.traps import Account, Stage, stage, words_of

#: The others are sent pictures by /api/v1/media, which answers when they are ready.
SAY_WHEN_READY = (*MASTODONS, "pixelfed")


def with_picture(*faults: dict[str, object], alts: tuple[str, ...] = ("A stage with two chairs",)) -> Story:
    """The toot is there once, with its picture and its alt text; the picture may have to wait."""

    def story(account: Account) -> None:
        said = account.words(pictures=(account.picture(),))
        account.goes_wrong(*faults)
        toot = account.owes(said)
        account.deliver_to_the_end()
        (found,) = account.toots()
        assert (found["text"], account.row(toot).state) == (said.text, SENT)
        assert tuple(media["description"] for media in found["media_attachments"]) == alts

    return story


def a_picture_that_is_never_ready(account: Account) -> None:
    """After ten minutes the news matters more than its picture; where no toot goes without one, it is rejected."""
    said = account.words(pictures=(account.picture(),))
    account.goes_wrong({"media": "slow", "looks": 100_000})
    toot = account.owes(said)
    account.deliver_to_the_end()
    assert "picture left out" in account.happened
    found = account.toots()
    if account.kind.limits.picture_needed:
        assert (found, account.row(toot).state) == ([], REJECTED)
    else:
        assert [(one["text"], one["media_attachments"]) for one in found] == [(said.text, [])]


def a_picture_that_the_server_cannot_process(account: Account) -> None:
    said = account.words(pictures=(account.picture(),))
    account.goes_wrong({"media": "failing", "looks": 1})
    toot = account.owes(said)
    account.deliver_to_the_end()
    assert account.happened.count("picture left out") == 1
    found = account.toots()
    if account.kind.limits.picture_needed:
        assert (found, account.row(toot).state) == ([], REJECTED)
    else:
        assert [(one["text"], one["media_attachments"]) for one in found] == [(said.text, [])]


def an_edit_keeps_what_it_does_not_change(account: Account) -> None:
    """PUT replaces: pictures, alt texts, warning, language and visibility are all still there after a mended typo."""
    said = account.words(
        pictures=(account.picture("One"), account.picture("Two", colour="navy")), content_warning="Food"
    )
    said = replace(said, language="de")
    toot = account.owes(said)
    account.deliver_to_the_end()
    (before,) = account.toots()
    account.owes_edit(toot, replace(said, text=f"Mended. {said.text}"))
    account.deliver_to_the_end()
    (after,) = account.toots()
    assert after["text"] == f"Mended. {said.text}"
    for name in ("id", "url", "warning", "language", "visibility", "sensitive", "created_at"):
        assert after[name] == before[name], name
    assert [one["id"] for one in after["media_attachments"]] == [one["id"] for one in before["media_attachments"]]
    assert [one["description"] for one in after["media_attachments"]] == ["One", "Two"]


def an_alt_text_after_posting(account: Account) -> None:
    """PUT /media is 404 once it is attached: the alt text goes by an edit of the toot."""
    said = account.words(pictures=(account.picture("Wrong"),))
    toot = account.owes(said)
    account.deliver_to_the_end()
    account.goes_wrong(fault(PUT, "post-then-drop"))
    account.owes_edit(toot, replace(said, pictures=(account.picture("Right"),)))
    account.deliver_to_the_end()
    (found,) = account.toots()
    assert [one["description"] for one in found["media_attachments"]] == ["Right"]
    assert not any("/media/" in line for line in account.line.lines("PUT"))


def an_edit_of_the_language(account: Account) -> None:
    said = account.words()
    toot = account.owes(said)
    account.deliver_to_the_end()
    account.owes_edit(toot, replace(said, text=f"Jetzt: {said.text}", language="de"))
    account.deliver_to_the_end()
    assert [(one["text"][:6], one["language"]) for one in account.toots()] == [("Jetzt:", "de")]


def a_thread_whose_answers_are_lost(account: Account) -> None:
    """Each part is there once, each an answer to the one before."""
    said = account.words()
    toot = account.owes(said)
    for number in (2, 3):
        account.owes_part(toot, account.words(f"Part {number}.", pictures=()), part=number)
    account.goes_wrong(fault(POST, "post-then-504", times=3))
    account.deliver_to_the_end()
    found = account.toots()
    assert words_of(found) == [said.text, "Part 2.", "Part 3."]
    assert [one["in_reply_to_id"] for one in found] == [None, found[0]["id"], found[1]["id"]]
    assert account.posts == 3


def a_local_mention_that_is_rewritten(account: Account) -> None:
    """`@user@its.own.domain` becomes `@user`: recognised all the same when the answer was lost."""
    account.server.store.account_for_token("loopback-helper")
    toot = account.owes(replace(account.words("Thanks, @Helper@127.0.0.1! {link}"), link=None))
    account.goes_wrong(fault(POST, "post-then-504"))
    account.deliver_to_the_end()
    (found,) = account.toots()
    assert found["text"].startswith("Thanks, @Helper! ")
    assert (account.row(toot).state, account.posts) == (SENT, 1)


def a_toot_that_the_spam_filter_drops(account: Account) -> None:
    """Answered with 200 and an id that never comes to be: told aloud as rejected, not taken for sent."""
    account.server.store.account_for_token("loopback-helper")
    said, after = account.words("free tickets, says @helper: {link}"), account.words("And {link}")
    account.goes_wrong({"spam": "free tickets"})
    toot, next_toot = account.owes(said), account.owes(after)
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [after.text]
    assert (account.row(toot).state, account.row(next_toot).state) == (REJECTED, SENT)
    assert "spam filter" in reason_words(account.row(toot).reason)
    assert account.posts == 2


def a_mention_whose_toot_cannot_be_asked_for(account: Account) -> None:
    """The question after a toot with a mention may fail: the server's answer to the toot itself stands."""
    said = account.words("Ask @helper: {link}")
    toot = account.owes(said)
    account.goes_wrong(*(fault("GET /api/v1/statuses/*", do, times=1) for do in ("html-502",)))
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]
    assert (account.row(toot).state, account.posts) == (SENT, 1)
    assert reason_words(account.row(toot).reason) == ""


def a_warning_without_words(account: Account) -> None:
    """Mastodon makes it the text. No announcement is without text; if one were, its picture would carry it."""
    said = account.words(" ", content_warning="Food", pictures=(account.picture(),))
    toot = account.owes(replace(said, link=None))
    account.deliver_to_the_end()
    (found,) = account.toots()
    becomes = account.kind.warning_becomes_text
    assert (found["text"], found["warning"]) == (("Food", "") if becomes else ("", "Food"))
    assert account.row(toot).state is SENT


def hashtags(account: Account) -> None:
    """Each stands after a space, so it is a hashtag on every kind of server; brackets and quotes are avoided."""
    tags = ("#FjordConf", "#Tag_2", "#Übung", "#日本")
    said = account.words("\n\n".join(["News: {link}", " ".join(tags)]))
    account.owes(said)
    account.deliver_to_the_end()
    (found,) = account.toots()
    assert {fold_hashtag(tag["name"]) for tag in found["tags"]} == {fold_hashtag(tag) for tag in tags}


TABLE = rows(
    # -- duplicates
    Trap(name="a slow write answered 504", source="mastodon#21840", story=once(fault(POST, "post-then-504"), posts=1)),
    Trap(name="a slow write that hangs", source="mastodon#7033", story=once(fault(POST, "post-then-hang:20"), posts=1)),
    Trap(
        name="a repeat answered 500",
        source="mastodon#40399",
        story=once({"repeat": "500"}, fault(POST, "post-then-504"), posts=1),
    ),
    Trap(
        name="a repeat that meets the lock",
        source="mastodon#37879",
        story=once({"repeat": "503"}, fault(POST, "post-then-drop"), posts=1),
    ),
    Trap(
        name="a repeat answered 500, after a 429 that was none",
        source="mastodon#40399",
        story=once({"repeat": "500"}, fault(POST, "post-then-429-with-reset"), posts=1),
    ),
    Trap(
        name="every answer is lost", source="mastodon#21840", story=once(fault(POST, "post-then-504", times=2), posts=1)
    ),
    Trap(
        name="three tries that never arrive", source="mastodon#21840", story=once(fault(POST, "drop", times=3), posts=4)
    ),
    Trap(name="a thread whose answers are lost", source="mastodon#21840", story=a_thread_whose_answers_are_lost),
    # -- media
    Trap(name="a slow picture", source="halcy/Mastodon.py#377", story=with_picture({"media": "slow", "looks": 3})),
    Trap(
        name="a picture answered 202 is not used at once",
        source="tuskyapp/Tusky#2442",
        story=with_picture({"media": "slow", "looks": 1}),
    ),
    Trap(
        name="a picture that is never ready",
        source="halcy/Mastodon.py#381",
        story=a_picture_that_is_never_ready,
        kinds=SAY_WHEN_READY,
    ),
    Trap(name="a picture that cannot be processed", source="section 4", story=a_picture_that_the_server_cannot_process),
    Trap(name="an alt text after posting", source="halcy/Mastodon.py#358", story=an_alt_text_after_posting),
    Trap(name="PUT replaces everything", source="friendica#12895", story=an_edit_keeps_what_it_does_not_change),
    Trap(name="an edit of the language", source="Mastodon.py", story=an_edit_of_the_language),
    # -- words
    Trap(
        name="ends are stripped",
        source="section 1",
        story=once(fault(POST, "post-then-504"), text=" \n Doors open: {link} \n\n", posts=1),
    ),
    Trap(name="line ends of Windows", source="section 1", story=once(text="Doors\n\nopen: {link}")),
    Trap(name="a local mention is rewritten", source="section 1", story=a_local_mention_that_is_rewritten),
    Trap(name="a content warning without words", source="section 2", story=a_warning_without_words),
    Trap(name="hashtags", source="section 1", story=hashtags),
    Trap(
        name="texts in German", source="section 2", story=once({"texts": "de"}, fault(POST, "post-then-504"), posts=1)
    ),
    Trap(name="the spam filter's id", source="section 2", story=a_toot_that_the_spam_filter_drops),
    Trap(name="a mention that cannot be asked for", source="section 2", story=a_mention_whose_toot_cannot_be_asked_for),
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("pictures")) as made:
        yield made


@TABLE
def test_the_known_traps(here: Stage, story: Story, kind: str) -> None:
    story(here.account(kind))
