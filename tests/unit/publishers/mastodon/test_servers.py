"""What a server says of itself: its kind, its accounts' domain, what it accepts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain import Limits
from bot.publishers.mastodon.servers import domain_of, limits_of, software_of, version_of

#: As the servers tell themselves; sources: see bot/publishers/mastodon/servers.py.
MASTODON_46: dict[str, Any] = {
    "domain": "example.social",
    "version": "4.6.2",
    "source_url": "https://github.com/mastodon/mastodon",
    "api_versions": {"mastodon": 10},
    "configuration": {
        "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
        "media_attachments": {
            "supported_mime_types": ["image/jpeg", "image/avif", "video/mp4"],
            "description_limit": 10_000,
            "image_size_limit": 16_777_216,
            "image_matrix_limit": 33_177_600,
        },
        "polls": {
            "max_options": 4,
            "max_characters_per_option": 50,
            "min_expiration": 300,
            "max_expiration": 2_629_746,
        },
    },
}


@pytest.mark.parametrize(
    ("instance", "software"),
    [
        (MASTODON_46, "Mastodon 4.6.2"),
        ({"version": "4.3.0+glitch"}, "Mastodon 4.3.0+glitch"),
        ({"version": "2.7.2 (compatible; Pleroma 2.7.0-12-gabc)"}, "Pleroma 2.7.0-12-gabc"),
        ({"version": "2.7.2 (compatible; Akkoma 3.10.4)"}, "Akkoma 3.10.4"),
        ({"version": "3.5.3 (compatible; Pixelfed 0.12.1)"}, "Pixelfed 0.12.1"),
        (
            {"version": "0.20.1+git-1a2b", "source_url": "https://codeberg.org/superseriousbusiness/gotosocial"},
            "GoToSocial 0.20.1+git-1a2b",
        ),
        ({}, ""),
        ({"version": None}, ""),
        (None, ""),
    ],
)
def test_what_kind_of_server_it_is(instance: Any, software: str) -> None:
    assert software_of(instance) == software


def test_all_limits_are_read() -> None:
    assert limits_of(MASTODON_46) == Limits(
        characters=500,
        description=10_000,
        picture_bytes=16_777_216,
        picture_pixels=33_177_600,
        picture_types=("image/jpeg", "image/avif"),
        poll_options=4,
        poll_option=50,
        poll_shortest=timedelta(minutes=5),
        poll_longest=timedelta(seconds=2_629_746),
        poll_with_pictures=True,
        quote_policy=True,
        software="mastodon 4.6.2",
    )


@pytest.mark.parametrize(
    ("api", "quote_policy", "poll_with_pictures"),
    [(None, False, False), (2, False, False), (6, False, False), (7, True, False), (9, True, False), (10, True, True)],
)
def test_what_came_with_which_version(api: int | None, quote_policy: bool, poll_with_pictures: bool) -> None:
    limits = limits_of({"version": "4.5.0", "api_versions": {"mastodon": api}})
    assert (limits.quote_policy, limits.poll_with_pictures) == (quote_policy, poll_with_pictures)


@pytest.mark.parametrize(
    "configuration",
    [
        None,
        {},
        [],
        "odd",
        {"statuses": None, "polls": [], "media_attachments": 3},
        {"statuses": {"max_characters": "500", "max_media_attachments": 0, "characters_reserved_per_url": -1}},
        {"statuses": {"max_characters": True}, "polls": {"min_expiration": None}},
    ],
)
def test_what_is_not_told_or_is_nonsense_is_as_with_mastodon(configuration: Any) -> None:
    assert limits_of({"configuration": configuration}) == Limits()


def test_the_older_record_of_pleroma_names_its_limit_otherwise() -> None:
    assert limits_of({"version": "2.7.2 (compatible; Pleroma 2.6.0)", "max_toot_chars": 5000}).characters == 5000


def test_pixelfed_needs_a_picture() -> None:
    assert limits_of({"version": "3.5.3 (compatible; Pixelfed 0.12.1)"}).picture_needed


@pytest.mark.parametrize(
    ("instance", "domain"),
    [
        ({"domain": "example.social"}, "example.social"),
        ({"domain": "gts.example.social", "account_domain": "example.social"}, "example.social"),
        ({"uri": "example.social"}, "example.social"),
        ({"uri": "https://example.social"}, "example.social"),
        ({}, "host.example:8443"),
    ],
)
def test_the_domain_of_its_accounts(instance: dict[str, str], domain: str) -> None:
    assert domain_of(instance, "https://host.example:8443") == domain


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("4.5.3", (4, 5, 3)),
        ("4.6.0-beta.1+glitch", (4, 6, 0)),
        ("4.0.2+hometown-1.1.1", (4, 0, 2)),
        ("2.7.2 (compatible; Pleroma 2.7.0)", (2, 7, 2)),
        ("3.5.3 (compatible; Pixelfed 0.12.4)", (3, 5, 3)),
        ("0.17.3 git-c4f1b5e", (0, 17, 3)),
        ("main", (1, 0, 0)),
        ("4.5", (1, 0, 0)),
        ("", (1, 0, 0)),
    ],
)
def test_the_version_that_a_server_is_alike(version: str, expected: tuple[int, int, int]) -> None:
    assert version_of({"version": version}) == expected
