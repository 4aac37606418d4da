"""Between the folder of posts and its cache: what is worth keeping, and posts made of what was kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING, Any, TypeAlias

from bot.domain.errors import PostError
from bot.posts.body.render import BodyText
from bot.posts.cache.codec import OWN_WORDS
from bot.posts.cache.lazy import LAZY_FIELDS, LazyPost
from bot.posts.listing import FileState

if TYPE_CHECKING:
    from bot.domain import Post
    from bot.posts.cache.file import PostCache


#: A post with the states that its file and its pictures had when it was read.
Read: TypeAlias = tuple[FileState, Mapping[str, FileState | None], LazyPost]


class PostCacheIndex:
    """Knows what the cache holds, so that only what is new is written."""

    def __init__(self, cache: PostCache | None) -> None:
        self._cache = cache
        self._recalled = False
        self._kept: dict[str, tuple[FileState, Mapping[str, FileState | None]]] = {}

    def recall(self, reread: Callable[[str], Post | None]) -> Mapping[str, Read]:
        """The posts of the cache; nothing from the second time on. `reread` reads a file without it."""
        if self._recalled or self._cache is None:
            return {}
        self._recalled = True
        posts: dict[str, Read] = {}
        for path, state, pictures, early, _ in self._cache.load():
            late = _KeptBody(self._cache, path, early[OWN_WORDS].whole, reread)
            posts[path] = (state, pictures, LazyPost.of(early, late))
            self._kept[path] = (state, pictures)
        return posts

    def keep(self, posts: Mapping[str, Read], *, here: Set[str]) -> None:
        """Write what has changed. Files that are not `here` are forgotten."""
        if self._cache is None:
            return
        from bot.posts.cache.file import Stored

        new: list[Stored] = []
        for path, (state, pictures, post) in posts.items():
            if self._kept.get(path) == (state, pictures):
                continue
            new.append(Stored(path=path, state=state, pictures=pictures, early=post.early, late=post.late))
            self._kept[path] = (state, pictures)
        gone = self._kept.keys() - here
        for path in gone:
            del self._kept[path]
        if new or gone:
            self._cache.keep(new, gone=gone)

    def close(self) -> None:
        """Let go of the cache."""
        if self._cache is not None:
            self._cache.close()


class _KeptBody:
    """Fetches a body from the cache; should that have gone meanwhile, from the file."""

    __slots__ = ("_cache", "_digest", "_path", "_reread")

    def __init__(self, cache: PostCache, path: str, digest: str, reread: Callable[[str], Post | None]) -> None:
        self._cache = cache
        self._path = path
        self._digest = digest
        self._reread = reread

    def __call__(self) -> dict[str, Any]:
        late = self._cache.late(self._path, self._digest)
        if late is None:
            late = self._from_file()
        made: dict[str, Any] = late() if isinstance(late, BodyText) else late
        return made

    def _from_file(self) -> dict[str, Any]:
        try:
            post = self._reread(self._path)
        except (PostError, OSError):  # changed or gone at this moment too: the next look sees it
            post = None
        if post is None:
            return {name: "" if name in ("excerpt", "summary", "html") else () for name in LAZY_FIELDS}
        return {name: getattr(post, name) for name in LAZY_FIELDS}
