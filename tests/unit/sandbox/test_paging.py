"""Which page of a list is given."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mastodon import Mastodon

from bot.sandbox.paging import PageRequest, link_header, page_request, select_page


@dataclass(frozen=True)
class Item:
    id: str


NINE = [Item(str(number)) for number in range(9, 0, -1)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, "987654321"),
        ({"limit": "3"}, "987"),
        ({"limit": "3", "max_id": "7"}, "654"),
        ({"limit": "3", "since_id": "2"}, "987"),
        ({"limit": "3", "since_id": "7"}, "98"),
        ({"limit": "3", "min_id": "2"}, "543"),
        ({"limit": "3", "min_id": "7"}, "98"),
        ({"limit": "3", "min_id": "0"}, "321"),
        ({"limit": "3", "min_id": "2", "max_id": "5"}, "43"),
        ({"limit": "3", "max_id": "7", "since_id": "5"}, "6"),
        ({"limit": "3", "min_id": "2", "since_id": "8"}, "543"),
        ({"limit": "3", "min_id": ""}, "987"),
        ({"limit": "0"}, ""),
        ({"limit": "0", "min_id": "3"}, ""),
        ({"limit": "-2"}, "98"),
        ({"limit": "many"}, ""),
        ({"min_id": "9"}, ""),
        ({"max_id": "1"}, ""),
    ],
)
def test_a_page_is_cut_as_mastodon_cuts_it(query: dict[str, str], ids: str) -> None:
    assert "".join(item.id for item in select_page(NINE, page_request(query))) == ids


@pytest.mark.parametrize(("asked", "limit"), [(None, 20), ("40", 40), ("41", 40), ("1000", 40), ("1", 1)])
def test_the_limit_is_clamped_to_forty(asked: str | None, limit: int) -> None:
    assert page_request({} if asked is None else {"limit": asked}).limit == limit


@given(
    numbers=st.sets(st.integers(1, 60)),
    limit=st.integers(1, 10),
    start=st.integers(0, 60),
)
def test_walking_upwards_by_min_id_misses_nothing(numbers: set[int], limit: int, start: int) -> None:
    items = [Item(str(number)) for number in sorted(numbers, reverse=True)]
    seen: list[int] = []
    at = start
    while page := select_page(items, PageRequest(limit=limit, min_id=at)):
        seen += [int(item.id) for item in reversed(page)]
        at = int(page[0].id)
    assert seen == sorted(number for number in numbers if number > start)


@pytest.mark.parametrize(
    ("query", "links"),
    [
        ({"limit": "9"}, '<u?limit=9&max_id=1>; rel="next", <u?limit=9&min_id=9>; rel="prev"'),
        ({"limit": "10"}, '<u?limit=10&min_id=9>; rel="prev"'),
        ({"limit": "1", "min_id": "4"}, '<u?limit=1&max_id=5>; rel="next", <u?limit=1&min_id=5>; rel="prev"'),
        ({"limit": "1", "max_id": "1"}, ""),
        ({"limit": "0"}, ""),
    ],
)
def test_next_is_offered_only_when_the_page_is_full(query: dict[str, str], links: str) -> None:
    wanted = page_request(query)
    assert link_header(select_page(NINE, wanted), wanted, url="u", query=query) == links


def test_mastodon_py_follows_the_links(client: Mastodon) -> None:
    ids = [client.status_post(f"number {number}").id for number in range(5)][::-1]
    me = client.me().id
    page = client.account_statuses(me, limit=2)
    assert [status.id for status in page] == ids[:2]
    assert [status.id for status in client.fetch_next(page) or []] == ids[2:4]
    assert [status.id for status in client.fetch_remaining(page)] == ids
    above = client.account_statuses(me, min_id=ids[4], limit=2)
    assert [status.id for status in above] == ids[2:4]
    assert [status.id for status in client.fetch_previous(above) or []] == ids[:2]


def test_the_links_keep_the_other_parameters(http: httpx.Client, client: Mastodon) -> None:
    client.status_post("x")
    answer = http.get(f"/api/v1/accounts/{client.me().id}/statuses", params={"exclude_replies": "true", "limit": "1"})
    assert "exclude_replies=true&limit=1&max_id=" in answer.headers["Link"]
