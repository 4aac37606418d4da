"""The publishers' contract: one suite for the recording publisher, and for the real one at each kind of server.

What a kind of server cannot do: Pixelfed takes no toot without a picture, so there each gets one that its announcement
does not know of (`Stage.publish`; what it says to those who bring none stands below). Its answers need none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.domain import Announcement, Limits, Picture, Receipt
from bot.domain.clock import SystemClock
from bot.domain.deliveries import newer_id
from bot.domain.errors import RejectedError, TransientError
from bot.publishers.contract import Publisher
from bot.sandbox.profiles import PROFILES
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import announcement, on_loopback, picture, pictured, status_shown
from tests.support.recording_publisher import RecordingPublisher

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A publisher of an account that has posted nothing yet."""

    publisher: Publisher
    address: str  #: as the server knows it
    limits: Limits = field(default_factory=Limits)  #: of its kind of server
    filler: Picture | None = None  #: for a server that takes no toot without one
    alts: Callable[[Receipt], list[str]]  #: the alt texts that a status shows
    media: Callable[[Receipt], list[str]]  #: the ids of its pictures
    numbers: Iterator[int] = field(default_factory=count)

    def emit(self, text: str) -> Receipt:
        return self.publish(announcement(text, link=None))

    def publish(
        self, said: Announcement, *, media_ids: tuple[str, ...] = (), in_reply_to: str | None = None
    ) -> Receipt:
        key = f"key-{next(self.numbers)}"
        if self.filler is not None and not media_ids and in_reply_to is None:
            media_ids = (self.publisher.upload(self.filler),)
        return self.publisher.publish(said, media_ids=media_ids, key=key, repeat=False, in_reply_to=in_reply_to)

    def publish_with_pictures(self, said: Announcement) -> Receipt:
        return self.publish(said, media_ids=tuple(self.publisher.upload(one) for one in said.pictures))

    def list_recent(self, long: timedelta = timedelta(days=1)) -> list[str]:
        return [status.status_id for status in self.publisher.list_recent(since=datetime.now(UTC) - long)]

    def says(self, receipt: Receipt) -> tuple[str | None, str]:
        """The text and the content warning that it has now."""
        (seen,) = (one for one in self.publisher.list_recent(since=EVER) if one.status_id == receipt.status_id)
        seen = self.publisher.fetch_text(seen)
        return seen.text, seen.content_warning


@pytest.fixture(params=[*PROFILES, "recording"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    if request.param == "recording":
        yield _recording()
        return
    kind = PROFILES[request.param]
    with FakeMastodon(profile=kind, limited=False) as server, on_loopback(server.url) as publisher:

        def alts(receipt: Receipt) -> list[str]:
            shown = status_shown(server.url, receipt.status_id)
            return [media["description"] for media in shown["media_attachments"]]

        def media(receipt: Receipt) -> list[str]:
            return [one["id"] for one in status_shown(server.url, receipt.status_id)["media_attachments"]]

        filler = picture(tmp_path, name="filler.png", alt="") if kind.limits.picture_needed else None
        yield Stage(
            publisher=publisher,
            address=publisher.address,
            limits=kind.limits,
            filler=filler,
            alts=alts,
            media=media,
        )


def _recording() -> Stage:
    publisher = RecordingPublisher(address="conf@recording.invalid", clock=SystemClock())

    def alts(receipt: Receipt) -> list[str]:
        numbers = [int(media_id.removeprefix("media-")) for media_id in publisher.media_of[receipt.status_id]]
        return [publisher.uploads[number - 1].alt for number in numbers]

    def media(receipt: Receipt) -> list[str]:
        return list(publisher.media_of[receipt.status_id])

    return Stage(publisher=publisher, address=publisher.address, alts=alts, media=media)


def test_it_introduces_itself_with_the_address_that_the_server_confirms(stage: Stage) -> None:
    facts = stage.publisher.verify_account()
    assert facts.address == stage.address
    assert facts.account_id
    assert facts.limits.characters == stage.limits.characters
    assert facts.limits.picture_needed == (stage.filler is not None)


def test_an_account_without_statuses_has_zero_as_its_newest(stage: Stage) -> None:
    assert stage.publisher.newest_status_id() == "0"


def test_the_newest_id_is_that_of_the_last_status_and_grows(stage: Stage) -> None:
    first = stage.emit("First.")
    assert stage.publisher.newest_status_id() == first.status_id
    second = stage.emit("Second.")
    assert stage.publisher.newest_status_id() == second.status_id
    # Numbers on most, ULIDs and flake ids elsewhere; "0" is older than any.
    for older, newer in (("0", first.status_id), (first.status_id, second.status_id)):
        assert newer_id(older, newer) == newer_id(newer, older) == newer


def test_publishing_gives_a_receipt(stage: Stage) -> None:
    receipt = stage.emit("Registration is open.")
    assert type(receipt.status_id) is str
    assert receipt.url.startswith(("http://", "https://"))
    assert receipt.status_id in receipt.url
    assert receipt.created_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - receipt.created_at) < timedelta(minutes=1)


def test_a_look_finds_nothing_where_nothing_is(stage: Stage) -> None:
    assert stage.publisher.read_back(announcement(), after_id="0") == ()


def test_a_look_finds_the_status_after_the_id_known_before(stage: Stage) -> None:
    stage.emit("Something older.")
    before = stage.publisher.newest_status_id()
    receipt = stage.emit("Our keynote speaker.")
    (seen,) = stage.publisher.read_back(announcement("Our keynote speaker.", link=None), after_id=before)
    assert (seen.status_id, seen.url, seen.created_at) == (receipt.status_id, receipt.url, receipt.created_at)
    assert type(seen.status_id) is str
    assert seen.created_at.tzinfo is UTC


def test_a_look_does_not_find_what_was_there_before(stage: Stage) -> None:
    receipt = stage.emit("Our keynote speaker.")
    assert stage.publisher.read_back(announcement("Our keynote speaker.", link=None), after_id=receipt.status_id) == ()


def test_looking_changes_nothing(stage: Stage) -> None:
    stage.emit("Once.")
    said = announcement("Once.", link=None)
    assert stage.publisher.read_back(said, after_id="0") == stage.publisher.read_back(said, after_id="0")


def test_a_look_goes_through_all_pages_oldest_first(stage: Stage) -> None:
    before = [stage.emit(f"Before them, {number}.").status_id for number in range(9)][-1]
    link = "https://conf.example.org/news/wanted/"
    wanted = announcement(f"This one. {link}", link=link)
    ids = [stage.emit(f"Number {number}.").status_id for number in range(44)]
    ids.append(stage.publish(wanted).status_id)
    seen = stage.publisher.read_back(wanted, after_id=before)
    assert [status.status_id for status in seen] == ids
    assert seen[-1].text == wanted.text


@pytest.mark.parametrize(
    "text",
    [
        "Plain.",
        "Two\nlines.\n\nAnd a paragraph.",
        "Übung, 日本語, العربية, é as e\u0301, 👩‍👩‍👧‍👧 🇺🇸",
        "Tickets & <b>tags</b> \"quotes\" 'more' 100% a+b=c #Hash_Tag @nobody@example.org",
    ],
)
def test_a_look_tells_the_exact_text(stage: Stage, text: str) -> None:
    stage.emit(text)
    (seen,) = stage.publisher.read_back(announcement(text, link=None), after_id="0")
    assert seen.text == text
    assert seen.content_warning == ""


def test_a_look_tells_the_content_warning(stage: Stage) -> None:
    said = announcement("Behind it.", link=None, content_warning="Food: photos")
    stage.publish(said)
    (seen,) = stage.publisher.read_back(said, after_id="0")
    assert (seen.text, seen.content_warning) == ("Behind it.", "Food: photos")


@pytest.mark.parametrize(
    "link", ["https://conf.example.org/news/x/", "https://conf.example.org/a?b=1&c=2", "https://conf.example.org/x_(y)"]
)
def test_a_look_tells_the_links_as_they_were_written(stage: Stage, link: str) -> None:
    said = announcement(f"Read on: {link}", link=link)
    stage.publish(said)
    (seen,) = stage.publisher.read_back(said, after_id="0")
    assert seen.links == {link}
    assert seen.text == said.text


@pytest.mark.parametrize("link", ["http://127.0.0.1:8000/news/x/", "https://site.test/x/", "http://localhost/x"])
def test_the_text_is_told_also_where_the_server_makes_no_link_of_the_address(stage: Stage, link: str) -> None:
    said = announcement(f"In brackets ({link}), and more.", link=link)
    stage.publish(said)
    (seen,) = stage.publisher.read_back(said, after_id="0")
    assert seen.text == said.text


def test_pictures_are_attached_in_order_with_their_alt_texts(stage: Stage, tmp_path: Path) -> None:
    alts = ["A stage with two chairs", "The “big” hall, früh\nam Morgen"]
    pictures = [picture(tmp_path, name=f"{number}.png", alt=alt) for number, alt in enumerate(alts)]
    media_ids = tuple(stage.publisher.upload(one) for one in pictures)
    assert all(type(media_id) is str and media_id for media_id in media_ids)
    receipt = stage.publish(announcement("With pictures.", link=None), media_ids=media_ids)
    assert stage.alts(receipt) == alts
    swapped = stage.publish(
        announcement("The other way round.", link=None),
        media_ids=tuple(reversed([stage.publisher.upload(one) for one in pictures])),
    )
    assert stage.alts(swapped) == alts[::-1]


def test_what_was_made_ready_is_uploaded_as_any_other_and_broken_files_are_left_to_the_upload(
    stage: Stage, tmp_path: Path
) -> None:
    one, broken = picture(tmp_path, alt="A stage"), picture(tmp_path, name="broken.png", alt="Nothing")
    assert broken.path is not None
    broken.path.write_bytes(b"no picture")
    stage.publisher.prepare_pictures(replace(announcement("Soon.", link=None), pictures=(one, broken)))
    assert stage.publisher.newest_status_id() == "0"
    receipt = stage.publish(announcement("Now.", link=None), media_ids=(stage.publisher.upload(one),))
    assert stage.alts(receipt) == ["A stage"]
    receipt = stage.publish(announcement("Again.", link=None), media_ids=(stage.publisher.upload(one),))
    assert stage.alts(receipt) == ["A stage"]


def test_an_upload_alone_posts_nothing(stage: Stage, tmp_path: Path) -> None:
    stage.publisher.upload(picture(tmp_path))
    assert stage.publisher.newest_status_id() == "0"


def test_where_each_toot_needs_a_picture_one_without_is_rejected_before_it_is_sent(stage: Stage) -> None:
    """Elsewhere it goes out; a 403, as Pixelfed would answer, is said of accounts and would block this one."""
    said = announcement("No picture.", link=None)
    if stage.filler is None:
        assert stage.publisher.publish(said, media_ids=(), key="bare", repeat=False).status_id
        return
    with pytest.raises(RejectedError, match="no toot without a picture"):
        stage.publisher.publish(said, media_ids=(), key="bare", repeat=False)
    assert stage.publisher.newest_status_id() == "0"


# -- what the account has


def test_recent_statuses_come_oldest_first_over_all_pages_without_their_texts(stage: Stage) -> None:
    ids = [stage.emit(f"Number {number}.").status_id for number in range(44)]
    seen = stage.publisher.list_recent(since=EVER)
    assert [status.status_id for status in seen] == ids
    assert {status.text for status in seen} == {None}


def test_an_account_without_statuses_has_none_recently(stage: Stage) -> None:
    assert stage.publisher.list_recent(since=EVER) == ()


def test_recent_ends_where_it_is_told_to(stage: Stage) -> None:
    first = stage.emit("First.")
    second = stage.emit("Second.")
    assert [one.status_id for one in stage.publisher.list_recent(since=first.created_at)] == [
        first.status_id,
        second.status_id,
    ]
    assert stage.publisher.list_recent(since=second.created_at + timedelta(seconds=1)) == ()


def test_recent_tells_links_and_replies_too(stage: Stage) -> None:
    said = announcement()
    first = stage.publish(said)
    reply = stage.publish(announcement("And more.", link=None), in_reply_to=first.status_id)
    seen = stage.publisher.list_recent(since=EVER)
    assert [one.status_id for one in seen] == [first.status_id, reply.status_id]
    assert [one.links for one in seen] == [{said.link}, frozenset()]
    assert (seen[0].url, seen[0].created_at) == (first.url, first.created_at)


def test_the_text_of_a_status_is_told_on_demand(stage: Stage) -> None:
    stage.publish(announcement("Behind it.\n\nTwo lines & <b>.", link=None, content_warning="Food"))
    (seen,) = stage.publisher.list_recent(since=EVER)
    told = stage.publisher.fetch_text(seen)
    assert (told.text, told.content_warning) == ("Behind it.\n\nTwo lines & <b>.", "Food")
    assert replace(told, text=None) == seen


def test_a_text_that_is_gone_is_selected_again_later(stage: Stage) -> None:
    receipt = stage.emit("Gone.")
    (seen,) = stage.publisher.list_recent(since=EVER)
    stage.publisher.delete(receipt.status_id)
    with pytest.raises(TransientError, match="deleted"):
        stage.publisher.fetch_text(seen)


# -- replies


def test_a_reply_to_what_is_not_there_is_rejected_and_posts_nothing(stage: Stage) -> None:
    receipt = stage.emit("Gone.")
    stage.publisher.delete(receipt.status_id)
    with pytest.raises(RejectedError):
        stage.publish(announcement("Sorry.", link=None), in_reply_to=receipt.status_id)
    assert stage.list_recent() == []


# -- edits


def test_an_edit_replaces_the_text_and_the_content_warning(stage: Stage) -> None:
    old = announcement(content_warning="Food")
    receipt = stage.publish(old)
    new = announcement("New words.\nhttps://conf.example.org/x/", link="https://conf.example.org/x/")
    assert stage.publisher.edit(receipt.status_id, new, shown=old) == receipt
    assert stage.says(receipt) == (new.text, "")
    assert stage.publisher.list_recent(since=EVER)[0].links == {"https://conf.example.org/x/"}
    assert stage.publisher.edit(receipt.status_id, old, shown=new) == receipt
    assert stage.says(receipt) == (old.text, "Food")
    assert stage.list_recent() == [receipt.status_id]


def test_an_edit_may_be_repeated(stage: Stage, tmp_path: Path) -> None:
    old = pictured(tmp_path, "one")
    receipt = stage.publish_with_pictures(old)
    new = replace(pictured(tmp_path, "one", "two"), text="New words.")
    for shown in (old, None, new):
        stage.publisher.edit(receipt.status_id, new, shown=shown)
        assert (stage.says(receipt), stage.alts(receipt)) == (("New words.", ""), ["one", "two"])


@pytest.mark.parametrize("content_warning", [None, "Flashing lights"])
def test_an_edit_of_the_words_keeps_pictures_and_their_alt_texts(
    stage: Stage, tmp_path: Path, content_warning: str | None
) -> None:
    old = pictured(tmp_path, "one", "two")
    receipt = stage.publish_with_pictures(old)
    new = replace(old, text="New words.", content_warning=content_warning)
    stage.publisher.edit(receipt.status_id, new, shown=old)
    assert stage.says(receipt) == ("New words.", content_warning or "")
    assert stage.alts(receipt) == ["one", "two"]


@pytest.mark.parametrize("alts", [("uno", "two"), ("one", ""), ("zwei", "eins")])
def test_an_edit_may_change_nothing_but_alt_texts(stage: Stage, tmp_path: Path, alts: tuple[str, ...]) -> None:
    old, new = pictured(tmp_path, "one", "two"), pictured(tmp_path, *alts)
    receipt = stage.publish_with_pictures(old)
    stage.publisher.edit(receipt.status_id, new, shown=old)
    assert [alt or "" for alt in stage.alts(receipt)] == list(alts)


def renamed(one: Picture) -> Picture:
    return replace(one, url="https://conf.example.org/other.png", alt="another")


def test_an_edit_replaces_a_picture_by_another(stage: Stage, tmp_path: Path) -> None:
    old = pictured(tmp_path, "one", "two")
    receipt = stage.publish_with_pictures(old)
    new = replace(old, pictures=(old.pictures[0], renamed(old.pictures[1])))
    stage.publisher.edit(receipt.status_id, new, shown=old)
    assert stage.alts(receipt) == ["one", "another"]


def test_an_edit_takes_all_pictures_away_or_adds_the_first(stage: Stage, tmp_path: Path) -> None:
    old, bare = pictured(tmp_path, "one"), pictured(tmp_path)
    receipt = stage.publish_with_pictures(old)
    stage.publisher.edit(receipt.status_id, bare, shown=old)
    assert stage.alts(receipt) == []
    stage.publisher.edit(receipt.status_id, old, shown=bare)
    assert stage.alts(receipt) == ["one"]


def test_where_nobody_knows_what_it_shows_the_pictures_are_those_of_the_new_words(stage: Stage, tmp_path: Path) -> None:
    # As after an edit with another picture whose answer was lost.
    old = pictured(tmp_path, "one")
    receipt = stage.publish_with_pictures(old)
    stage.publisher.edit(receipt.status_id, replace(old, pictures=(renamed(old.pictures[0]),)), shown=old)
    before = set(stage.media(receipt))
    stage.publisher.edit(receipt.status_id, old, shown=None)
    assert stage.alts(receipt) == ["one"]
    assert before.isdisjoint(stage.media(receipt)), "not the other picture under this one's alt text"


def test_a_picture_that_was_left_out_before_stays_out(stage: Stage, tmp_path: Path) -> None:
    old = pictured(tmp_path, "refused", "two")
    receipt = stage.publish(old, media_ids=(stage.publisher.upload(old.pictures[1]),))
    stage.publisher.edit(receipt.status_id, replace(old, text="New words."), shown=old)
    assert (stage.says(receipt)[0], stage.alts(receipt)) == ("New words.", ["two"])


def test_an_edit_of_a_deleted_status_is_rejected(stage: Stage, tmp_path: Path) -> None:
    old = pictured(tmp_path, "one")
    receipt = stage.publish_with_pictures(old)
    stage.publisher.delete(receipt.status_id)
    for shown in (old, None):
        with pytest.raises(RejectedError):
            stage.publisher.edit(receipt.status_id, replace(old, text="New words."), shown=shown)
    assert stage.list_recent() == []


# -- deletions


def test_a_deleted_status_is_gone_and_the_others_stay(stage: Stage) -> None:
    first, second, third = (stage.emit(text) for text in ("First.", "Second.", "Third."))
    stage.publisher.delete(second.status_id)
    assert stage.list_recent() == [first.status_id, third.status_id]


def test_deleting_twice_does_no_harm(stage: Stage) -> None:
    receipt = stage.emit("Gone.")
    stage.publisher.delete(receipt.status_id)
    stage.publisher.delete(receipt.status_id)
    assert stage.list_recent() == []


def test_closing_twice_does_no_harm(stage: Stage) -> None:
    stage.publisher.verify_account()
    stage.publisher.close()
    stage.publisher.close()
