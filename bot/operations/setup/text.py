"""A proposal as the commented text of `bot.toml`. Pure."""

from __future__ import annotations

import re
from typing import Final

from bot.config.site import Ledger
from bot.operations.setup.proposal import Proposal

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
