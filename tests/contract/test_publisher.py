"""What every publisher owes its caller: one suite over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.model import Announcement, Receipt
from bot.publisher import Publisher
from bot.publishers.recording import RecordingPublisher
from bot.sandbox.server import SandboxServer
from tests.support.publishing import announcement, on_loopback, picture, status_shown


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A publisher of an account that has posted nothing yet."""

    publisher: Publisher
    address: str  #: as the server knows it
    alts: Callable[[Receipt], list[str]]  #: the alt texts that a status shows
    numbers: Iterator[int] = field(default_factory=count)

    def say(self, text: str) -> Receipt:
        return self.publish(announcement(text, link=None))

    def publish(self, said: Announcement, *, media_ids: tuple[str, ...] = ()) -> Receipt:
        key = f"key-{next(self.numbers)}"
        return self.publisher.publish(said, media_ids=media_ids, key=key, repeat=False)


@pytest.fixture(params=["mastodon", "recording"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "recording":
        yield _recording()
        return
    with SandboxServer(limited=False) as server, on_loopback(server.url) as publisher:

        def alts(receipt: Receipt) -> list[str]:
            shown = status_shown(server.url, receipt.status_id)
            return [media["description"] for media in shown["media_attachments"]]

        yield Stage(publisher=publisher, address=publisher.address, alts=alts)


def _recording() -> Stage:
    publisher = RecordingPublisher(address="conf@recording.invalid", clock=SystemClock())

    def alts(receipt: Receipt) -> list[str]:
        numbers = [int(media_id.removeprefix("media-")) for media_id in publisher.media_of[receipt.status_id]]
        return [publisher.uploads[number - 1].alt for number in numbers]

    return Stage(publisher=publisher, address=publisher.address, alts=alts)


def test_it_introduces_itself_with_the_address_that_the_server_confirms(stage: Stage) -> None:
    facts = stage.publisher.introduce()
    assert facts.address == stage.address
    assert facts.account_id
    assert facts.limits.characters == 500


def test_an_account_without_statuses_has_zero_as_its_newest(stage: Stage) -> None:
    assert stage.publisher.newest_status_id() == "0"


def test_the_newest_id_is_that_of_the_last_status_and_grows(stage: Stage) -> None:
    first = stage.say("First.")
    assert stage.publisher.newest_status_id() == first.status_id
    second = stage.say("Second.")
    assert stage.publisher.newest_status_id() == second.status_id
    assert int(second.status_id) > int(first.status_id) > 0


def test_publishing_gives_a_receipt(stage: Stage) -> None:
    receipt = stage.say("Registration is open.")
    assert type(receipt.status_id) is str
    assert receipt.url.startswith(("http://", "https://"))
    assert receipt.status_id in receipt.url
    assert receipt.created_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - receipt.created_at) < timedelta(minutes=1)


def test_a_look_finds_nothing_where_nothing_is(stage: Stage) -> None:
    assert stage.publisher.look(announcement(), after_id="0") == ()


def test_a_look_finds_the_status_after_the_id_known_before(stage: Stage) -> None:
    stage.say("Something older.")
    before = stage.publisher.newest_status_id()
    receipt = stage.say("Our keynote speaker.")
    (seen,) = stage.publisher.look(announcement("Our keynote speaker.", link=None), after_id=before)
    assert (seen.status_id, seen.url, seen.created_at) == (receipt.status_id, receipt.url, receipt.created_at)
    assert type(seen.status_id) is str
    assert seen.created_at.tzinfo is UTC


def test_a_look_does_not_find_what_was_there_before(stage: Stage) -> None:
    receipt = stage.say("Our keynote speaker.")
    assert stage.publisher.look(announcement("Our keynote speaker.", link=None), after_id=receipt.status_id) == ()


def test_looking_changes_nothing(stage: Stage) -> None:
    stage.say("Once.")
    said = announcement("Once.", link=None)
    assert stage.publisher.look(said, after_id="0") == stage.publisher.look(said, after_id="0")


def test_a_look_goes_through_all_pages_oldest_first(stage: Stage) -> None:
    before = [stage.say(f"Before them, {number}.").status_id for number in range(9)][-1]
    link = "https://conf.example.org/news/wanted/"
    wanted = announcement(f"This one. {link}", link=link)
    ids = [stage.say(f"Number {number}.").status_id for number in range(44)]
    ids.append(stage.publish(wanted).status_id)
    seen = stage.publisher.look(wanted, after_id=before)
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
    stage.say(text)
    (seen,) = stage.publisher.look(announcement(text, link=None), after_id="0")
    assert seen.text == text
    assert seen.content_warning == ""


def test_a_look_tells_the_content_warning(stage: Stage) -> None:
    said = announcement("Behind it.", link=None, content_warning="Food: photos")
    stage.publish(said)
    (seen,) = stage.publisher.look(said, after_id="0")
    assert (seen.text, seen.content_warning) == ("Behind it.", "Food: photos")


@pytest.mark.parametrize(
    "link", ["https://conf.example.org/news/x/", "https://conf.example.org/a?b=1&c=2", "https://conf.example.org/x_(y)"]
)
def test_a_look_tells_the_links_as_they_were_written(stage: Stage, link: str) -> None:
    said = announcement(f"Read on: {link}", link=link)
    stage.publish(said)
    (seen,) = stage.publisher.look(said, after_id="0")
    assert seen.links == {link}
    assert seen.text == said.text


@pytest.mark.parametrize("link", ["http://127.0.0.1:8000/news/x/", "https://site.test/x/", "http://localhost/x"])
def test_the_text_is_told_also_where_the_server_makes_no_link_of_the_address(stage: Stage, link: str) -> None:
    said = announcement(f"In brackets ({link}), and more.", link=link)
    stage.publish(said)
    (seen,) = stage.publisher.look(said, after_id="0")
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


def test_an_upload_alone_posts_nothing(stage: Stage, tmp_path: Path) -> None:
    stage.publisher.upload(picture(tmp_path))
    assert stage.publisher.newest_status_id() == "0"


def test_closing_twice_does_no_harm(stage: Stage) -> None:
    stage.publisher.introduce()
    stage.publisher.close()
    stage.publisher.close()
