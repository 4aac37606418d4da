"""The settings with their secrets hidden, and what they lack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bot.check.settings import check_settings
from bot.config import Config
from bot.config.settings import is_secret
from bot.domain import Severity, Snapshot
from bot.domain.errors import PostError
from bot.domain.wording import count_words
from bot.operations.doctor.report import DoctorLine, note, ok, problem
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.folders import open_posts
from bot.posts.git.status import read_fetch_status
from bot.runtime.planning import decide

HIDDEN: Final = "(hidden)"
_PATHS: Final = frozenset({"site.posts", "site.assets", "feeds.folder", "feeds.import"})
#: An address with a name or password in it, "postgresql://bot:PASSWORD@host/db".
_WITH_PASSWORD: Final = re.compile(r"//[^/\s]*@")
_FROM_ENVIRONMENT: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


def shown_settings(config: Config) -> dict[str, Any]:
    """The settings that are in the file, by their dotted names, without what is secret."""
    tables = config.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def secret(name: str) -> bool:
        return is_secret(name, settings=type(config))

    shown = {name: _hide_secret(name, value, secret=secret(name)) for name, value in _flat(tables, secret)}
    if "ledger.url" in shown and config.ledger.is_private:
        shown["ledger.url"] = HIDDEN
    return shown


def _flat(table: Mapping[str, Any], secret: Callable[[str], bool], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and not secret(name):
            yield from _flat(value, secret, f"{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, one in enumerate(value):
                yield from _flat(one, secret, f"{name}.{number}.")
        else:
            yield name, value


def _hide_secret(name: str, value: Any, *, secret: bool) -> Any:
    if secret:
        plain = isinstance(value, str) and (not value or _FROM_ENVIRONMENT.fullmatch(value))
        return value if plain or not value else HIDDEN
    if _WITH_PASSWORD.search(str(value)):
        return HIDDEN
    # The report goes into public issues: the path on the operator's disk is left out.
    is_on_disk = name in _PATHS or name.endswith(".token_file")
    return HIDDEN if is_on_disk and str(value).startswith("/") else value


def settings(config: Config, environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Whether everything is there that the settings speak of."""
    accounts = len(config.accounts)
    names = count_words(accounts, "account") if accounts else "no accounts"
    yield ok(
        "settings", f"{config.path.name} can be used: {names}, {config.site.timezone.key}, {config.site.permalink}"
    )
    for finding in check_settings(config, environ=environ):
        if finding.severity is Severity.NOTE:
            continue
        where = finding.field or finding.path.name
        # The reason why a repository cannot be fetched may quote its address.
        private = finding.rule == "not-fetched"
        words = "it cannot be fetched." if private else finding.problem
        remedy = "`announce check` says why." if private else finding.remedy
        yield problem("settings", f"{where}: {words}", remedy)


_GROUP = "posts"


def posts(config: Config, snapshot: Snapshot, now: datetime) -> Iterator[DoctorLine]:
    """How many are past, and whether any cannot be used."""
    try:
        scan = open_posts(config).scan()
    except PostError:
        yield problem(_GROUP, "they cannot be read", "`announce check` says why.")
        return
    past = sum(post.published is not None and post.published <= now for post in scan.posts)
    # The number of posts to come is left out too.
    yield ok(_GROUP, f"they can be read; the datetimes of {past} have come")
    if scan.faults:
        yield problem(
            _GROUP,
            f"{count_words(len(scan.faults), 'file')} cannot be used",
            "`announce check` names them and says why.",
        )
    if decide(config, scan, snapshot, now=now).doubt:
        yield problem(_GROUP, "nothing is released at present", "`announce queue` says why.")


def sources(config: Config) -> Iterator[DoctorLine]:
    """The repositories, by their numbers in the settings: where they are may be private."""
    for number, source in enumerate(config.sources):
        place = checkout_dir_of(config, source)
        status = read_fetch_status(place.status)
        if status.failing_since is not None:
            continue  # told with the settings
        if not place.commit():
            yield note("sources", f"sources.{number}: not fetched yet", "`announce run` and `announce tick` do that.")
        else:
            when = f"{status.fetched:%Y-%m-%d %H:%M} UTC" if status.fetched else "at an unknown time"
            yield ok("sources", f"sources.{number}: fetched {when}")
