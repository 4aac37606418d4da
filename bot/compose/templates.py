"""The wording of toots: Jinja templates from a folder, chosen by account and by a post's kind or category."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, Self

from bot.compose.people import NOBODY
from bot.config.text_files import TextFile, template_name
from bot.domain import Post
from bot.domain.errors import ComposeError, ComposeFileError

if TYPE_CHECKING:
    from jinja2 import Template, TemplateError

    from bot.compose.jinja import Sandbox

#: The variables of a template: name → meaning.
TEMPLATE_VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "title": "the post's title",
        "excerpt": "the beginning of the post, shortened if there is no room for all of it",
        "summary": "the post's summary, shortened likewise",
        "link": 'the post\'s permalink; empty with "link: false"',
        "hashtags": 'the hashtags in one line, "#One #Two"; those that the text already has are left out',
        "author": 'the authors in one line, "Ana, Bo"',
        "authors": "the authors, a list",
        "speaker": 'the people of "speakers:" in one line, "Ana, Bo"',
        "speakers": "the same, a list",
        "handles": "their handles in one line, of those whom config/people.toml knows",
        "category": "the post's category",
        "tags": "the post's tags, a list",
        "kind": "the post's kind",
        "slug": "the file's name without its ending",
        "date": 'the publish datetime in the site\'s timezone; write {{ date | date("%A, %d %B") }}',
        "deadline": "the post's deadline, likewise",
        "site": "the site: site.title, site.url",
    }
)

BUILT_IN: Final = "{{ title }}\n\n{{ excerpt }}\n\n{{ link }}\n\n{{ hashtags }}\n"
MAX_RESULT: Final = 20_000  #: characters; far more than any server accepts

_DEFAULT: Final = "default"
_BUILT_IN_NAME: Final = "the built-in template"
#: A file as errors show it, and the line in it where one is known.
_Place = tuple[str, int | None]
_UNDEFINED: Final = re.compile(r"'(\w+)' is undefined")


class HandleSource(Hashable, Protocol):
    """A source of people's handles."""

    def handle_of(self, name: str) -> str | None:
        """The handle; None if unknown. Raises ComposeError."""


class Templates:
    """The templates that one account uses."""

    def __init__(self, files: Mapping[str, TextFile] | None = None, *, people: HandleSource = NOBODY) -> None:
        self._files = dict(files or {})
        self._people = people
        self._compiled: dict[str, Template] = {}

    @classmethod
    def of(cls, files: Mapping[str, TextFile], *, people: HandleSource = NOBODY) -> Self:
        """The templates of these files, by name; without files, only the built-in template.

        Raises nothing: an unreadable file is reported when it is used. Files with unchanged text are not compiled
        again.
        """
        return cls._of(tuple(files.items()), people)

    @classmethod
    @lru_cache(maxsize=32)
    def _of(cls, files: tuple[tuple[str, TextFile], ...], people: HandleSource) -> Self:
        return cls(dict(files), people=people)

    def with_people(self, people: HandleSource) -> Templates:
        """The same templates, with handles from other `people`."""
        return Templates(self._files, people=people)

    def handles_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The handles of the people with a known handle. Raises ComposeError if the people file is faulty."""
        return tuple(filter(None, map(self._people.handle_of, names)))

    def name_for(self, post: Post) -> str:
        """The name of the template for a post: its kind, else its category, else "default".

        A reminder sets its own template. Raises ComposeError if there is no such template.
        """
        if post.reminding is not None and post.reminding.template is not None:
            own = _file_name(post.reminding.template)
            if self._find(own) is None:
                problem, remedy = self._no_such_template(post.reminding.template)
                raise ComposeError(problem, post=post.path, kind=f"file {post.path}", remedy=remedy)
            return own
        wanted = (_file_name(name) for name in (post.kind, post.category) if name)
        return next((name for name in wanted if name in self._files), _DEFAULT)

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """Render a template; the text is returned unchanged.

        Raises ComposeError with file and line if the template is unreadable or invalid, uses an undefined name, or
        produces too much text.
        """
        from jinja2 import TemplateError  # imported here: it takes 37 ms

        try:
            return self._generated(name, variables)
        except ComposeError:
            raise
        except TemplateError as error:
            raise self._explained(error, name) from None
        except Exception as error:  # a template's expressions can raise anything
            place = self._place(error, name)
            raise ComposeFileError(
                *place, f"the template cannot be used: {error}.", remedy="Correct the template."
            ) from error

    def faults(self) -> tuple[ComposeFileError, ...]:
        """The faults of all templates, used or not: unreadable, invalid, or with undefined names."""
        return tuple(fault for name in self._files for fault in self._faults_of(name))

    def _faults_of(self, name: str) -> list[ComposeFileError]:
        from jinja2 import TemplateError  # imported here: it takes 37 ms

        from bot.compose.jinja import find_included_names, find_unknown_names  # imported here: it takes 37 ms

        file = self._files[name]
        if file.problem:
            return [_unusable(file)]
        try:
            tree = self._sandbox.parse(file.text, name, file.path)
            self._template(name)
        except TemplateError as error:
            return [self._explained(error, name)]
        known = TEMPLATE_VARIABLES.keys() | self._sandbox.globals.keys()
        faults = [
            (line, _unknown_variable((file.path, line), variable)) for line, variable in find_unknown_names(tree, known)
        ]
        faults += [
            (line, self._template_error((file.path, line), included))
            for line, included in find_included_names(tree)
            if self._find(included) is None
        ]
        return [fault for _, fault in sorted(faults, key=lambda pair: pair[0])]

    @cached_property
    def _sandbox(self) -> Sandbox:
        from bot.compose.jinja import Sandbox  # imported here: it takes 37 ms

        sandbox = Sandbox(self._find)
        sandbox.filters["handle"] = lambda names: _each(names, lambda name: self._people.handle_of(name) or name)
        sandbox.filters["with_handle"] = lambda names: _each(names, self._with_handle)
        return sandbox

    def _with_handle(self, name: str) -> str:
        handle = self._people.handle_of(name)
        return f"{name} ({handle})" if handle else name

    def _find(self, name: str) -> tuple[str, str] | None:
        file = self._files.get(template_name(name))
        if file is None:
            return (BUILT_IN, _BUILT_IN_NAME) if template_name(name) == _DEFAULT else None
        if file.problem:
            raise _unusable(file)
        return file.text, file.path

    def _template(self, name: str) -> Template:
        if name not in self._compiled:
            self._compiled[name] = self._sandbox.get_template(name)
        return self._compiled[name]

    def _generated(self, name: str, variables: Mapping[str, object]) -> str:
        pieces: list[str] = []
        room = MAX_RESULT
        for piece in self._template(name).generate(variables):
            room -= len(piece)
            if room < 0:
                raise ComposeFileError(
                    *self._place(None, name),
                    f"the template gives more than {MAX_RESULT:,} characters.",
                    remedy="Check its loops.",
                )
            pieces.append(piece)
        return "".join(pieces)

    def _explained(self, error: TemplateError, name: str) -> ComposeFileError:
        from jinja2.exceptions import (  # imported here: it takes 37 ms
            SecurityError,
            TemplateNotFound,
            TemplateSyntaxError,
            UndefinedError,
        )

        if isinstance(error, TemplateSyntaxError):
            place: _Place = (error.filename or self._place(None, name)[0], error.lineno)
            return ComposeFileError(
                *place, f"the template is not valid: {error.message}.", remedy="Correct the template at that line."
            )
        place = self._place(error, name)
        if isinstance(error, TemplateNotFound):
            return self._template_error(place, str(error.name))
        undefined = _UNDEFINED.search(error.message or "") if isinstance(error, UndefinedError) else None
        if undefined:
            return _unknown_variable(place, undefined[1])
        if isinstance(error, SecurityError):
            return ComposeFileError(*place, f"templates may not do this: {error.message}.", remedy="Leave it out.")
        return ComposeFileError(*place, f"the template cannot be used: {error}.", remedy="Correct the template.")

    def _template_error(self, place: _Place, name: str) -> ComposeFileError:
        problem, remedy = self._no_such_template(name)
        return ComposeFileError(*place, problem, remedy=remedy)

    def _no_such_template(self, name: str) -> tuple[str, str]:
        """The problem, and its remedy."""
        known = ", ".join(Path(file.path).name for file in self._files.values())
        remedy = f"There are: {known}." if known else "There are none yet; docs/templates.md tells how to write one."
        return f'there is no template "{name}".', remedy

    def _place(self, error: BaseException | None, name: str) -> _Place:
        """The file and line of the innermost template in the error's traceback, else the file of `name`."""
        paths = {file.path for file in self._files.values()}
        file = self._files.get(name)
        place: _Place = (file.path if file else _BUILT_IN_NAME, None)
        trace = error.__traceback__ if error else None
        while trace is not None:
            path = trace.tb_frame.f_code.co_filename
            if path in paths:
                place = path, trace.tb_lineno
            trace = trace.tb_next
        return place


def _file_name(name: str) -> str:
    return "-".join(name.strip().lower().split())


def _each(names: object, say: Callable[[str], str]) -> str:
    """Format one name, or a list of names separated by commas."""
    if isinstance(names, str):
        return say(names)
    if isinstance(names, Sequence) and all(isinstance(name, str) for name in names):
        return ", ".join(map(say, names))
    raise TypeError("the filters `handle` and `with_handle` are for names, such as {{ speaker | with_handle }}")


def _unusable(file: TextFile) -> ComposeFileError:
    return ComposeFileError(file.path, None, file.problem, remedy=file.remedy)


def _unknown_variable(place: _Place, variable: str) -> ComposeFileError:
    known = ("site.title", "site.url") if "." in variable else tuple(TEMPLATE_VARIABLES)
    near = difflib.get_close_matches(variable, known, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
    return ComposeFileError(*place, f'the template uses "{variable}", which there is not.', remedy=remedy)
