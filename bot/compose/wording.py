"""The text of a toot: parts of the post, its link and its hashtags, each once, within the server's limit."""

from __future__ import annotations

import re
from collections import UserString
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot.compose.context import ComposeContext
from bot.compose.hashtags import find_missing_hashtags, make_hashtags
from bot.compose.length import count_graphemes
from bot.compose.links import holds_link
from bot.compose.mentions import defuse
from bot.compose.shorten import shorten, shorten_to_fit
from bot.domain import Post
from bot.domain.errors import ComposeError


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part that may be shortened: `name` among the words."""

    name: str
    least: int  #: characters; a shorter rest would be meaningless
    may_go: bool  #: whether to drop it then


def fit(
    words: Mapping[str, str],
    steps: Sequence[Step],
    build: Callable[[Mapping[str, str]], str],
    fits: Callable[[str], bool],
) -> Mapping[str, str] | None:
    """Shorten the words until the text fits; None if it never does.

    `build` makes the text from the words. Each step in turn shortens its words until the text fits, or drops them.
    """
    current = dict(words)
    if fits(build(current)):
        return current
    for step in steps:
        without = {**current, step.name: ""}
        if build(without) == build(current):
            continue  # the text does not use these words
        shortened = _shorten(step.name, current, build, fits)
        if count_graphemes(shortened) >= step.least:
            return {**current, step.name: shortened}
        if step.may_go:
            current = without
            if fits(build(current)):
                return current
    return None


def _shorten(
    name: str, words: Mapping[str, str], build: Callable[[Mapping[str, str]], str], fits: Callable[[str], bool]
) -> str:
    return shorten_to_fit(words[name], lambda candidate: fits(build({**words, name: candidate})))


_OWN_TEXT: Final = "mastodon.text"
_WARNING: Final = "mastodon.content_warning"
_HASHTAGS: Final = "hashtags"
_STEPS: Final = (
    Step(name="excerpt", least=20, may_go=True),
    Step(name="summary", least=20, may_go=True),
    Step(name="title", least=1, may_go=False),
)
_STEPS_OF_OWN_TEXT: Final = (Step(name=_OWN_TEXT, least=1, may_go=False),)

# Characters. Words that exceed the limit by this much never fit; cutting them first keeps the search short.
_FAR_TOO_LONG: Final = 2_000

# Everything below U+0020 except tab and line feed, and the C1 controls: a server may refuse them (NUL, for one).
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A post and the other inputs of its text."""

    post: Post
    context: ComposeContext
    reserved: int = 0  #: characters kept free for the number of a numbered toot

    @cached_property
    def hashtags(self) -> tuple[str, ...]:
        """The hashtags of the post and its account, as shown in the text."""
        release, account = self.context.release, self.context.account
        return make_hashtags((*release.hashtags, *account.hashtags, *self.post.hashtags))

    @cached_property
    def content_warning(self) -> str:
        """The content warning; empty if there is none."""
        return tidy(self.post.mastodon.content_warning or "")

    @property
    def limit(self) -> int:
        """The maximum number of characters on the server."""
        return self.context.limits.characters

    def fitted(self) -> Mapping[str, str]:
        """The post's words by name, shortened until the text fits.

        Raises ComposeError: a broken template, no room for link, hashtags and content warning.
        """
        words = self._limited(self._words())
        fitted = fit(words, _STEPS_OF_OWN_TEXT if _OWN_TEXT in words else _STEPS, self.text, self.fits)
        if fitted is None:
            raise ComposeError(
                f"the toot does not fit into {self.limit} characters, "
                "even with as few words as make sense beside its link, hashtags and content warning.",
                post=self.post.path,
                kind="does-not-fit",
                remedy="Use fewer hashtags, a shorter content warning or a shorter template.",
                field=self._longest_field(),
            )
        return fitted

    def _longest_field(self) -> str:
        """The front matter key that takes the most room besides the words; empty if the post has none of them."""
        rooms = {_WARNING: self.content_warning, _HASHTAGS: " ".join(self.hashtags)}
        return max((name for name in rooms if name in self.post.lines), key=lambda name: len(rooms[name]), default="")

    def shortened(self) -> Mapping[str, str]:
        """The words of the text that `fitted` has shortened or dropped, in their new form. Raises ComposeError."""
        fitted, whole = self.fitted(), self._words()
        limited = self._limited(whole)

        def is_used(name: str) -> bool:
            return self.text({**fitted, name: limited[name]}) != self.text({**fitted, name: ""})

        return {name: fitted[name] for name, word in whole.items() if word != fitted[name] and is_used(name)}

    def text(self, words: Mapping[str, str]) -> str:
        """Build the whole text from these words. Raises ComposeError for a broken template."""
        if _OWN_TEXT in words:
            return self.completed(words[_OWN_TEXT])
        templates = self.context.templates
        name = templates.name_for(self.post)
        variables = self._variables(words)
        bare = templates.render(name, {**variables, "hashtags": ""})
        missing = find_missing_hashtags(self.hashtags, tidy(bare))
        if not missing:
            return self.completed(bare)
        return self.completed(templates.render(name, {**variables, "hashtags": " ".join(missing)}))

    def completed(self, text: str) -> str:
        """The text, followed by the link and those hashtags that it lacks."""
        text = tidy(text)
        if self.post.link and not holds_link(text, self.post.url):
            text = f"{text}\n\n{self.post.url}"
        return f"{text}\n\n{' '.join(find_missing_hashtags(self.hashtags, text))}".strip()

    @property
    def own_text(self) -> str:
        """The author's own text of the toot; empty if the template decides."""
        return tidy(self.post.mastodon.text or "")

    def length(self, text: str) -> int:
        """The length of a text and the content warning, as the server counts."""
        return self.context.length(text, self.content_warning)

    def fits(self, text: str) -> bool:
        """Whether a text fits into a toot."""
        return self.length(text) + self.reserved <= self.limit

    def _words(self) -> Mapping[str, str]:
        """The parts that may be shortened, by name."""
        post = self.post
        if self.own_text:
            return {_OWN_TEXT: self.own_text}
        return {
            "title": " ".join(tidy(post.title).split()),
            "excerpt": tidy(post.excerpt),
            "summary": tidy(post.summary),
        }

    def _limited(self, words: Mapping[str, str]) -> Mapping[str, str]:
        longest = self.limit + _FAR_TOO_LONG
        return {name: shorten(word, longest, measure=self.context.length) for name, word in words.items()}

    def _variables(self, words: Mapping[str, str]) -> dict[str, object]:
        """The template's variables (see TEMPLATE_VARIABLES); all mentions in them are defused."""
        post, site = self.post, self.context.site
        authors = [defuse(author) for author in post.authors]
        speakers = [defuse(speaker) for speaker in post.speakers]
        return {
            **{name: defuse(word) for name, word in words.items()},
            "link": post.url if post.link else "",
            "author": ", ".join(authors),
            "authors": authors,
            "speaker": ", ".join(speakers),
            "speakers": speakers,
            "handles": _Lazy(lambda: " ".join(self.context.templates.handles_of(post.speakers))),
            "category": defuse(post.category or ""),
            "tags": [defuse(tag) for tag in post.tags],
            "kind": defuse(post.kind or ""),
            "slug": defuse(post.slug),
            "date": post.published.astimezone(site.timezone) if post.published else None,
            "deadline": post.deadline.astimezone(site.timezone) if post.deadline else None,
            "site": {"title": defuse(site.title), "url": site.url},
        }


class _Lazy(UserString):
    """A text made only when a template uses it: a fault in `people.toml` must not affect other templates."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    @cached_property
    def data(self) -> str:  # type: ignore[override]
        return self._make()


def tidy(text: str) -> str:
    """Plain line ends, no control characters, no spaces at line ends, at most one empty line in a row."""
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = "\n".join(line.rstrip() for line in plain.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
