"""What a person should know of a toot that can be composed: what is left out, or not as it was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TypedDict

from bot.compose.announcement import compose, shortened_parts, split_texts
from bot.compose.length import grapheme_pattern, status_length
from bot.compose.people import People
from bot.compose.shorten import ELLIPSIS, shorten
from bot.compose.templates import Templates
from bot.config import Account, Config, Release, Site
from bot.config.wording import Wording
from bot.domain import Announcement, Finding, Limits, Post, Snapshot
from bot.domain.errors import ComposeError


def compose_reason(reason: str, toot: Announcement, *, limits: Limits) -> Announcement:
    """The reason as an answer to `toot`, shortened like other texts; to the same people, in the same language."""

    def measure(text: str) -> int:
        return status_length(text, limits=limits)

    text = shorten(reason, limits.characters, measure=measure) or _cut_anywhere(reason, limits.characters)
    return Announcement(
        text=text,
        link=None,
        visibility=toot.visibility,
        language=toot.language,
        length=measure(text),
        limit=limits.characters,
    )


def is_reason_shortened(reason: str, *, limits: Limits) -> bool:
    """Whether the reason does not fit whole."""
    return status_length(reason, limits=limits) > limits.characters


def _cut_anywhere(reason: str, characters: int) -> str:
    # One endless word: better a part of it than no answer at all.
    kept = [match[0] for match in grapheme_pattern().finditer(reason)][: characters - 1]
    return "".join(kept) + ELLIPSIS


@dataclass
class _Recorder:
    """Asks somebody else for handles, and notes the names for which there is none."""

    templates: Templates
    missing: list[str] = field(default_factory=list)

    def handle_of(self, name: str) -> str | None:
        handle = next(iter(self.templates.handles_of([name])), None)
        if handle is None and name not in self.missing:
            self.missing.append(name)
        return handle


def remarks(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Iterator[Finding]:
    """The findings about a post's toot on one account. Raises ComposeError if it cannot be composed."""
    recorder = _Recorder(templates)

    def composed(post: Post, templates: Templates = templates) -> bool:
        toot = compose(post, account=account, site=site, release=release, limits=limits, templates=templates)
        return bool(toot.pictures)

    def would_show_pictures() -> bool:
        try:
            return composed(replace(post, mastodon=replace(post.mastodon, poll=None)))
        except ComposeError:  # something about the pictures, which are not shown
            return False

    shows_pictures = composed(post, templates.asking(recorder))
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
            "the server takes no picture beside a poll, so the toot goes without it.",
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
    for number in split_texts(post, account=account, site=site, release=release, limits=limits, templates=templates):
        yield _finding(
            post,
            "thread-text-split",
            "mastodon.thread",
            f"text {number} does not fit into a toot of {limits.characters} characters and goes on in another.",
            "Look at it with `announce preview`.",
        )


def _finding(post: Post, rule: str, name: str, problem: str, remedy: str) -> Finding:
    return Finding(
        rule=rule,
        path=post.path,
        line=post.lines.get(name),
        field=name,
        problem=problem,
        remedy=remedy,
    )


class _Means(TypedDict):
    account: Account
    site: Site
    release: Release
    limits: Limits
    templates: Templates


class Composer:
    """A function (post, account's address) → Announcement, with the settings and texts that it was made with."""

    def __init__(self, config: Config, snapshot: Snapshot, wording: Wording) -> None:
        self._config = config
        self._snapshot = snapshot
        people = People.of(wording.people)
        names = config.account_addresses()
        self._accounts = {address: config.accounts[name] for name, address in names.items()}
        self._templates = {
            address: Templates.of(wording.templates[name], people=people) for name, address in names.items()
        }

    def knowing(self, snapshot: Snapshot) -> Composer:
        """The same templates, with what another snapshot says of the servers' limits."""
        other = copy(self)
        other._snapshot = snapshot
        return other

    def __call__(self, post: Post, address: str) -> Announcement:
        """What the post says on the account. Raises ComposeError."""
        return compose(post, **self._means(address))

    def shortened_parts(self, post: Post, address: str) -> Mapping[str, str]:
        """Which of the post's words are cut for want of room: "excerpt", "title", ...; and what is left of them."""
        return shortened_parts(post, **self._means(address))

    def remarks(self, post: Post, address: str) -> tuple[Finding, ...]:
        """What a person should know of the toot. Raises ComposeError."""
        return tuple(remarks(post, **self._means(address)))

    def is_reason_shortened(self, reason: str, address: str) -> bool:
        """Whether the reason of a withdrawal does not fit whole into a toot of the account."""
        return is_reason_shortened(reason, limits=self.limits(address))

    def account(self, address: str) -> Account:
        """The account's settings."""
        return self._accounts[address]

    def limits(self, address: str) -> Limits:
        """What the account's server accepts; Mastodon's limits where that is not known yet."""
        state = self._snapshot.accounts.get(address)
        return state.facts.limits if state is not None and state.facts is not None else Limits()

    def _means(self, address: str) -> _Means:
        return _Means(
            account=self._accounts[address],
            site=self._config.site,
            release=self._config.release,
            limits=self.limits(address),
            templates=self._templates[address],
        )
