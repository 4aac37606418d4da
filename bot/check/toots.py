"""What composing does to the toots of the posts: held, cut, with other mentions and hashtags than the author means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from bot.check.findings import about, about_settings, for_all_accounts
from bot.check.pictures import check_pictures
from bot.check.subject import Subject
from bot.compose.announcement import make_reminder_post
from bot.compose.composer import Composer
from bot.compose.hashtags import find_hashtags, find_invalid_hashtags
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.domain import Finding, Post
from bot.domain.errors import ComposeError
from bot.domain.template_tags import find_tags
from bot.publishers.registry import network_of

#: A word that an author means as a hashtag. "#3" is a number, and "C#" a language.
_MEANT: Final = re.compile(r"(?<![\w#＃&/])[#＃](?=[\w\d])(?!\d{1,3}\b)[^\s#＃]*[\w]")


def check_mentions_and_hashtags(subject: Subject) -> Iterator[Finding]:
    """Broken hashtags, and mentions that notify, in the settings and in posts whose wording can still be chosen."""
    yield from _check_settings_hashtags(subject)
    for post in subject.fresh:
        for tag in find_invalid_hashtags(post.hashtags):
            problem = f'"{tag}" cannot be a hashtag, so it is left out.'
            yield about(
                post, "hashtag-unseen", problem, "Use letters, digits and _, not digits alone.", field="hashtags"
            )
        if post.mastodon.skip:
            continue
        for field, text in _find_own_texts(post):
            yield from _check_hashtags(post, field, text)
            yield from _check_mentions(subject, post, field, text)


def _check_settings_hashtags(subject: Subject) -> Iterator[Finding]:
    config = subject.config
    named = {"release.hashtags": config.release.hashtags}
    named |= {f"accounts.{name}.hashtags": account.hashtags for name, account in config.accounts.items()}
    for field, tags in named.items():
        for tag in find_invalid_hashtags(tags):
            problem = f'"{tag}" cannot be a hashtag, so it is left out.'
            yield about_settings(config, "hashtag-unseen", problem, "Use letters, digits and _.", field=field)


def _find_own_texts(post: Post) -> Iterator[tuple[str, str]]:
    options = post.mastodon
    yield "mastodon.text", options.text or ""
    yield from (("mastodon.thread", text) for text in options.thread)
    yield from ((reminder.place, reminder.text or "") for reminder in post.reminders)


def _check_hashtags(post: Post, field: str, text: str) -> Iterator[Finding]:
    # Addresses and template tags contain no hashtags.
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


def _check_mentions(subject: Subject, post: Post, field: str, text: str) -> Iterator[Finding]:
    mentions = dict.fromkeys(text[found.start : found.end] for found in find_mentions(text))
    accounts = subject.config.accounts.values()
    local = [account for account in accounts if network_of(account).local_mentions]
    for mention in mentions:
        is_whole = "@" in mention[1:]
        if is_whole or len(local) < len(accounts):
            problem = f"{mention} is notified when the toot goes out."
            yield about(post, "mention-notifies", problem, "If that is not meant, leave the @ out.", field=field)
        hosts = [] if is_whole else [urlsplit(account.server).hostname or "" for account in local]
        for host in dict.fromkeys(hosts):
            problem = f"{mention} means the account of this name on {host}, and notifies it."
            yield about(post, "mention-local", problem, f"Write {mention}@the-server of the person.", field=field)


_LONGEST_END: Final = 60  #: characters of a cut text that are shown
_PREVIEW: Final = "Check it with `announce preview`; to choose the text yourself, write `mastodon: text:`."


def check_toots(subject: Subject) -> Iterator[Finding]:
    """What composing would refuse, cut or leave out of toots and reminders to come.

    Sent toots count while they can be edited.
    """
    for post in subject.tooted:
        yield from _check_toot(post, subject.compose, subject.accounts)


def _check_toot(post: Post, compose: Composer, accounts: Sequence[str]) -> Iterator[Finding]:
    if post.withdrawn and any(compose.is_reason_shortened(post.withdrawn, account) for account in accounts):
        problem = "the reason does not fit whole into a toot and is shortened."
        yield about(post, "text-shortened", problem, "Say it shorter.", field="withdrawn")
    if post.published is None or not post.is_tooted:
        return
    yield from for_all_accounts(finding for account in accounts for finding in _check_toot_on(post, compose, account))


def _check_toot_on(post: Post, compose: Composer, account: str) -> Iterator[Finding]:
    yield from check_pictures(post, account=compose.context(account).account, limits=compose.context(account).limits)
    try:
        limit = compose(post, account).limit
        shortened = compose.shortened_parts(post, account)
        remarks = compose.remarks(post, account)
    except ComposeError as error:
        problem = f"the toot would be held: {error.detail}"
        yield about(post, "toot-held", problem, error.remedy, field=error.field)
        return
    yield from remarks
    yield from _check_reminders(post, compose, account)
    for part, left in shortened.items():
        # Excerpts are often cut; a title or the author's own words are meant as written.
        rule = "excerpt-shortened" if part in ("excerpt", "summary") else "text-shortened"
        problem = f"does not fit whole into a toot of {limit} characters{_end_of(left)}."
        yield about(post, rule, problem, _PREVIEW, field=part)


def _check_reminders(post: Post, compose: Composer, account: str) -> Iterator[Finding]:
    for reminder in post.reminders:
        reminding = make_reminder_post(post, reminder)
        name = f"reminder {reminder.reminder_id}"
        try:
            limit, shortened = compose(reminding, account).limit, compose.shortened_parts(reminding, account)
        except ComposeError as error:
            problem = f"{name} would be held: {error.detail}"
            line = post.lines.get(reminder.place)
            yield about(post, "toot-held", problem, error.remedy, field="reminders", line=line)
            continue
        # Excerpts in templates are often cut.
        cut = {part: left for part, left in shortened.items() if part not in ("excerpt", "summary")}
        if cut:
            problem = f"{name} does not fit whole into a toot of {limit} characters{_end_of(_first(cut))}."
            line = post.lines.get(reminder.place)
            yield about(post, "text-shortened", problem, "Say it shorter.", field="reminders", line=line)


def _first(words: Mapping[str, str]) -> str:
    return next(iter(words.values()))


def _end_of(left: str) -> str:
    """The end of a cut text, in words."""
    if not left:
        return " and is left out"
    words = " ".join(left.split())
    shown = words if len(words) <= _LONGEST_END else "… " + words[-_LONGEST_END:].partition(" ")[2]
    return f': it is cut to "{shown}"'
