"""Every mishap of the sandbox at every kind of server, through the whole protocol: said once, edited once, gone once.

A toot is published, edited and deleted, and each of the three requests meets the same mishap, before or after it was
carried out. Uploads and readings meet them as well. The named traps stand in `test_traps.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from bot.domain import DeliveryState
from bot.sandbox.faults import FAULT_KINDS
from bot.sandbox.profiles import MASTODON, PROFILES
from tests.support.traps import Account, Stage, stage, words_of

KINDS = tuple(PROFILES)
#: `make traps` meets the whole grid. Without it Mastodon meets every mishap, and the others share them out.
WHOLE = os.environ.get("TRAPS") == "all"
#: Nobody waits for one that hangs.
EACH_MISHAP = [f"{mishap}:30" if mishap == "hang" else mishap for mishap in FAULT_KINDS]
EACH_WAY = [*EACH_MISHAP, *(f"post-then-{mishap}" for mishap in EACH_MISHAP)]
READINGS = ("GET */verify_credentials", "GET */statuses", "GET */source", "GET */instance*")
SENT = DeliveryState.SENT


def grid(ways: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Kind of server x way, or the share of it that each kind has."""
    others = [kind for kind in KINDS if kind != MASTODON.name]
    shares = {MASTODON.name: ways} | {kind: ways[at :: len(others)] for at, kind in enumerate(others)}
    return [(kind, way) for kind in KINDS for way in (ways if WHOLE else shares[kind])]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("pictures")) as made:
        yield made


@pytest.fixture
def account(request: pytest.FixtureRequest, here: Stage) -> Account:
    return here.account(str(request.param))


@pytest.mark.parametrize(("account", "do"), grid(EACH_WAY), indirect=["account"])
def test_whatever_befalls_a_toot_its_edit_and_its_deletion_each_is_done_once(account: Account, do: str) -> None:
    said = account.words(pictures=(account.picture(),))
    account.goes_wrong({"on": "POST /api/v1/statuses", "do": do})
    toot = account.owes(said)
    assert account.deliver_to_the_end() < timedelta(minutes=20)
    (first,) = account.toots()
    assert (first["text"], first["id"]) == (said.text, account.row(toot).status_id)
    assert account.row(toot).state is SENT

    new = replace(said, text=f"Mended. {said.text}")
    account.goes_wrong({"on": "PUT /api/v1/statuses/*", "do": do})
    edit = account.owes_edit(toot, new)
    assert account.deliver_to_the_end() < timedelta(minutes=20)
    (mended,) = account.toots()
    assert (mended["text"], mended["id"], account.row(edit).state) == (new.text, first["id"], SENT)
    assert [media["description"] for media in mended["media_attachments"]] == ["A stage with two chairs"]

    account.goes_wrong({"on": "DELETE /api/v1/statuses/*", "do": do})
    deletion = account.owes_deletion(toot)
    assert account.deliver_to_the_end() < timedelta(minutes=20)
    assert account.toots() == []
    assert account.row(deletion).state is SENT


@pytest.mark.parametrize(("account", "do"), grid(EACH_WAY), indirect=["account"])
def test_whatever_befalls_an_upload_the_toot_goes_out_once_with_its_picture(account: Account, do: str) -> None:
    said = account.words(pictures=(account.picture("One"), account.picture("Two", colour="navy")))
    account.goes_wrong({"on": "POST /api/v*/media", "do": do, "skip": 1})
    toot = account.owes(said)
    assert account.deliver_to_the_end() < timedelta(minutes=20)
    (found,) = account.toots()
    assert [media["description"] for media in found["media_attachments"]] == ["One", "Two"]
    assert [media["meta"]["original"]["width"] for media in found["media_attachments"]] == [64, 64]
    assert account.row(toot).state is SENT


@pytest.mark.parametrize(("account", "reading"), grid([*product(READINGS, EACH_MISHAP)]), indirect=["account"])
def test_whatever_befalls_the_look_a_toot_whose_answer_was_lost_is_found(
    account: Account, reading: tuple[str, str]
) -> None:
    on, do = reading
    said = account.words()
    toot = account.owes(said)
    account.goes_wrong(
        {"on": "POST /api/v1/statuses", "do": "post-then-drop"},
        # Once before the toot leaves, and once more when it is looked for.
        {"on": on, "do": do, "times": 2},
    )
    account.deliver_to_the_end()
    assert words_of(account.toots()) == [said.text]
    assert account.row(toot).state is SENT
    assert account.posts == 1
