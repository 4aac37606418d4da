"""A rehearsal: the whole season against the sandbox, by the same loop that a real site uses, on a pretended clock.

The bot believes that it is a few seconds before the next release; after each one the clock steps to a few seconds
before the one that follows. Every account is pointed at the sandbox, so nothing can reach a real server.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Final

from bot.config import Account, Config, token_variable
from bot.domain import DeliveryState
from bot.domain.clock import ShiftedClock
from bot.domain.errors import OutputError, UsageError
from bot.integrations.old_feed import is_address
from bot.ledger import url_in
from bot.posts.git.folders import open_posts
from bot.runtime.app import Bot, make_bot
from bot.runtime.context import CycleResult
from bot.runtime.service import run_service
from bot.runtime.wiring import Emit
from bot.runtime.workers import ThreadedWorkers

#: How long before a release the pretended clock begins: time to look at the page.
LEAD: Final = timedelta(seconds=4)
#: Nothing is stepped over before its toots are out, or this much time has passed.
PATIENCE: Final = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a rehearsal keeps what it writes; made anew by each one."""

    folder: Path
    config: Config


def set_stage(config: Config, *, server: str) -> Stage:
    """The settings with every account on the sandbox, and ledger and feeds in a folder of their own.

    Raises OutputError if the folder cannot be made.
    """
    folder = config.root / "var" / "rehearsal"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made: {error.strerror or error}.", remedy="A rehearsal needs to write there."
        ) from error
    accounts = {name: _on_sandbox(account, server) for name, account in config.accounts.items()}
    return Stage(
        folder=folder,
        config=config.model_copy(
            update={
                "accounts": accounts or {"main": Account(server=server)},
                "feeds": config.feeds.model_copy(update={"folder": folder / "public", **_without_others(config)}),
                # Nor is the site asked for anything.
                "release": config.release.model_copy(update={"wait_for_page": timedelta(), "deploy_hook": None}),
                "ledger": config.ledger.model_copy(update={"url": url_in(folder)}),
            }
        ),
    )


def _without_others(config: Config) -> dict[str, object]:
    # No hub is told of a pretended release, and no old feed is fetched; one in a file is taken over as it would be.
    old_feed = config.feeds.import_
    return {"hubs": (), "import_": "" if is_address(old_feed) else old_feed}


def first_release(config: Config) -> datetime:
    """The earliest publish datetime in the posts folder. Raises UsageError if there is none."""
    moments = [post.published for post in open_posts(config).scan().posts if post.published is not None]
    if not moments:
        raise UsageError(
            f"there is no post with a published_datetime in {config.site.posts}.",
            remedy="Write one first, see docs/writing-posts.md.",
        )
    return min(moments)


def rehearse(
    stage: Stage,
    *,
    clock: ShiftedClock,
    emit: Emit,
    on_step: Callable[[datetime | None], None],
    stop: Signal,
) -> None:
    """Run the season, then stay up until `stop` is set. `on_step` is told each release that is stepped to."""
    tokens = {name: f"loopback-{name}" for name in stage.config.accounts}
    bot = make_bot(
        stage.config,
        environ=_token_variables(tokens),
        clock=clock,
        workers=ThreadedWorkers(),
        emit=emit,
        reaches_out=False,  # nothing leaves this machine
    )
    season = _Season(bot, clock, on_step)
    prompter = Thread(target=season.prompt, args=(stop,), name="prompter", daemon=True)
    watcher = Thread(target=_stop_with, args=(bot, stop), name="stopper", daemon=True)
    prompter.start()
    watcher.start()
    try:
        run_service(bot, after_cycle=season.note, follow_settings=False)
    finally:
        stop.set()
        prompter.join()
        bot.close()


class _Season:
    """Steps the clock from release to release; the loop itself knows nothing of it."""

    def __init__(self, bot: Bot, clock: ShiftedClock, on_step: Callable[[datetime | None], None]) -> None:
        self._bot = bot
        self._clock = clock
        self._on_step = on_step
        self._latest: CycleResult | None = None
        self._over = False

    def note(self, result: CycleResult) -> None:
        """Remember what the loop's latest cycle decided."""
        self._latest = result

    def prompt(self, stop: Signal) -> None:
        """Whenever everything that is due has gone out, step to shortly before the next release."""
        quiet_since: float | None = None
        while not stop.wait(0.2):
            latest = self._latest
            if latest is None or self._over:
                continue
            following = latest.plan.next_release
            ahead = None if following is None else following - self._clock.now()
            busy = self._open() or (ahead is not None and ahead <= LEAD)
            if busy:
                quiet_since = None
                continue
            # A moment to look at what has just come out.
            quiet_since = quiet_since or self._clock.monotonic()
            if self._clock.monotonic() - quiet_since >= LEAD.total_seconds() / 2:
                self._step(following)
                quiet_since = None

    def _step(self, following: datetime | None) -> None:
        self._on_step(following)
        if following is None:
            self._over = True
            return
        self._clock.step_to(following - LEAD)
        self._bot.wake_event.set()

    def _open(self) -> bool:
        snapshot = self._bot.context.ledger.snapshot()
        waiting = (DeliveryState.DUE, DeliveryState.SENDING)
        return any(
            delivery.state in waiting and self._clock.now() - delivery.due < PATIENCE
            for delivery in snapshot.deliveries.values()
        )


def _stop_with(bot: Bot, stop: Signal) -> None:
    stop.wait()
    bot.ask_to_stop()


def _on_sandbox(account: Account, server: str) -> Account:
    # Whatever its network: an account of another type would reach its real server.
    shared = {name: getattr(account, name) for name in Account.model_fields}
    return Account(**{**shared, "type": "mastodon", "server": server, "acct": None, "token_file": None})


def _token_variables(tokens: Mapping[str, str]) -> dict[str, str]:
    return {token_variable(name): token for name, token in tokens.items()}
