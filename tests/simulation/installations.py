"""The installations of a seed: their settings, and the real bot connected to the simulated world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import requests
from PIL import Image

from bot.config import Config, load_config
from bot.domain.errors import LedgerError
from bot.ledger import open_ledger
from bot.publishers.contract import Publisher
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.publishers.network import AccountAccess
from bot.runtime.app import Bot, make_bot
from bot.runtime.workers import InlineWorkers
from tests.simulation.articles import SITE
from tests.simulation.crashes import watched
from tests.simulation.process import Process
from tests.simulation.server import SERVER, Line, Server
from tests.simulation.site import Site

#: Two with a ledger each, on a server that ignores keys, come by turns: each this often, the second in between.
ROUND: Final = 1200.0
SETTINGS: Final = """
[site]
title = "Conf"
url = "{site}"
timezone = "UTC"
{accounts}
[feeds]
folder = "public{number}"
[ledger]
url = "sqlite:///var{number}/ledger.db"
[release]
spacing = "{spacing}s"
brake = {brake}
{more}"""


@dataclass(frozen=True, kw_only=True)
class Installations:
    """What the processes "one" and "two" are: the same bot, or two that know nothing of each other."""

    first: Config
    second: Config
    site: Site | None = None  #: whose pages are waited for
    apart: bool = False  #: they come by turns, as from two crontabs

    @staticmethod
    def make(
        root: Path, *, accounts: Sequence[str], spacing: int, brake: int, rivals: bool, apart: bool, site: Site | None
    ) -> Installations:
        """Write the settings into files, and a picture."""
        sections = "".join(f'[accounts.{name}]\nserver = "{SERVER}"\n' for name in accounts)
        configs = []
        for number in ("", "2")[: 1 + rivals]:
            text = SETTINGS.format(
                site=SITE,
                accounts=sections,
                spacing=spacing,
                brake=brake,
                number=number,
                more=site.settings if site else "",
            )
            path = root / "config" / f"bot{number}.toml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            configs.append(load_config(path))
        Image.new("RGB", (8, 6), "teal").save(root / "cover.png", "PNG")
        return Installations(first=configs[0], second=configs[-1], apart=apart, site=site)

    def until_its_turn(self, name: str, now: float) -> float:
        """How long a process waits for its turn, seconds."""
        return max(1.0, ROUND - (now + (ROUND / 2 if name == "two" else 0.0)) % ROUND)

    def bot(self, process: Process, server: Server) -> Bot:
        """The bot of a process. Raises LedgerError."""
        process.point("start")
        world, config = process.world, self.second if process.name == "two" else self.first
        if world.faults.disk_is_full:
            raise LedgerError("the ledger cannot be made: no space left on device.")
        ledger = open_ledger(config, world.clock)
        jitter = Random(world.random.random()).random
        bot = make_bot(
            config,
            environ={},
            clock=world.clock,
            ledger=watched(ledger, process),
            publishers=_publishers(config, process, server),
            workers=InlineWorkers(parallel=False),
            emit=lambda event: world.note(f"  {event.kind.value} {event.slug} {event.occasion} {event.detail[:90]}"),
        )
        bot.deliverer.owner, bot.deliverer.jitter = process.name, jitter
        bot.context.public.in_threads = False
        if self.site is not None:
            self.site.serve(bot, process)
        return bot


def _publishers(config: Config, process: Process, server: Server) -> dict[str, Publisher]:
    publishers: dict[str, Publisher] = {}
    for name, account in config.accounts.items():
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", Line(server, process))
        publishers[account.address(name)] = MastodonPublisher(
            AccountAccess(
                account=account,
                address=account.address(name),
                token=f"loopback-{name}",
                timeout=config.delivery.timeout,
                clock=process.world.clock,
            ),
            session=session,
            sleep=process.sleep,
        )
    return publishers
