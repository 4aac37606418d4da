"""What only the network tells: whether accounts can be used, and whether pages to come are online too early.

Reads, and changes nothing anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Final

from bot.check.findings import about, about_file
from bot.check.subject import Subject
from bot.clock import Clock
from bot.config import Config
from bot.errors import FetchError
from bot.model import Finding, Post
from bot.output.pages import expect_page
from bot.publishers.inspection import AccountInspector, Inspection, inspect_all
from bot.site_client import SiteClient
from bot.tokens import Token, find_token, stored_application, token_file
from bot.web_client import anywhere, is_public

#: Longest wait for one answer of a server, and for all of them: a person sits before it.
_ANSWER: Final = timedelta(seconds=10)
ALL: Final = timedelta(seconds=30)
#: So many pages are asked for at once, and so many at all: those that come next.
_AT_ONCE: Final = 4
MOST_PAGES: Final = 20


def check_online(subject: Subject, *, clock: Clock) -> Iterator[Finding]:
    """Accounts that cannot be used, and pages of posts to come that are online already."""
    yield from _accounts(subject, clock)
    yield from _early_pages(subject)


def account_looks(config: Config, tokens: Mapping[str, Token], *, clock: Clock) -> dict[str, Callable[[], Inspection]]:
    """For each account what looks at it, for `inspect_all`."""
    return {name: _look(config, name, tokens[name], clock) for name in config.accounts}


def account_tokens(config: Config, environ: Mapping[str, str]) -> dict[str, Token]:
    """Each account's token, as far as there is one."""
    return {
        name: find_token(name, account, root=config.root, environ=environ) for name, account in config.accounts.items()
    }


def _look(config: Config, name: str, token: Token, clock: Clock) -> Callable[[], Inspection]:
    account = config.accounts[name]
    if token.value is None:
        return partial(
            Inspection, trouble=f"there is no token: {token.trouble}.", remedy=f"`announce login {name}` gets one."
        )
    application = stored_application(config.root / token_file(name, account), token.value)
    inspector = AccountInspector(
        address=account.address(name),
        acct=account.acct,
        server=account.server,
        token=token.value,
        timeout=min(config.delivery.timeout, _ANSWER),
        clock=clock,
    )

    def look() -> Inspection:
        try:
            return inspector.inspect(granted=application.scopes if application else ())
        finally:
            inspector.close()

    return look


def _accounts(subject: Subject, clock: Clock) -> Iterator[Finding]:
    config = subject.config
    path = config.path.relative_to(config.root) if config.path.is_relative_to(config.root) else config.path
    tokens = account_tokens(config, subject.environ)
    # Of a missing token another rule tells.
    looks = {n: look for n, look in account_looks(config, tokens, clock=clock).items() if tokens[n].value is not None}
    for name, found in inspect_all(looks, longest=ALL, clock=clock):
        if found.trouble:
            yield about_file(path, "account-unusable", found.trouble, found.remedy, field=f"accounts.{name}")


def _early_pages(subject: Subject) -> Iterator[Finding]:
    may_reach = anywhere if subject.config.site.private_addresses else is_public
    web = SiteClient(may_reach=may_reach, schemes=("https", "http"))
    coming = [post for post in subject.secret if post.published is not None]
    nearest = sorted(coming, key=lambda post: (post.published is None, post.published))[:MOST_PAGES]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for post, online in zip(nearest, pool.map(partial(_is_online, web=web), nearest), strict=True):
            if online:
                problem = f"its page is online already: {post.url}."
                yield about(post, "page-early", problem, "Leave it out of the site until then: docs/site-embargo.md.")


def _is_online(post: Post, *, web: SiteClient) -> bool:
    try:
        expect_page(post.url, web=web, require_card=False)
    except FetchError:
        return False
    return True
