"""The public application: the public folder and whether the bot is well. It knows nothing of what is to come."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wsgi import wrap_file

from bot.config import Config
from bot.feeds.build import ARCHIVE, FORMATS
from bot.feeds.channel import channel_of, folder_of
from bot.posts.git.push import LARGEST, PushHook
from bot.web.static_files import ServedFolder, Shown


def add_push_hook(app: Flask, hook: PushHook) -> None:
    """Let the application take pushes."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST  # what is larger is refused with 413 before it is read

    @app.post("/hooks/push")
    def push() -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = hook.receive(headers, request.get_data(), media_type=request.mimetype)
        response = Response(f"{answer.text}\n", status=answer.status, mimetype="text/plain")
        response.headers["Cache-Control"] = "no-store"
        return response


#: How long a reader, or a cache in between, may take a file as it is, in seconds.
MAX_AGE: Final = 900
_INDEX: Final = "index.html"
_TEXTS: Final = ("application/javascript", "application/xml", "image/svg+xml")
#: The table that comes with Python; a machine's own would make answers differ from place to place.
_TYPES: Final = mimetypes.MimeTypes()
_FEEDS: Final[Mapping[str, str]] = {kind.FILE_NAME: kind.MEDIA_TYPE for kind in FORMATS}

#: Whether all is well, and what else there is to say of it.
Health = Callable[[], tuple[bool, Mapping[str, object]]]


@dataclass(frozen=True, kw_only=True)
class Hubs:
    """What the feeds' answers say in their Link headers (WebSub, section 4): subscribers look there first."""

    hubs: tuple[str, ...]
    site: str  #: the site's address, without a slash at its end
    folder: PurePosixPath  #: of the feeds, below the public folder

    def link_of(self, name: str) -> str:
        """The header for a file; empty for one that hubs do not know."""
        path = PurePosixPath(name)
        if not self.hubs or path.name not in _FEEDS or not path.is_relative_to(self.folder):
            return ""
        if path.relative_to(self.folder).parts[0] == ARCHIVE:
            return ""
        links = [f'<{hub}>; rel="hub"' for hub in self.hubs]
        return ", ".join([*links, f'<{self.site}/{quote(name)}>; rel="self"'])


def always_well() -> tuple[bool, Mapping[str, object]]:
    """The health of a server that only serves."""
    return True, {}


def make_public_app(
    config: Config, *, folder: Path | None = None, health: Health = always_well, push: PushHook | None = None
) -> Flask:
    """The application that shows `folder`, or the one in the settings, to everybody; with `push` it hears of pushes."""
    app = Flask("announce", static_folder=None, template_folder=None)
    app.url_map.merge_slashes = False
    served = ServedFolder(folder or config.public_folder)
    channel = channel_of(config.site, config.feeds)
    hubs = Hubs(hubs=channel.hubs, site=config.site.url, folder=folder_of(config.feeds))

    if push is not None:
        add_push_hook(app, push)

    @app.get("/healthz")
    def healthz() -> Response:
        well, facts = health()
        answer = jsonify({"status": "ok" if well else "stale", **facts})
        answer.status_code = 200 if well else 503
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.get("/", defaults={"name": ""})
    @app.get("/<path:name>")
    def file(name: str) -> Response:
        wanted = f"{name}{_INDEX}" if not name or name.endswith("/") else name
        shown = served.open(wanted, gzip=_takes_gzip())
        if shown is None:
            raise NotFound
        answer = _answer(shown, wanted)
        link = hubs.link_of(wanted)
        if link:
            answer.headers["Link"] = link
        return answer

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        answer = Response(f"{error.code} {error.name}\n", status=error.code, mimetype="text/plain")
        for header, value in error.get_headers():
            if header.lower() != "content-type":
                answer.headers[header] = value
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.after_request
    def for_everybody(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        # Readers that live in a browser ask from their own address, and first whether they may.
        if _is_open(request.path):
            answer.headers["Access-Control-Allow-Origin"] = "*"
            answer.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Link"
            if request.method == "OPTIONS":
                answer.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
                answer.headers["Access-Control-Allow-Headers"] = "If-None-Match, If-Modified-Since, Range"
                answer.headers["Access-Control-Max-Age"] = "86400"
        return answer

    return app


def media_type_of(name: str) -> str:
    """The content type of a file, with the charset for texts."""
    last = name.rpartition("/")[2]
    found = _FEEDS.get(last)
    if found is None:
        guessed, encoding = _TYPES.guess_type(last)
        # A compressed file that was asked for by its own name is not what is in it.
        found = "application/gzip" if encoding == "gzip" else guessed
    if found is None or (found != "application/gzip" and last.endswith(".gz")):
        return "application/octet-stream"
    is_text = found.startswith("text/") or found in _TEXTS or (found.endswith("+xml"))
    return f"{found}; charset=utf-8" if is_text else found


def _is_open(path: str) -> bool:
    return path.endswith((".json", ".xml"))


def _answer(shown: Shown, name: str) -> Response:
    """The file, or the part of it or the 304 that the request asks for (RFC 9110, sections 13 and 14)."""
    environ = dict(request.environ)
    # Ranges of several parts, or in other units, may be ignored: then the whole file is the answer.
    if request.range is None or request.range.units != "bytes" or len(request.range.ranges) != 1:
        environ.pop("HTTP_RANGE", None)
    answer = Response(wrap_file(request.environ, shown.file), direct_passthrough=True)
    answer.call_on_close(shown.file.close)
    answer.headers["Content-Type"] = media_type_of(name)
    if shown.compressed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.content_length = shown.size
    answer.set_etag(shown.etag)
    answer.last_modified = shown.modified
    answer.headers["Vary"] = "Accept-Encoding"
    answer.cache_control.public = True
    answer.cache_control.max_age = MAX_AGE
    try:
        answer.make_conditional(environ, accept_ranges=True, complete_length=shown.size)
    except HTTPException:
        shown.file.close()
        raise
    return answer


def _takes_gzip() -> bool:
    """Whether the client prefers gzip to nothing (RFC 9110 section 12.5.3). A part of a file is never compressed."""
    if request.headers.get("Range"):
        return False
    wishes = {name.lower(): quality for name, quality in request.accept_encodings}
    gzip = wishes.get("gzip", wishes.get("x-gzip", wishes.get("*", 0)))
    return gzip > 0 and gzip >= wishes.get("identity", 0)
