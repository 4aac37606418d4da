"""How long it takes to read and to watch the posts: `make bench`.

Plain measurements on this machine, no limits and no verdict. Processor times, the best of several runs. The floor is
what cannot be avoided: each file read, its front matter given to libyaml.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import yaml

from bot.config import Config, load_config
from bot.domain import Announcement, Receipt
from bot.domain.clock import SystemClock
from bot.posts.cache.file import FILE_NAME, PostCache, make_cache_key
from bot.posts.folder import PostFolder
from bot.runtime.app import make_bot
from bot.runtime.file_events import FileEvents
from bot.runtime.watcher import Watch
from tests.support.recording_publisher import RecordingPublisher

SETTINGS = """
[site]
title = "Neapline 2027"
url = "https://2027.neapline.example.org"
timezone = "America/Halifax"

[accounts.main]
server = "http://127.0.0.1:9"
"""
WORDS = (
    "The tide gauge at pier {0} has been measuring for {1} years, and on day {0} of our conference its keeper tells "
    "how the readings of [{1} harbours](/pier/{0}/) are cleaned, *kept* and drawn with free software. "
)
IDLE_SECONDS = float(os.environ.get("IDLE_SECONDS", "60"))


def make_site(root: Path, count: int, *, released: float = 0.9) -> Config:
    """A site with so many posts of some 4 kB; this share of them is over."""
    (root / "posts").mkdir(parents=True)
    (root / "config").mkdir()
    (root / "config/bot.toml").write_text(SETTINGS)
    now, over = datetime.now(UTC).replace(microsecond=0), int(count * released)
    for number in range(count):
        hours = number - over - 30 * 24 if number < over else number - over + 48
        body = "\n\n".join("".join(WORDS.format(number + part, number % 97) for part in range(4)) for _ in range(5))
        (root / f"posts/post-{number:05}.md").write_text(
            f'---\ntitle: "Tides and timetables, part {number}"\n'
            f"published_datetime: {now + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}+00:00\n"
            f'category: News\ntags: [tides, "day {number % 5}"]\nsummary: What the keeper tells.\n---\n\n{body}\n'
        )
    return load_config(root / "config/bot.toml")


def timed(work: Callable[[], object], *, runs: int = 3) -> float:
    """The best of several runs, in seconds of the processor."""
    best = float("inf")
    for _ in range(runs):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def floor(config: Config) -> None:
    for entry in os.scandir(config.posts_folder):
        text = Path(entry.path).read_bytes().decode()
        yaml.load(text[3 : text.index("\n---")], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def reading(config: Config) -> None:
    # In turns, so that whatever else the machine does meets both.
    turns = [(timed(lambda: floor(config), runs=1), timed(lambda: PostFolder(config).scan(), runs=1)) for _ in range(4)]
    least, cold = (min(times) for times in zip(*turns, strict=True))
    print(f"read anew               {cold:7.3f} s, {cold / least:.1f} times the floor ({least:.3f} s)")
    cache = config.root / "var" / FILE_NAME
    folder = PostFolder(config, cache=PostCache(cache, key=make_cache_key(config)))
    folder.scan()
    time.sleep(2.1)  # until no file counts as written just now
    folder.take_snapshot()
    folder.remember()
    folder.close()

    def warm() -> None:
        again = PostFolder(config, cache=PostCache(cache, key=make_cache_key(config)))
        again.scan()
        again.close()

    print(f"read at the next start  {timed(warm):7.3f} s")
    print(f"a look at all files     {timed(folder.take_snapshot):7.3f} s")


class Timed(RecordingPublisher):
    """Notes when the request of a toot would leave."""

    asked_at = 0.0

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,
        repeat: bool,
        in_reply_to: str | None = None,
    ) -> Receipt:
        self.asked_at = time.perf_counter()
        return super().publish(announcement, media_ids=media_ids, key=key, repeat=repeat, in_reply_to=in_reply_to)


class PageWaitRecord:
    """A bot that waits for changes, as `announce run` does."""

    def __init__(self, config: Config) -> None:
        self.config = config
        (self.address,) = config.account_addresses().values()
        self.publisher = Timed(address=self.address, clock=SystemClock())
        self.bot = make_bot(config, environ={}, publishers={self.address: self.publisher})
        self.hints = FileEvents(self.bot.wake_event.set)
        self.watch = Watch(
            config,
            posts=self.bot.context.posts,
            clock=SystemClock(),
            hints=self.hints,
            wake_event=self.bot.wake_event,
            stop=self.bot.stop,
        )
        for _ in range(2):  # what the first one has written, the second one knows
            self.bot.cycle_once()

    def close(self) -> None:
        self.hints.close()
        self.bot.close()

    def write(self, slug: str, text: str) -> float:
        """Write a file and wait until that is noticed; returns when it was written."""
        self.bot.wake_event.clear()
        begun = time.perf_counter()
        (self.config.posts_folder / f"{slug}.md").write_text(text)
        self.watch.wait()
        return begun

    def changed(self, number: int) -> tuple[float, float, float]:
        """Seconds until one changed file is noticed, until the feeds show it, and of the processor for the pass."""
        slug = f"post-{number:05}"
        begun = self.write(
            slug, (self.config.posts_folder / f"{slug}.md").read_text() + f"\nOne more line, {number}.\n"
        )
        noticed = time.perf_counter()
        if not self.bot.incremental_cycle():
            raise SystemExit(f"{slug} was not shown at once")
        shown, processor = time.perf_counter(), time.process_time()
        self.bot.cycle_once()
        return noticed - begun, shown - begun, time.process_time() - processor

    def due_at_once(self, number: int) -> float:
        """Seconds until the toot of a new post leaves."""
        matter = f"title: News number {number}\npublished_datetime: {datetime.now(UTC):%Y-%m-%d %H:%M:%S}+00:00"
        begun = self.write(
            f"new-{number}", f"---\n{matter}\n---\n\nWhat there is to be said, and said at some length.\n"
        )
        self.bot.incremental_cycle()
        self.bot.cycle_once()
        self.bot.deliverer.deliver_pending(self.address)
        return self.publisher.asked_at - begun


def changes(config: Config, count: int) -> None:
    """From the write of a file to the feeds and to the toot, with everything else known."""
    bot, over = PageWaitRecord(config), int(count * 0.9)
    try:
        for where, first in (("newest", over - 6), ("oldest", 0)):
            seen = [bot.changed(number) for number in range(first, first + 5)]
            noticed, shown, processor = (min(times) for times in zip(*seen, strict=True))
            print(f"one of the {where} posts  {noticed:7.3f} s until the change is noticed and holds still")
            print(f"                        {shown:7.3f} s until the feeds show it")
            print(f"the whole pass then     {processor:7.3f} s")
        toots = [bot.due_at_once(number) for number in range(3)]
        print(f"a new post, due at once {min(toots):7.3f} s until its toot leaves")
    finally:
        bot.close()


def idle(root: Path) -> None:
    log = root / "run.log"
    with log.open("w") as out:
        environ = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.getcwd()}
        process = subprocess.Popen([sys.executable, "-m", "bot", "run"], cwd=root, stdout=out, stderr=out, env=environ)
    try:
        while "next:" not in log.read_text():
            time.sleep(0.1)
        time.sleep(5)
        watched = psutil.Process(process.pid)
        before, begun = sum(watched.cpu_times()[:2]), time.monotonic()
        time.sleep(IDLE_SECONDS)
        share = (sum(watched.cpu_times()[:2]) - before) / (time.monotonic() - begun)
        print(f"idle                    {share:7.3%} of a core, {watched.memory_info().rss / 2**20:.0f} MiB")
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    for count in (31, 10_000):
        root = Path(tempfile.mkdtemp(prefix="announce-bench-"))
        try:
            config = make_site(root, count)
            print(f"{count:,} posts")
            reading(config)
            changes(config, count)
            if count < 1000 or os.environ.get("EVERYTHING"):
                idle(root)
        finally:
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
