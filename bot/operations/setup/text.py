"""A proposal as the commented text of `bot.toml`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.config.site import Ledger
from bot.domain import Post
from bot.operations.setup.proposal import Proposal


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """The posts of a site, sorted by what a first start makes of them."""

    total: int
    drafts: int
    old: int  #: into the feeds, without a toot
    fresh: tuple[Post, ...]  #: due and not too late: tooted at once
    coming: tuple[Post, ...]  #: tooted at their times, the next one first


def outlook_of(posts: Iterable[Post], *, now: datetime, catch_up: timedelta) -> Outlook:
    """Sort the posts as of now."""
    known = list(posts)
    dated = sorted(((post.published, post) for post in known if post.published is not None), key=lambda pair: pair[0])
    fresh = tuple(post for at, post in dated if now - catch_up <= at <= now and post.is_tooted)
    return Outlook(
        total=len(known),
        drafts=len(known) - len(dated),
        old=sum(at <= now for at, _ in dated) - len(fresh),
        fresh=fresh,
        coming=tuple(post for at, post in dated if at > now),
    )


def words_of(outlook: Outlook, *, tooted: bool) -> Sequence[str]:
    """The outlook for a person. `tooted`: whether there is an account."""
    count = f"{outlook.total} post{'' if outlook.total == 1 else 's'}"
    if not outlook.total:
        return ["No posts yet."]
    if outlook.old == outlook.total:
        return [f"{count}, all past: nothing will be tooted."]
    parts = [
        f"{outlook.old} past" if outlook.old else "",
        f"{len(outlook.fresh)} of the last days" if outlook.fresh else "",
        f"{len(outlook.coming)} to come" if outlook.coming else "",
        f"{outlook.drafts} draft{'' if outlook.drafts == 1 else 's'}" if outlook.drafts else "",
    ]
    lines = [f"{count}: {', '.join(filter(None, parts))}."]
    if outlook.fresh and tooted:
        names = ", ".join(post.slug for post in outlook.fresh)
        lines.append(f"A first `announce tick` would toot these at once: {names}.")
    elif not outlook.fresh:
        lines.append("Nothing would be tooted now.")
    return lines


_LEFT: Final = 46  #: comments begin at this column


def settings_text(proposal: Proposal, *, acct: str = "") -> str:
    """The file. `acct` is the Mastodon account's address, "@name@server"; empty: none yet."""
    layout = proposal.layout
    seen = f"a {layout.generator} site ({layout.settings})" if layout.settings else "a folder of posts"
    lines = [
        f"# Settings of announce for {seen}. All settings: docs/settings.md.",
        "# Made by `announce init`; look at what it says, then change what you like. `announce check` reads it.",
        "",
        "[site]",
        _line("title", proposal.title, "the conference's name, and the title of its news feed"),
        _line("url", proposal.url, "the site's address"),
        _line("timezone", proposal.timezone, "datetimes without an offset are in this zone"),
        *_naive(proposal),
        _line("language", layout.language or "en", "the language of the posts"),
        *([f"# {proposal.permalink_from}"] if proposal.permalink_from else []),
        _line("permalink", proposal.permalink, "where a post's page is; the toot links to it"),
        _line("posts", proposal.posts, "the folder with the posts"),
        _line("assets", proposal.assets, "/img/... in a post is looked for below this folder"),
        *([_line("description", layout.description, "")] if layout.description else []),
        *_posts(proposal),
        "",
        "[feeds]",
        _line("folder", _public(proposal), "the folder that the feeds are written into"),
        _line("path", _feeds_path(proposal.permalink), "the feeds' place below that folder, and on the site"),
        "",
        *_account(acct),
        "",
        "[release]",
        _line("catch_up", "72h", "a post later than this enters the feed but is not tooted"),
        "brake = 4".ljust(_LEFT) + "# more new toots than this within an hour are held for a person",
        _line("default_time", "09:00", "the hour that is meant where a post gives only a date"),
        "",
        "[ledger]",
        _line("url", Ledger().url, "the bot's memory of what was said; keep this file"),
    ]
    return "\n".join(lines) + "\n"


def _line(key: str, value: str, comment: str) -> str:
    written = f"{key} = {quoted(value)}"
    return f"{written.ljust(_LEFT - 1)} # {comment}" if comment else written


def quoted(value: str) -> str:
    """A TOML basic string (toml.io v1.0.0, "String")."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub("[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'


def _naive(proposal: Proposal) -> list[str]:
    if not proposal.naive_is_utc:
        return []
    return [_line("naive_datetimes", "utc", f"as {proposal.layout.generator} reads 2027-01-17 09:00: as UTC")]


def _posts(proposal: Proposal) -> list[str]:
    if not proposal.dated_names and not proposal.fields:
        return []
    lines = []
    if proposal.dated_names:
        lines += ["", "[posts]"]
        lines.append("dated_names = true".ljust(_LEFT) + "# 2027-01-17-name.md: a date, then the name")
    if proposal.fields:
        lines += ["", "[posts.fields]".ljust(_LEFT) + "# our name for a key, and what your posts call it"]
        lines += [f"{_bare(ours)} = {_names(theirs)}" for ours, theirs in proposal.fields.items()]
    return lines


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else quoted(key)


def _names(names: tuple[str, ...]) -> str:
    return quoted(names[0]) if len(names) == 1 else f"[{', '.join(map(quoted, names))}]"


def _public(proposal: Proposal) -> str:
    # Hugo writes the site itself into "public".
    return "static" if proposal.layout.generator == "Hugo" else "public"


def _feeds_path(permalink: str) -> str:
    before = permalink.partition("{")[0]
    path = before.rpartition("/")[0]
    return path if path.strip("/") else "/news"


def _account(acct: str) -> list[str]:
    if not acct:
        return [
            "# Posts go into the feeds only until there is an account. Take the # away and put in your own:",
            "# [accounts.main]",
            '# server = "https://social.example"',
            '# acct = "@conf@social.example"',
            "# Its token never goes into this file: `announce login main` gets one (docs/accounts.md).",
        ]
    server = f"https://{acct.rpartition('@')[2]}"
    return [
        "[accounts.main]",
        _line("server", server, "where the account is"),
        _line("acct", f"@{acct.lstrip('@')}", "the account's address, as its profile shows it"),
        "# Its token never goes into this file: `announce login main` gets one (docs/accounts.md).",
    ]


def fields_of(fields: Mapping[str, tuple[str, ...]]) -> str:
    """The mapping in one line, for a person: "published_datetime = date"."""
    return ", ".join(f"{ours} = {' or '.join(theirs)}" for ours, theirs in fields.items())
