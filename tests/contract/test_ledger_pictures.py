"""The ledger's contract: facts about pictures on other hosts are kept, and a later failure never replaces them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain import RemotePicture, WriteBatch
from bot.ledger.contract import Ledger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
URL = "https://pictures.example/pier.jpg"
KNOWN = RemotePicture(url=URL, media_type="image/jpeg", size=4711, asked_at=NOW)
IN_VAIN = RemotePicture(url=URL, asked_at=NOW - timedelta(days=2))
AGAIN_IN_VAIN = RemotePicture(url=URL, asked_at=NOW - timedelta(days=1))


def note(ledger: Ledger, *pictures: RemotePicture) -> None:
    for picture in pictures:
        ledger.record(WriteBatch(pictures=(picture,)), now=picture.asked_at)


def test_what_was_said_is_kept(ledger: Ledger) -> None:
    other = RemotePicture(url=f"{URL}?2", asked_at=NOW)
    ledger.record(WriteBatch(pictures=(KNOWN, other)), now=NOW)
    assert ledger.snapshot().pictures == {URL: KNOWN, other.url: other}


def test_a_later_try_replaces_one_in_vain(ledger: Ledger) -> None:
    note(ledger, IN_VAIN, AGAIN_IN_VAIN)
    assert ledger.snapshot().pictures == {URL: AGAIN_IN_VAIN}
    note(ledger, KNOWN)
    assert ledger.snapshot().pictures == {URL: KNOWN}


def test_an_answer_stays_so_that_the_feeds_do_not_change_to_and_fro(ledger: Ledger) -> None:
    other = RemotePicture(url=URL, media_type="image/png", size=1, asked_at=NOW)
    note(ledger, KNOWN, RemotePicture(url=URL, asked_at=NOW + timedelta(days=1)), other)
    assert ledger.snapshot().pictures == {URL: KNOWN}
