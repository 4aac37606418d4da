"""Checks that need the network: can the accounts be used, and are pages to come online too early? Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from bot.check.findings import about, about_settings
from bot.check.subject import Subject
from bot.domain import Finding, Post
from bot.domain.clock import Clock
from bot.domain.errors import FetchError
from bot.http.client import WebClient
from bot.http.policy import policy_of_site
from bot.integrations.pages import expect_page
from bot.publishers.inspection import find_tokens, inspect_accounts

_AT_ONCE: Final = 4  #: pages that are requested in parallel
MOST_PAGES: Final = 20  #: pages that are requested in all: those of the next releases


def check_online(subject: Subject, *, clock: Clock) -> Iterator[Finding]:
    """Accounts that cannot be used, and pages of posts to come that are online already."""
    yield from _accounts(subject, clock)
    yield from _early_pages(subject)


def _accounts(subject: Subject, clock: Clock) -> Iterator[Finding]:
    config = subject.config
    # A missing token is the subject of another rule.
    tokens = {name: token for name, token in find_tokens(config, subject.environ).items() if token.value is not None}
    for name, found in inspect_accounts(config, tokens, clock):
        if found.trouble:
            yield about_settings(config, "account-unusable", found.trouble, found.remedy, field=f"accounts.{name}")


def _early_pages(subject: Subject) -> Iterator[Finding]:
    web = WebClient(policy_of_site(subject.config))
    coming = [post for post in subject.secret if post.published is not None]
    nearest = sorted(coming, key=lambda post: (post.published is None, post.published))[:MOST_PAGES]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for post, online in zip(nearest, pool.map(partial(_is_online, web=web), nearest), strict=True):
            if online:
                problem = f"its page is online already: {post.url}."
                yield about(post, "page-early", problem, "Leave it out of the site until then: docs/site-embargo.md.")


def _is_online(post: Post, *, web: WebClient) -> bool:
    try:
        expect_page(post.url, web=web, require_card=False)
    except FetchError:
        return False
    return True
