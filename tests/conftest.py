"""Records for tests: a plain one each, with the named fields changed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from bot.config import Config, load_config
from bot.domain import Announcement, Delivery, DeliveryKey, Entry, Occasion, Post
from tests.support.digests import both
from tests.support.programs import require_programs, summary_of
from tests.support.remembered import remembered_work

# A shared machine stalls now and then; that is no fault of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


#: About how long a test takes, in seconds, by its folder. Those of other folders take milliseconds.
SECONDS = {"acceptance": 0.5, "browser": 1, "crash": 5, "docs": 0.5, "simulation": 2, "soak": 40}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the long tests among the workers, each worker's first of all.

    xdist gives each worker an equal stretch of the tests; those that finish early take over from the end of another's.
    Long tests mostly wait, for a lease or a server. Left to the end, they would keep the whole run waiting.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers == 1:
        return
    groups: dict[str, list[pytest.Item]] = {}
    short: list[pytest.Item] = []
    for item in items:
        folder, *below = item.path.relative_to(config.rootpath / "tests").parts
        # Tests of a file share fixtures of their module, and those of a browser the browser.
        group = groups.setdefault(folder if folder == "browser" else f"{folder}/{below}", [])
        (group if folder in SECONDS else short).append(item)
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for group in sorted(groups.values(), key=_seconds, reverse=True):
        min(shares, key=_seconds).extend(group)
    dealt: list[pytest.Item] = []
    for number, share in enumerate(shares):
        stretch = (len(items) - len(dealt)) // (workers - number)
        added = max(0, stretch - len(share))
        dealt += [*share, *short[:added]]
        del short[:added]
    items[:] = dealt + short


def _seconds(items: Iterable[pytest.Item]) -> float:
    return sum(SECONDS[item.path.relative_to(item.config.rootpath / "tests").parts[0]] for item in items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    require_programs(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """The run ends with what it could not run, below pytest's own list of single tests."""
    yield
    lines = summary_of(report for kind in ("skipped", "error") for report in terminalreporter.getreports(kind))
    if lines:
        terminalreporter.section("missing programs")
        terminalreporter.write("\n".join(lines) + "\n")


@pytest.fixture(scope="session", autouse=True)
def remembered() -> Iterator[None]:
    with remembered_work():
        yield


PUBLISHED = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SITE = "https://conf.example"


@pytest.fixture(scope="session")
def make_post() -> Callable[..., Post]:
    """A post; its path, permalink and title follow from `slug` unless they are given."""

    def make(slug: str = "tickets", **changes: Any) -> Post:
        post = Post(
            path=Path("posts") / f"{slug}.md",
            slug=slug,
            url=f"{SITE}/news/{slug}/",
            title=f"About {slug}",
            published=PUBLISHED,
            language="en",
            digests=both(f"digest of {slug}"),
        )
        return replace(post, **changes)

    return make


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., Entry]:
    """The entry of a post that was released on time."""

    def make(slug: str = "tickets", **changes: Any) -> Entry:
        entry = Entry(
            post_id=f"{SITE}/news/{slug}/",
            slug=slug,
            url=f"{SITE}/news/{slug}/",
            title=f"About {slug}",
            published=PUBLISHED,
            updated=PUBLISHED,
            released_at=PUBLISHED,
            language="en",
            digests=both(f"digest of {slug}"),
        )
        return replace(entry, **changes)

    return make


@pytest.fixture(scope="session")
def make_announcement() -> Callable[..., Announcement]:
    """An announcement of a post, with its link."""

    def make(slug: str = "tickets", **changes: Any) -> Announcement:
        text = f"About {slug}\n\n{SITE}/news/{slug}/"
        announcement = Announcement(text=text, link=f"{SITE}/news/{slug}/", length=len(text), limit=500)
        return replace(announcement, **changes)

    return make


@pytest.fixture(scope="session")
def make_delivery(make_announcement: Callable[..., Announcement]) -> Callable[..., Delivery]:
    """A delivery that is due and untried."""

    def make(slug: str = "tickets", account: str = "conf@example.social", **changes: Any) -> Delivery:
        delivery = Delivery(
            key=DeliveryKey(f"{SITE}/news/{slug}/", account, Occasion.PUBLISH),
            slug=slug,
            due=PUBLISHED,
            announcement=make_announcement(slug),
        )
        return replace(delivery, **changes)

    return make


@pytest.fixture
def site_config(tmp_path: Path) -> Callable[..., Config]:
    """Settings in `tmp_path`; each keyword is a table's TOML text, and `accounts` holds whole sections."""

    def make(
        *,
        top: str = "",
        site: str = "",
        posts: str = "",
        feeds: str = "",
        accounts: str = "",
        release: str = "",
        delivery: str = "",
        serve: str = "",
        sources: str = "",
    ) -> Config:
        path = tmp_path / "config" / "bot.toml"
        path.parent.mkdir(exist_ok=True)
        plain = f'title = "Conf"\nurl = "{SITE}"\ntimezone = "America/New_York"'
        parts = (
            top,
            "[site]",
            plain,
            site,
            "[posts]",
            posts,
            "[feeds]",
            feeds,
            accounts,
            "[release]",
            release,
            "[delivery]",
            delivery,
            "[serve]",
            serve,
            sources,
        )
        path.write_text("\n".join(parts) + "\n", encoding="utf-8")
        return load_config(path)

    return make
