"""What only the network tells: accounts that cannot be used, pages that are online too early. On loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.check.online import check_online
from bot.domain import Finding
from bot.domain.clock import ManualClock, SystemClock
from bot.operations.check import subject_of
from bot.operations.site import open_site
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.check_cases import FILE, NOW, SETTINGS, Case, made, written
from tests.support.conference_site import ConferenceSite, conference_site

OUT = {"posts/out.md": written(at="2026-03-09 10:00"), "posts/draft.md": written(at=None)}


@pytest.fixture
def web() -> Iterator[ConferenceSite]:
    with conference_site() as site:
        yield site


@pytest.fixture(scope="module")
def sandbox() -> Iterator[FakeMastodon]:
    with FakeMastodon() as running:
        yield running


def findings(root: Path, web: ConferenceSite, server: str) -> list[Finding]:
    settings = SETTINGS.replace("https://conf.example", web.url).replace("http://127.0.0.1:3000", server)
    settings = settings.replace("[accounts", "private_addresses = true\n[accounts")
    config = made(root, Case(files={"config/bot.toml": settings, FILE: written(), **OUT}))
    subject = subject_of(open_site(config, ManualClock(NOW)), {})
    return list(check_online(subject, clock=SystemClock()))


def test_where_all_is_well_nothing_is_said(tmp_path: Path, web: ConferenceSite, sandbox: FakeMastodon) -> None:
    web.show("out")
    assert findings(tmp_path, web, sandbox.url) == []
    assert web.paths() == ["/news/news/"], "only posts to come are asked for"


def test_a_page_that_is_online_too_early_is_an_error(
    tmp_path: Path, web: ConferenceSite, sandbox: FakeMastodon
) -> None:
    web.show("news", "out", "draft")
    (finding,) = findings(tmp_path, web, sandbox.url)
    assert (finding.rule, finding.severity.value, str(finding.path)) == ("page-early", "error", FILE)
    assert finding.problem == f"its page is online already: {web.url}/news/news/."


def test_an_account_that_cannot_be_used_is_an_error(tmp_path: Path, web: ConferenceSite) -> None:
    (finding,) = findings(tmp_path, web, web.url)  # no Mastodon answers there
    assert (finding.rule, finding.severity.value) == ("account-unusable", "error")
    assert (str(finding.path), finding.field) == ("config/bot.toml", "accounts.main")
