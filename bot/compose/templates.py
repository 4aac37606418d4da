"""The wording of toots: Jinja templates from a folder, chosen by a post's kind or category."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from bot.errors import ComposeError
from bot.model import Post

if TYPE_CHECKING:
    from jinja2 import Template, TemplateError

    from bot.compose.jinja import Sandbox

#: What a template may use: name → meaning.
TEMPLATE_VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "title": "the post's title",
        "excerpt": "the beginning of the post, shortened if there is no room for all of it",
        "summary": "the post's summary, shortened likewise",
        "link": 'the post\'s permalink; empty with "link: false"',
        "hashtags": 'the hashtags in one line, "#One #Two"; those that the text already has are left out',
        "author": 'the authors in one line, "Ana, Bo"',
        "authors": "the authors, a list",
        "category": "the post's category",
        "tags": "the post's tags, a list",
        "kind": "the post's kind",
        "slug": "the file's name without its ending",
        "date": 'the publish datetime in the site\'s timezone; write {{ date | date("%A, %d %B") }}',
        "site": "the site: site.title, site.url",
    }
)

BUILT_IN: Final = "{{ title }}\n\n{{ excerpt }}\n\n{{ link }}\n\n{{ hashtags }}\n"
MAX_RESULT: Final = 20_000  #: characters

_ENDING: Final = ".j2"
_DEFAULT: Final = "default"
_BUILT_IN_NAME: Final = "the built-in template"
_UNDEFINED: Final = re.compile(r"'(\w+)' is undefined")


@dataclass(frozen=True)
class _File:
    path: str
    text: str = ""
    problem: str = ""


class Templates:
    """All templates of a folder, read once. Rendering touches no disk."""

    def __init__(self, files: Mapping[str, _File] | None = None) -> None:
        self._files = dict(files or {})
        self._compiled: dict[str, Template] = {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read every `<name>.j2` in a folder; without the folder there is only the built-in template.

        Raises nothing: a file that cannot be read is reported when it is used. Files that say the same as before are
        not compiled again.
        """
        files = tuple((path.stem.lower(), _read(path)) for path in sorted(folder.glob(f"*{_ENDING}")))
        return cls._of(files)

    @classmethod
    @lru_cache(maxsize=8)
    def _of(cls, files: tuple[tuple[str, _File], ...]) -> Self:
        return cls(dict(files))

    def name_for(self, post: Post) -> str:
        """The template for a post: named like its kind, else like its category, else "default"."""
        wanted = (_file_name(name) for name in (post.kind, post.category) if name)
        return next((name for name in wanted if name in self._files), _DEFAULT)

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """The text of a template, exactly as it comes.

        Raises ComposeError with file and line: it cannot be read, is not valid, uses what there is not, says too much.
        """
        from jinja2 import TemplateError

        try:
            return self._generated(name, variables)
        except ComposeError:
            raise
        except TemplateError as error:
            raise self._explained(error, name) from None
        except Exception as error:  # a template's expressions can raise anything
            raise ComposeError(
                f"{self._place(error, name)}: the template cannot be used: {error}.", remedy="Correct the template."
            ) from error

    def faults(self) -> tuple[ComposeError, ...]:
        """What is wrong with any template, used or not: cannot be read, not valid, unknown variables."""
        return tuple(fault for name in self._files for fault in self._faults_of(name))

    def _faults_of(self, name: str) -> list[ComposeError]:
        from jinja2 import TemplateError, meta

        file = self._files[name]
        if file.problem:
            return [_unreadable(file)]
        try:
            used = meta.find_undeclared_variables(self._sandbox.parse(file.text, name, file.path))
            self._template(name)
        except TemplateError as error:
            return [self._explained(error, name)]
        unknown = used - TEMPLATE_VARIABLES.keys() - self._sandbox.globals.keys()
        return [_unknown_variable(file.path, variable) for variable in sorted(unknown)]

    @cached_property
    def _sandbox(self) -> Sandbox:
        from bot.compose.jinja import Sandbox

        return Sandbox(self._find)

    def _find(self, name: str) -> tuple[str, str] | None:
        file = self._files.get(name.removesuffix(_ENDING).lower())
        if file is None:
            return (BUILT_IN, _BUILT_IN_NAME) if name == _DEFAULT else None
        if file.problem:
            raise _unreadable(file)
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
                raise ComposeError(
                    f"{self._place(None, name)}: the template gives more than {MAX_RESULT:,} characters.",
                    remedy="Check its loops.",
                )
            pieces.append(piece)
        return "".join(pieces)

    def _explained(self, error: TemplateError, name: str) -> ComposeError:
        from jinja2.exceptions import SecurityError, TemplateNotFound, TemplateSyntaxError, UndefinedError

        if isinstance(error, TemplateSyntaxError):
            place = f"{error.filename or self._place(None, name)}:{error.lineno}"
            return ComposeError(
                f"{place}: the template is not valid: {error.message}.", remedy="Correct the template at that line."
            )
        place = self._place(error, name)
        if isinstance(error, TemplateNotFound):
            known = ", ".join(f"{other}{_ENDING}" for other in self._files)
            return ComposeError(f'{place}: there is no template "{error.name}".', remedy=f"There are: {known}.")
        undefined = _UNDEFINED.search(error.message or "") if isinstance(error, UndefinedError) else None
        if undefined:
            return _unknown_variable(place, undefined[1])
        if isinstance(error, SecurityError):
            return ComposeError(f"{place}: templates may not do this: {error.message}.", remedy="Leave it out.")
        return ComposeError(f"{place}: the template cannot be used: {error}.", remedy="Correct the template.")

    def _place(self, error: BaseException | None, name: str) -> str:
        """`file:line` of the innermost template that an error went through, else the file of `name`."""
        paths = {file.path for file in self._files.values()}
        file = self._files.get(name)
        place = file.path if file else _BUILT_IN_NAME
        trace = error.__traceback__ if error else None
        while trace is not None:
            path = trace.tb_frame.f_code.co_filename
            if path in paths:
                place = f"{path}:{trace.tb_lineno}"
            trace = trace.tb_next
        return place


def _read(path: Path) -> _File:
    try:
        return _File(str(path), text=path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return _File(str(path), problem="is not UTF-8 text.")
    except OSError as error:
        return _File(str(path), problem=f"cannot be read: {error.strerror}.")


def _file_name(name: str) -> str:
    return "-".join(name.strip().lower().split())


def _unreadable(file: _File) -> ComposeError:
    return ComposeError(f"{file.path}: {file.problem}", remedy="Save it as UTF-8 text that the bot may read.")


def _unknown_variable(place: str, variable: str) -> ComposeError:
    near = difflib.get_close_matches(variable, TEMPLATE_VARIABLES, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(TEMPLATE_VARIABLES)}."
    return ComposeError(f'{place}: the template uses "{variable}", which there is not.', remedy=remedy)
