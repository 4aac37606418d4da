"""Hashtags and mentions in a person's own words for the toot: what servers make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.check.findings import about, about_file
from bot.check.subject import Subject
from bot.compose.hashtags import find_hashtags, invalid_hashtags
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.model import Finding, Post
from bot.posts.tags import find_tags

#: What a person means as a hashtag. "#3" is a number, and "C#" a language.
_MEANT: Final = re.compile(r"(?<![\w#＃&/])[#＃](?=[\w\d])(?!\d{1,3}\b)[^\s#＃]*[\w]")


def check_called(subject: Subject) -> Iterator[Finding]:
    """Of posts whose wording can still be chosen, and of the settings."""
    yield from _of_settings(subject)
    for post in subject.fresh:
        for tag in invalid_hashtags(post.hashtags):
            problem = f'"{tag}" cannot be a hashtag, so it is left out.'
            yield about(
                post, "hashtag-unseen", problem, "Use letters, digits and _, not digits alone.", field="hashtags"
            )
        if post.mastodon.skip:
            continue
        for field, text in _own_words(post):
            yield from _of_hashtags(post, field, text)
            yield from _of_mentions(subject, post, field, text)


def _of_settings(subject: Subject) -> Iterator[Finding]:
    config = subject.config
    path = config.path.relative_to(config.root) if config.path.is_relative_to(config.root) else config.path
    named = {"release.hashtags": config.release.hashtags}
    named |= {f"accounts.{name}.hashtags": account.hashtags for name, account in config.accounts.items()}
    for field, tags in named.items():
        for tag in invalid_hashtags(tags):
            problem = f'"{tag}" cannot be a hashtag, so it is left out.'
            yield about_file(path, "hashtag-unseen", problem, "Use letters, digits and _.", field=field)


def _own_words(post: Post) -> Iterator[tuple[str, str]]:
    options = post.mastodon
    yield "mastodon.text", options.text or ""
    yield from (("mastodon.thread", text) for text in options.thread)
    yield from ((reminder.place, reminder.text or "") for reminder in post.reminders)


def _of_hashtags(post: Post, field: str, text: str) -> Iterator[Finding]:
    # What stands in an address or a template tag is meant for neither.
    for span in (*find_links(text), *((tag.start, tag.end) for tag in find_tags(text))):
        text = text[: span[0]] + " " * (span[1] - span[0]) + text[span[1] :]
    seen = list(find_hashtags(text))
    for found in _MEANT.finditer(text):
        meant = "#" + found[0][1:]
        if meant in seen:
            seen.remove(meant)
            continue
        part = next((tag for tag in seen if meant.startswith(tag)), "")
        if part:
            seen.remove(part)
        what = f"only {part} becomes a hashtag" if part else "does not become a hashtag"
        problem = f"{meant}: {what}." if part else f"{meant} {what}."
        remedy = "Put a space before the #, and use letters, digits and _ only, not digits alone."
        yield about(post, "hashtag-unseen", problem, remedy, field=field)


def _of_mentions(subject: Subject, post: Post, field: str, text: str) -> Iterator[Finding]:
    said = dict.fromkeys(text[found.start : found.end] for found in find_mentions(text))
    for mention in said:
        if "@" in mention[1:]:
            problem = f"{mention} is notified when the toot goes out."
            yield about(post, "mention-notifies", problem, "If that is not meant, leave the @ out.", field=field)
            continue
        hosts = [urlsplit(account.server).hostname or "" for account in subject.config.accounts.values()]
        for host in dict.fromkeys(hosts):
            problem = f"{mention} means whoever has this name on {host}, and notifies them."
            yield about(post, "mention-local", problem, f"Write {mention}@the-server of the person.", field=field)
