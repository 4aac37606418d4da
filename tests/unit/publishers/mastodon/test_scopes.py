"""The least rights that do, and what is missing of them."""

from __future__ import annotations

import pytest

from bot.publishers.mastodon.servers import explain_missing, least_scopes, missing_scopes

NEW = ("profile", "read:statuses", "write:statuses", "write:media")
OLD = ("read:accounts", "read:statuses", "write:statuses", "write:media")
EVERY_SCOPE = ("read", "write", "read:accounts", "read:lists", *NEW)


@pytest.mark.parametrize(
    ("supported", "software", "least"),
    [
        (EVERY_SCOPE, "Mastodon 4.5.15", NEW),
        (tuple(scope for scope in EVERY_SCOPE if scope != "profile"), "", OLD),
        ((), "Mastodon 4.2.10", OLD),
        ((), "GoToSocial 0.20.1", OLD),
        ((), "Pleroma 2.7.0", OLD),
        ((), "", OLD),
        ((), "Pixelfed 0.12.3", ("read", "write")),
        (("read", "write", "follow"), "", ("read", "write")),
        (
            ("read", "write", "read:statuses", "write:statuses"),
            "",
            ("read", "read:statuses", "write:statuses", "write"),
        ),
    ],
)
def test_no_server_is_selected_more_than_is_needed_and_known_to_it(
    supported: tuple[str, ...], software: str, least: tuple[str, ...]
) -> None:
    assert least_scopes(supported, software=software) == least
    assert missing_scopes(least) == ()


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (("read", "write"), ()),
        (NEW, ()),
        (OLD, ()),
        ((), OLD),
        (("write",), ("read:accounts", "read:statuses")),
        (("read:accounts", "read:statuses", "write:statuses"), ("write:media",)),
        (("read", "write:media", "follow"), ("write:statuses",)),
    ],
)
def test_what_a_token_lacks(granted: tuple[str, ...], missing: tuple[str, ...]) -> None:
    assert missing_scopes(granted) == missing


def test_what_is_missing_is_said_with_its_purpose() -> None:
    said = explain_missing(("read:statuses", "write:media"))
    assert said == "read:statuses (to see what is there already), write:media (to upload pictures)"
