"""Composer for all accounts, and findings about toots: what is left out, or differs from what the author asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bot.compose.announcement import compose, find_split_texts, shortened_parts
from bot.compose.context import ComposeContext
from bot.compose.length import grapheme_pattern, status_length
from bot.compose.shorten import ELLIPSIS, shorten
from bot.compose.templates import Templates
from bot.domain import Announcement, Capabilities, Dialect, Finding, Limits, Post
from bot.domain.errors import ComposeError

#: By the account's address: its toot, or the reason why it cannot be composed.
Toots = Mapping[str, Announcement | str]


def compose_reason(reason: str, toot: Announcement, *, limits: Limits, dialect: Dialect) -> Announcement:
    """Compose the reason as a reply to `toot`, shortened like other texts, with its visibility and language."""

    def measure(text: str) -> int:
        return status_length(text, limits=limits, dialect=dialect)

    text = shorten(reason, limits.characters, measure=measure) or _cut_anywhere(reason, limits.characters)
    return Announcement(
        text=text,
        link=None,
        visibility=toot.visibility,
        language=toot.language,
        length=measure(text),
        limit=limits.characters,
    )


def _cut_anywhere(reason: str, characters: int) -> str:
    # A single word without end: a part of it is better than no reply.
    kept = [match[0] for match in grapheme_pattern().finditer(reason)][: characters - 1]
    return "".join(kept) + ELLIPSIS


@dataclass
class _Recorder:
    """Gets handles from `templates`, and records the names without a handle."""

    templates: Templates
    missing: list[str] = field(default_factory=list)

    def handle_of(self, name: str) -> str | None:
        handle = next(iter(self.templates.handles_of([name])), None)
        if handle is None and name not in self.missing:
            self.missing.append(name)
        return handle


def find_remarks(post: Post, context: ComposeContext) -> Iterator[Finding]:
    """The findings about a post's toot on one account. Raises ComposeError if it cannot be composed."""
    recorder, limits = _Recorder(context.templates), context.limits

    def would_show_pictures() -> bool:
        try:
            return bool(compose(replace(post, mastodon=replace(post.mastodon, poll=None)), context).pictures)
        except ComposeError:  # a fault of the pictures, which are not shown
            return False

    toot = compose(post, context.with_people(recorder))
    shows_pictures = bool(toot.pictures)
    for name in recorder.missing:
        yield _finding(
            post,
            "handle-missing",
            "speakers" if name in post.speakers or name not in post.authors else "author",
            f"{name} has no handle in people.toml, so the toot gives the name alone.",
            "Add it there, if the person wants to be mentioned.",
        )
    if post.mastodon.poll and not shows_pictures and would_show_pictures():
        yield _finding(
            post,
            "poll-without-picture",
            "mastodon.poll",
            "the server takes no picture with a poll, so the toot goes without it.",
            "Put the poll into a post of its own, if the picture matters.",
        )
    if post.mastodon.quote_policy and limits.software and not limits.quote_policy:
        yield _finding(
            post,
            "quote-policy-unknown",
            "mastodon.quote_policy",
            f"the server ({limits.software}) knows no such rule; anybody may quote.",
            "",
        )
    for name, lack in _lacking(post, toot, context.capabilities):
        yield _finding(post, "network-lacks", name, f"the account's network {lack}.", "")
    for number in find_split_texts(post, context):
        yield _finding(
            post,
            "thread-text-split",
            "mastodon.thread",
            f"text {number} does not fit into a toot of {limits.characters} characters and goes on in another.",
            "Check it with `announce preview`.",
        )


def _lacking(post: Post, toot: Announcement, can: Capabilities) -> Iterator[tuple[str, str]]:
    """The features that the network lacks: the author's key, and what the bot does instead."""
    if toot.pictures and not can.alt_texts:
        yield "cover" if post.mastodon.media is None else "mastodon.media", "shows no alt text"
    if post.mastodon.thread_auto and not can.replies:
        yield "mastodon.thread", "knows no threads, so the toot is shortened"
    for reminder in post.reminders:
        if reminder.reply and not can.replies:
            yield reminder.place, "knows no replies, so the reminder is a toot of its own"


def _finding(post: Post, rule: str, name: str, problem: str, remedy: str) -> Finding:
    return Finding(
        rule=rule,
        path=post.path,
        line=post.lines.get(name),
        field=name,
        problem=problem,
        remedy=remedy,
    )


class Composer:
    """A function (post, account's address) → Announcement, over the accounts of one cycle. Pure."""

    def __init__(self, contexts: Mapping[str, ComposeContext]) -> None:
        """`contexts` holds each account's context, by the account's address."""
        self._contexts = contexts

    def __call__(self, post: Post, address: str) -> Announcement:
        """Compose the post for the account. Raises ComposeError."""
        return compose(post, self._contexts[address])

    def shortened_parts(self, post: Post, address: str) -> Mapping[str, str]:
        """The parts that are shortened to fit the limit, "excerpt", "title", ...: name → what is left."""
        return shortened_parts(post, self._contexts[address])

    def remarks(self, post: Post, address: str) -> tuple[Finding, ...]:
        """The findings about the toot. Raises ComposeError."""
        return tuple(find_remarks(post, self._contexts[address]))

    def is_reason_shortened(self, reason: str, address: str) -> bool:
        """Whether the reason of a withdrawal is too long for a toot of the account."""
        context = self._contexts[address]
        return context.length(reason) > context.limits.characters

    def context(self, address: str) -> ComposeContext:
        """The context of the account."""
        return self._contexts[address]


def compose_toots(post: Post, compose: Composer, accounts: Iterable[str]) -> Toots:
    """The post's toot on each account, or the reason why it cannot be composed, by the account's address."""
    toots: dict[str, Announcement | str] = {}
    for address in accounts:
        try:
            toots[address] = compose(post, address)
        except ComposeError as error:
            toots[address] = str(error)
    return toots
