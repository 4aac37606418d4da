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
from threading import Event

import psutil
import yaml

from bot.app import make_bot
from bot.clock import SystemClock
from bot.config import Config, load_config
from bot.ledgers.memory import MemoryLedger
from bot.posts.cache import FILE_NAME, PostCache, cache_key
from bot.posts.folder import PostFolder
from bot.publishers.recording import RecordingPublisher
from bot.watch.hints import Hints
from bot.watch.watch import Watch

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
    folder = PostFolder(config, cache=PostCache(cache, key=cache_key(config)))
    folder.scan()
    time.sleep(2.1)  # until no file counts as written just now
    folder.look()
    folder.remember()
    folder.close()

    def warm() -> None:
        again = PostFolder(config, cache=PostCache(cache, key=cache_key(config)))
        again.scan()
        again.close()

    print(f"read at the next start  {timed(warm):7.3f} s")
    print(f"a look at all files     {timed(folder.look):7.3f} s")


def one_change(config: Config) -> None:
    """From the write of one file to the feeds, with everything else known."""
    bot = make_bot(
        config,
        environ={},
        ledger=MemoryLedger(SystemClock()),
        publishers={address: RecordingPublisher(address=address, clock=SystemClock()) for address in ("main",)},
    )
    bell = Event()
    hints = Hints(bell.set)
    watch = Watch(config, posts=bot.parts.posts, clock=SystemClock(), hints=hints, bell=bell, stop=Event())
    bot.pass_once()
    seen, done = [], []
    for number in range(5):
        path = config.posts_folder / f"post-{number:05}.md"
        words = path.read_text() + f"\nOne more line, {number}.\n"
        bell.clear()
        begun = time.perf_counter()
        path.write_text(words)
        watch.wait()
        seen.append(time.perf_counter() - begun)
        bot.pass_once()
        done.append(time.perf_counter() - begun)
    hints.close()
    bot.close()
    print(f"one file changed        {min(seen):7.3f} s until it is noticed and holds still")
    print(f"                        {min(done):7.3f} s until the feeds show it")


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
            if count < 1000 or os.environ.get("EVERYTHING"):
                one_change(config)
                idle(root)
        finally:
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
