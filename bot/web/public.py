"""The public web application: the public folder and the health check. It has no access to unreleased posts."""

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
from bot.web.static_files import OpenedFile, ServedFolder


def add_push_hook(app: Flask, hook: PushHook) -> None:
    """Add the route for pushes to the application."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST  # a larger body is refused with 413 before it is read

    @app.post("/hooks/push")
    def push() -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = hook.receive(headers, request.get_data(), media_type=request.mimetype)
        response = Response(f"{answer.text}\n", status=answer.status, mimetype="text/plain")
        response.headers["Cache-Control"] = "no-store"
        return response


#: Seconds for which a client or a cache may use a file without asking again.
MAX_AGE: Final = 900
_INDEX: Final = "index.html"
_TEXTS: Final = ("application/javascript", "application/xml", "image/svg+xml")
#: Only Python's built-in table: the machine's own would make answers differ between machines.
_TYPES: Final = mimetypes.MimeTypes()
_FEEDS: Final[Mapping[str, str]] = {kind.FILE_NAME: kind.MEDIA_TYPE for kind in FORMATS}

#: Returns whether the bot is healthy, and details.
Health = Callable[[], tuple[bool, Mapping[str, object]]]


@dataclass(frozen=True, kw_only=True)
class Hubs:
    """The Link headers of the feeds (WebSub, section 4): subscribers check these first."""

    hubs: tuple[str, ...]
    site: str  #: the site's address, without a slash at its end
    folder: PurePosixPath  #: of the feeds, below the public folder

    def link_of(self, name: str) -> str:
        """The Link header of a file; empty if the hubs do not distribute it."""
        path = PurePosixPath(name)
        if not self.hubs or path.name not in _FEEDS or not path.is_relative_to(self.folder):
            return ""
        if path.relative_to(self.folder).parts[0] == ARCHIVE:
            return ""
        links = [f'<{hub}>; rel="hub"' for hub in self.hubs]
        return ", ".join([*links, f'<{self.site}/{quote(name)}>; rel="self"'])


def always_well() -> tuple[bool, Mapping[str, object]]:
    """The health check of a server that runs without the scheduler."""
    return True, {}


def make_public_app(
    config: Config, *, folder: Path | None = None, health: Health = always_well, push: PushHook | None = None
) -> Flask:
    """The application that serves `folder`, or the one in the settings; with `push` it also receives pushes."""
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
        # Feed readers in a browser send cross-origin requests, and first a preflight request.
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
        # A .gz file requested by its own name has the type of an archive, not of its content.
        found = "application/gzip" if encoding == "gzip" else guessed
    if found is None or (found != "application/gzip" and last.endswith(".gz")):
        return "application/octet-stream"
    is_text = found.startswith("text/") or found in _TEXTS or (found.endswith("+xml"))
    return f"{found}; charset=utf-8" if is_text else found


def _is_open(path: str) -> bool:
    return path.endswith((".json", ".xml"))


def _answer(shown: OpenedFile, name: str) -> Response:
    """The file, or the part of it or the 304 that the request asks for (RFC 9110, sections 13 and 14)."""
    environ = dict(request.environ)
    # A server may ignore ranges of several parts or in other units, and answer with the whole file.
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
    """Whether the client prefers gzip to nothing (RFC 9110 section 12.5.3). Ranges are never compressed."""
    if request.headers.get("Range"):
        return False
    wishes = {name.lower(): quality for name, quality in request.accept_encodings}
    gzip = wishes.get("gzip", wishes.get("x-gzip", wishes.get("*", 0)))
    return gzip > 0 and gzip >= wishes.get("identity", 0)
