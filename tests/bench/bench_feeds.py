"""How long the feeds take, and how much memory: `make bench`.

Plain measurements on this machine, no limits and no verdict. Times are the best of several runs, in seconds of the
clock and of the processor; on a machine that does other things at once only the latter tells much. The posts are
invented, of the length of real ones.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.config import Feeds, Site
from bot.domain import Entry, Picture
from bot.feeds.build import ItemCache, render_feeds
from bot.files.public_folder import PublicFolder
from tests.support.digests import both

SITE = Site(title="Neapline 2027", url="https://2027.neapline.example.org", timezone="America/Halifax")
FEEDS = Feeds()
START = datetime(2027, 1, 1, 12, tzinfo=UTC)
WORDS = (
    "The tide gauge at pier {0} has been measuring for {1} years, and on day {0} of our conference its keeper tells "
    "how the readings of {1} harbours are cleaned, kept and drawn with free software that anybody can run. "
)


def post(number: int) -> Entry:
    """An entry of some 4.5 kB of HTML."""
    url = f"{SITE.url}/news/post-{number}/"
    paragraph = "<p>" + "".join(WORDS.format(number + part, number % 97) for part in range(4)) + "</p>\n"
    published = START + timedelta(hours=number)
    return Entry(
        post_id=url,
        slug=f"post-{number}",
        url=url,
        title=f"Tides and timetables, part {number}",
        authors=("Mira Lund",),
        category=("News", "Keynotes", "Tickets")[number % 3],
        tags=("tides", f"day {number % 5}"),
        published=published,
        updated=published,
        released_at=published,
        language="en",
        summary=WORDS.format(number, number % 97),
        html=paragraph * 5,
        cover=Picture(url=f"{SITE.url}/assets/{number}.jpg", alt="A pier", media_type="image/jpeg", size=4711),
        digests=both(str(number)),
        feed_id=url,
    )


def write(entries: list[Entry], public: PublicFolder, cache: ItemCache, feeds: Feeds = FEEDS) -> int:
    """Everything that a pass does with the feeds once posts and ledger are read; returns how many files changed."""
    made = render_feeds(entries, site=SITE, feeds=feeds, cache=cache)
    written = public.write(made.files, retire_in=made.folders, quickly=(made.archive,))
    assert not made.faults
    assert not written.faults
    return len(written.changed)


def timed(work: Callable[[], int]) -> tuple[float, float, int]:
    wall, processor = time.perf_counter(), time.process_time()
    changed = work()
    return time.perf_counter() - wall, time.process_time() - processor, changed


def measure(name: str, count: int, *, runs: int) -> None:
    cold: list[tuple[float, float, int]] = []
    same: list[tuple[float, float, int]] = []
    one_more: list[tuple[float, float, int]] = []
    for _ in range(runs):
        folder = Path(tempfile.mkdtemp(prefix="announce-bench-"))
        try:
            public, cache = PublicFolder(folder, gzip=True), ItemCache()
            entries = [post(number) for number in range(count)]
            cold.append(timed(lambda: write(entries, public, cache)))  # noqa: B023
            # Anew, as from the ledger: equal, but not the same objects.
            again = [post(number) for number in range(count)]
            same.append(timed(lambda: write(again, public, cache)))  # noqa: B023
            more = [*again, post(count)]
            one_more.append(timed(lambda: write(more, public, cache)))  # noqa: B023
        finally:
            shutil.rmtree(folder)
    for what, results in (("cold", cold), ("nothing changed", same), ("one more post", one_more)):
        wall, processor = min(r[0] for r in results), min(r[1] for r in results)
        print(f"{name:14} {what:16} {wall:7.3f} s  {processor:7.3f} s processor  {results[0][2]:5} files changed")


def memory(count: int) -> None:
    entries = [post(number) for number in range(count)]
    folder = Path(tempfile.mkdtemp(prefix="announce-bench-"))
    tracemalloc.start()
    try:
        write(entries, PublicFolder(folder, gzip=True), ItemCache())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        shutil.rmtree(folder)
    print(f"{count} posts: at most {peak / 2**20:.0f} MiB of Python's memory for writing the feeds")


def main() -> None:
    write([post(0)], PublicFolder(Path(tempfile.mkdtemp(prefix="announce-bench-"))), ItemCache())  # loads the libraries
    measure("31 posts", 31, runs=5)
    measure("10,000 posts", 10_000, runs=2)
    memory(10_000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"the whole process: at most {peak:.0f} MiB")


if __name__ == "__main__":
    main()
