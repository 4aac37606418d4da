"""Post → Announcement: what a post says on Mastodon, within what the server accepts.

Pure: no clock, no disk, no network. Templates are read beforehand, facts about pictures while the post is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.compose.count import status_length
from bot.compose.fit import Step, fit
from bot.compose.hashtags import make_hashtags, missing_hashtags
from bot.compose.links import holds_link
from bot.compose.mentions import defuse
from bot.compose.shorten import shorten
from bot.compose.templates import Templates
from bot.config import Account, Release, Site
from bot.errors import ComposeError
from bot.model import Announcement, Limits, Picture, Post

_OWN_TEXT: Final = "mastodon.text"
_STEPS: Final = (
    Step(name="excerpt", least=20, may_go=True),
    Step(name="summary", least=20, may_go=True),
    Step(name="title", least=10, may_go=False),
)
_STEPS_OF_OWN_TEXT: Final = (Step(name=_OWN_TEXT, least=20, may_go=False),)

# More than this of an excerpt never fits; cutting it first keeps the search short.
_LONGEST_EXCERPT: Final = 8_000

# Everything below U+0020 except tab and line feed, and the C1 controls: a server may refuse them (NUL, for one).
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LEFT_OVER: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\{.{0,40}|\{%.{0,40}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class _Task:
    """A post and all that its announcement depends on."""

    post: Post
    site: Site
    limits: Limits
    templates: Templates
    hashtags: tuple[str, ...]
    content_warning: str

    def fits(self, text: str) -> bool:
        return status_length(text, self.content_warning, limits=self.limits) <= self.limits.characters


def compose(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Announcement:
    """What a post says on one account.

    The text is `mastodon.text` as the person wrote it, else what the template gives; the link and the hashtags follow,
    unless they are in it. If that is too long, the excerpt is shortened, then the summary, then the title (or
    `mastodon.text`); link, hashtags and content warning always stay whole.

    Raises ComposeError: a broken template, a left-over template tag, nothing to say, no room for link and hashtags.
    """
    task = _task(post, account=account, release=release, site=site, limits=limits, templates=templates)
    text = _build(task, _fitted(task))
    if text == _completed(task, ""):
        raise ComposeError(
            f"{post.path}: the toot would have no words.",
            remedy="Give the post a title, set mastodon.text, or put words into its template.",
        )
    pictures = _pictures(post, limits)
    _refuse_left_over_tags(post, "the toot", text)
    _refuse_left_over_tags(post, "the content warning", task.content_warning)
    for picture in pictures:
        _refuse_left_over_tags(post, "the picture's alt text", picture.alt)
    return Announcement(
        text=text,
        link=post.url if holds_link(text, post.url) else None,
        visibility=post.mastodon.visibility or account.visibility,
        language=post.mastodon.language or post.language,
        content_warning=task.content_warning or None,
        pictures=pictures,
        length=status_length(text, task.content_warning, limits=limits),
        limit=limits.characters,
    )


def shortened_parts(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> tuple[str, ...]:
    """Which of the post's words `compose` cuts or drops for want of room: "excerpt", "title", "mastodon.text", ...

    Raises ComposeError as `compose` does for a text that cannot be made to fit.
    """
    task = _task(post, account=account, release=release, site=site, limits=limits, templates=templates)
    fitted = _fitted(task)

    def is_used(name: str, word: str) -> bool:
        return _build(task, {**fitted, name: word}) != _build(task, {**fitted, name: ""})

    limited = _limited(task, _words(task.post))
    return tuple(
        name for name, word in _words(task.post).items() if word != fitted[name] and is_used(name, limited[name])
    )


def _task(post: Post, *, account: Account, release: Release, site: Site, limits: Limits, templates: Templates) -> _Task:
    return _Task(
        post=post,
        site=site,
        limits=limits,
        templates=templates,
        hashtags=make_hashtags((*release.hashtags, *account.hashtags, *post.hashtags)),
        content_warning=_tidy(post.mastodon.content_warning or ""),
    )


def _fitted(task: _Task) -> Mapping[str, str]:
    words = _limited(task, _words(task.post))
    steps = _STEPS_OF_OWN_TEXT if _OWN_TEXT in words else _STEPS
    fitted = fit(words, steps, lambda some: _build(task, some), task.fits)
    if fitted is None:
        raise ComposeError(
            f"{task.post.path}: the toot does not fit into {task.limits.characters} characters, "
            "even with as few words as make sense beside its link, hashtags and content warning.",
            remedy="Use fewer hashtags, a shorter content warning or a shorter template.",
        )
    return fitted


def _words(post: Post) -> Mapping[str, str]:
    """What may be shortened, by name."""
    own = _tidy(post.mastodon.text or "")
    if own:
        return {_OWN_TEXT: own}
    return {
        "title": " ".join(_tidy(post.title).split()),
        "excerpt": _tidy(post.excerpt),
        "summary": _tidy(post.summary),
    }


def _limited(task: _Task, words: Mapping[str, str]) -> Mapping[str, str]:
    longest = min(2 * task.limits.characters, _LONGEST_EXCERPT)
    return {name: shorten(word, longest, measure=len) for name, word in words.items()}


def _build(task: _Task, words: Mapping[str, str]) -> str:
    """The whole text: the words, the link, the hashtags; each once."""
    if _OWN_TEXT in words:
        return _completed(task, words[_OWN_TEXT])
    name = task.templates.name_for(task.post)
    variables = _variables(task, words)
    bare = task.templates.render(name, {**variables, "hashtags": ""})
    missing = missing_hashtags(task.hashtags, _tidy(bare))
    if not missing:
        return _completed(task, bare)
    return _completed(task, task.templates.render(name, {**variables, "hashtags": " ".join(missing)}))


def _completed(task: _Task, text: str) -> str:
    text = _tidy(text)
    if task.post.link and not holds_link(text, task.post.url):
        text = f"{text}\n\n{task.post.url}"
    missing = missing_hashtags(task.hashtags, text)
    return f"{text}\n\n{' '.join(missing)}".strip()


def _variables(task: _Task, words: Mapping[str, str]) -> dict[str, object]:
    """What a template may use (see TEMPLATE_VARIABLES); nobody named in it is notified."""
    post = task.post
    authors = [defuse(author) for author in post.authors]
    return {
        **{name: defuse(word) for name, word in words.items()},
        "link": post.url if post.link else "",
        "author": ", ".join(authors),
        "authors": authors,
        "category": defuse(post.category or ""),
        "tags": [defuse(tag) for tag in post.tags],
        "kind": defuse(post.kind or ""),
        "slug": defuse(post.slug),
        "date": post.published.astimezone(task.site.timezone) if post.published else None,
        "site": {"title": defuse(task.site.title), "url": task.site.url},
    }


def _pictures(post: Post, limits: Limits) -> tuple[Picture, ...]:
    cover = post.cover
    if cover is None or cover.path is None or cover.problem or limits.pictures < 1:
        return ()
    # Counted in code points, which are never fewer than what a server counts.
    return (replace(cover, alt=shorten(_tidy(cover.alt), limits.description, measure=len)),)


def _tidy(text: str) -> str:
    """Plain line ends, no control characters, no spaces at line ends, at most one empty line in a row."""
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = "\n".join(line.rstrip() for line in plain.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _refuse_left_over_tags(post: Post, where: str, text: str) -> None:
    left_over = _LEFT_OVER.search(text)
    if left_over:
        raise ComposeError(
            f'{post.path}: {where} shows a left-over template tag, "{left_over[0].strip()}"; '
            "the toot is held until the tag is resolved.",
            remedy="Write in the post what the tag stands for, or set mastodon.text.",
        )
