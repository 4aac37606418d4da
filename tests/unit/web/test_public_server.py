"""The public server, asked over real connections: headers, conditions, ranges, and no way out of the folder."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from email.message import Message
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.config import Config
from bot.domain.clock import ManualClock
from bot.domain.errors import UsageError
from bot.files.public_folder import PublicFolder
from bot.runtime.health import STALE_AFTER, Heartbeat
from bot.web.public import MAX_AGE, make_public_app, media_type_of
from bot.web.server import PublicServer
from tests.conftest import PUBLISHED
from tests.support.timeouts import patient

HUB = "https://hub.example/"
ATOM = ("<feed>" + "<entry>news</entry>" * 200 + "</feed>").encode()
FILES = {
    "news/atom.xml": ATOM,
    "news/rss.xml": b"<rss/>" * 50,
    "news/feed.json": b'{"items": []}',
    "news/archive/1/atom.xml": b"<feed>old</feed>",
    "news/tag/a/atom.xml": b"<feed>a</feed>",
    "news/syndication.json": b"{}",
    "news/feeds.html": b"<!doctype html>",
    "news/a name ü+.txt": b"text",
}
NEVER = b"nobody may read this"


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        return self.headers.get(name)


@dataclass
class Site:
    """The served folder, what lies beside it, and a way to ask."""

    folder: Path
    server: PublicServer

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """One request with its path exactly as given; `If_None_Match="x"` is a header."""
        address = urlsplit(self.server.url)
        with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)) as connection:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


@pytest.fixture
def site(tmp_path: Path, site_config: Callable[..., Config]) -> Iterator[Site]:
    config = site_config(feeds=f'hubs = ["{HUB}"]')
    written = PublicFolder(config.public_folder, gzip=True).write(FILES)
    assert not written.faults
    (tmp_path / "secret.txt").write_bytes(NEVER)
    (config.public_folder / ".hidden").write_bytes(NEVER)
    with PublicServer(make_public_app(config), "127.0.0.1", 0) as server:
        yield Site(config.public_folder, server)


class TestContent:
    @pytest.mark.parametrize(
        ("name", "content_type"),
        [
            ("news/atom.xml", "application/atom+xml; charset=utf-8"),
            ("news/rss.xml", "application/rss+xml; charset=utf-8"),
            ("news/feed.json", "application/feed+json"),
            ("news/syndication.json", "application/json"),
            ("news/feeds.html", "text/html; charset=utf-8"),
        ],
    )
    def test_each_file_has_its_type_its_bytes_and_its_headers(self, site: Site, name: str, content_type: str) -> None:
        answer = site.ask(f"/{name}")
        assert (answer.status, answer.body, answer["Content-Type"]) == (200, FILES[name], content_type)
        assert answer["ETag"] == f'"{hashlib.sha256(FILES[name]).hexdigest()[:32]}"', "strong, of the bytes"
        assert answer["Cache-Control"] == f"public, max-age={MAX_AGE}"
        assert answer["Vary"] == "Accept-Encoding"
        assert answer["Last-Modified"] == formatdate(int((site.folder / name).stat().st_mtime), usegmt=True)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Date"]

    @pytest.mark.parametrize(
        ("name", "content_type"),
        [
            ("a.css", "text/css; charset=utf-8"),
            ("a.svg", "image/svg+xml; charset=utf-8"),
            ("a.png", "image/png"),
            ("a/rss.xml.gz", "application/gzip"),
            ("a.tar.gz", "application/gzip"),
            ("a", "application/octet-stream"),
            ("a.unheard-of", "application/octet-stream"),
        ],
    )
    def test_types_do_not_depend_on_the_machine(self, name: str, content_type: str) -> None:
        assert media_type_of(name) == content_type

    def test_head_is_get_without_a_body(self, site: Site) -> None:
        got, head = site.ask("/news/atom.xml"), site.ask("/news/atom.xml", method="HEAD")
        assert (head.status, head.body) == (200, b"")
        same = ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control", "Vary", "Link")
        assert {name: head[name] for name in same} == {name: got[name] for name in same}

    def test_a_folder_shows_its_index_and_no_list(self, site: Site) -> None:
        assert [site.ask(path).status for path in ("/", "/news/", "/news", "//")] == [404] * 4
        (site.folder / "index.html").write_bytes(b"<p>front")
        assert (site.ask("/").status, site.ask("/").body) == (200, b"<p>front")

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
    def test_other_methods_are_refused_by_name(self, site: Site, method: str) -> None:
        answer = site.ask("/news/atom.xml", method=method)
        assert answer.status == 405
        assert set((answer["Allow"] or "").split(", ")) == {"GET", "HEAD", "OPTIONS"}

    def test_what_is_not_there_is_not_kept_in_caches(self, site: Site) -> None:
        answer = site.ask("/news/none.xml")
        assert (answer.status, answer["Cache-Control"], answer.body) == (404, "no-store", b"404 Not Found\n")

    def test_new_bytes_are_shown_at_once_with_another_etag(self, site: Site) -> None:
        before = site.ask("/news/atom.xml", Accept_Encoding="gzip")
        PublicFolder(site.folder, gzip=True).write({"news/atom.xml": b"<feed>new</feed>"})
        after = site.ask("/news/atom.xml", Accept_Encoding="gzip")
        assert gzip.decompress(after.body) == b"<feed>new</feed>"
        assert before["ETag"] != after["ETag"]

    @pytest.mark.parametrize(
        ("name", "own"),
        [("news/atom.xml", True), ("news/tag/a/atom.xml", True), ("news/archive/1/atom.xml", False)],
    )
    def test_feeds_name_their_hub_and_themselves_in_a_header(self, site: Site, name: str, own: bool) -> None:
        link = f'<{HUB}>; rel="hub", <https://conf.example/{name}>; rel="self"'
        assert site.ask(f"/{name}")["Link"] == (link if own else None)


class TestConditions:
    @pytest.fixture
    def etag(self, site: Site) -> str:
        return str(site.ask("/news/atom.xml")["ETag"])

    @pytest.mark.parametrize(
        ("match", "status"),
        [
            ("{etag}", 304),
            ("W/{etag}", 304),
            ('"other", {etag}', 304),
            ('W/"other",{etag} , "x"', 304),
            ("*", 304),
            ('"other"', 200),
            ('W/"other"', 200),
            ("", 200),
        ],
    )
    def test_if_none_match(self, site: Site, etag: str, match: str, status: int) -> None:
        answer = site.ask("/news/atom.xml", If_None_Match=match.format(etag=etag))
        assert answer.status == status
        assert answer.body == (ATOM if status == 200 else b"")
        repeated = (answer["ETag"], answer["Cache-Control"], answer["Vary"])
        assert repeated == (etag, f"public, max-age={MAX_AGE}", "Accept-Encoding")
        assert answer["Date"]

    @pytest.mark.parametrize(("offset", "status"), [(-1, 200), (0, 304), (1000, 304)])
    def test_if_modified_since(self, site: Site, offset: int, status: int) -> None:
        moment = int((site.folder / "news/atom.xml").stat().st_mtime) + offset
        assert site.ask("/news/atom.xml", If_Modified_Since=formatdate(moment, usegmt=True)).status == status

    @pytest.mark.parametrize("text", ["yesterday", "", "0", "Tue, 99 Nov 2026 25:00:00 GMT"])
    def test_a_date_that_is_none_asks_for_nothing(self, site: Site, text: str) -> None:
        assert site.ask("/news/atom.xml", If_Modified_Since=text).status == 200

    def test_the_etag_counts_more_than_the_date(self, site: Site) -> None:
        future = formatdate(time.time() + 9999, usegmt=True)
        assert site.ask("/news/atom.xml", If_None_Match='"other"', If_Modified_Since=future).status == 200

    def test_two_writes_within_one_second_are_two_versions(self, site: Site) -> None:
        path = site.folder / "news/atom.xml"
        etag = str(site.ask("/news/atom.xml")["ETag"])
        before = path.stat()
        PublicFolder(site.folder, gzip=True).write({"news/atom.xml": ATOM.replace(b"news", b"gone")})
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size
        assert site.ask("/news/atom.xml", If_None_Match=etag).status == 200

    @pytest.mark.parametrize(("match", "status"), [("{etag}", 200), ('"other"', 412)])
    def test_if_match(self, site: Site, etag: str, match: str, status: int) -> None:
        assert site.ask("/news/atom.xml", If_Match=match.format(etag=etag)).status == status


class TestCompression:
    @pytest.mark.parametrize(
        ("accepts", "compressed"),
        [
            ("gzip", True),
            ("GZIP", True),
            ("x-gzip", True),
            ("*", True),
            ("br, gzip;q=0.5", True),
            ("gzip, deflate, br", True),
            ("gzip;q=1.0, identity; q=0.5, *;q=0", True),
            ("gzip;q=0.5, identity", False),
            ("gzip;q=0", False),
            ("gzip;q=0, *", False),
            ("*;q=0", False),
            ("br", False),
            ("identity", False),
            ("", False),
            ("gzip;q=nonsense", False),
        ],
    )
    def test_who_may_have_it_compressed(self, site: Site, accepts: str, compressed: bool) -> None:
        answer = site.ask("/news/atom.xml", Accept_Encoding=accepts)
        assert (answer.status, answer["Vary"]) == (200, "Accept-Encoding")
        assert answer["Content-Encoding"] == ("gzip" if compressed else None)
        assert answer.body == ((site.folder / "news/atom.xml.gz").read_bytes() if compressed else ATOM)
        assert answer["Content-Length"] == str(len(answer.body))
        assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"

    def test_the_two_forms_have_two_etags_and_each_gets_its_304(self, site: Site) -> None:
        plain, small = site.ask("/news/atom.xml"), site.ask("/news/atom.xml", Accept_Encoding="gzip")
        assert plain["ETag"] != small["ETag"]
        assert site.ask("/news/atom.xml", Accept_Encoding="gzip", If_None_Match=str(small["ETag"])).status == 304
        assert site.ask("/news/atom.xml", Accept_Encoding="gzip", If_None_Match=str(plain["ETag"])).status == 200

    def test_a_copy_of_other_bytes_is_not_used(self, site: Site) -> None:
        (site.folder / "news/atom.xml").write_bytes(b"<feed>newer</feed>")
        answer = site.ask("/news/atom.xml", Accept_Encoding="gzip")
        assert (answer.body, answer["Content-Encoding"]) == (b"<feed>newer</feed>", None)

    def test_without_a_copy_it_comes_as_it_is(self, site: Site) -> None:
        (site.folder / "news/archive/1/atom.xml.gz").unlink()
        answer = site.ask("/news/archive/1/atom.xml", Accept_Encoding="gzip")
        assert (answer.body, answer["Content-Encoding"]) == (FILES["news/archive/1/atom.xml"], None)


class TestRanges:
    @pytest.mark.parametrize(
        ("wanted", "status", "body", "content_range"),
        [
            ("bytes=0-4", 206, ATOM[:5], f"bytes 0-4/{len(ATOM)}"),
            ("bytes=-7", 206, ATOM[-7:], f"bytes {len(ATOM) - 7}-{len(ATOM) - 1}/{len(ATOM)}"),
            (f"bytes={len(ATOM) - 1}-", 206, ATOM[-1:], f"bytes {len(ATOM) - 1}-{len(ATOM) - 1}/{len(ATOM)}"),
            ("bytes=0-999999", 206, ATOM, f"bytes 0-{len(ATOM) - 1}/{len(ATOM)}"),
            ("bytes=0-1,3-4", 200, ATOM, None),
            ("lines=1-2", 200, ATOM, None),
            ("nonsense", 200, ATOM, None),
            ("bytes=5-2", 200, ATOM, None),
        ],
    )
    def test_a_part(self, site: Site, wanted: str, status: int, body: bytes, content_range: str | None) -> None:
        answer = site.ask("/news/atom.xml", Range=wanted)
        assert (answer.status, answer.body, answer["Content-Range"]) == (status, body, content_range)
        assert answer["Accept-Ranges"] == "bytes"

    def test_a_part_beyond_the_end_is_refused_with_the_length(self, site: Site) -> None:
        answer = site.ask("/news/atom.xml", Range="bytes=999999-")
        assert (answer.status, answer["Content-Range"]) == (416, f"bytes */{len(ATOM)}")

    def test_a_part_is_of_the_plain_bytes(self, site: Site) -> None:
        answer = site.ask("/news/atom.xml", Range="bytes=0-4", Accept_Encoding="gzip")
        assert (answer.body, answer["Content-Encoding"]) == (ATOM[:5], None)

    def test_if_range_gives_all_of_another_version(self, site: Site) -> None:
        etag = str(site.ask("/news/atom.xml")["ETag"])
        assert site.ask("/news/atom.xml", Range="bytes=0-4", If_Range=etag).status == 206
        assert site.ask("/news/atom.xml", Range="bytes=0-4", If_Range='"other"').body == ATOM


class TestOtherOrigins:
    @pytest.mark.parametrize(
        ("name", "allowed"),
        [("news/feed.json", "*"), ("news/rss.xml", "*"), ("news/syndication.json", "*"), ("news/feeds.html", None)],
    )
    def test_feeds_may_be_read_by_pages_of_other_sites(self, site: Site, name: str, allowed: str | None) -> None:
        assert site.ask(f"/{name}", Origin="https://reader.example")["Access-Control-Allow-Origin"] == allowed

    def test_also_a_304_and_with_a_condition(self, site: Site) -> None:
        etag = str(site.ask("/news/rss.xml")["ETag"])
        assert site.ask("/news/rss.xml", If_None_Match=etag)["Access-Control-Allow-Origin"] == "*"
        first = site.ask("/news/rss.xml", method="OPTIONS", Access_Control_Request_Headers="if-none-match")
        assert first.status == 200
        assert "If-None-Match" in (first["Access-Control-Allow-Headers"] or "")


OUTSIDE = [
    "/../secret.txt",
    "/news/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/news/%2e%2e/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%252e%252e/secret.txt",
    "/..%5csecret.txt",
    "/news/..%00/secret.txt",
    "//secret.txt",
    "/./news/atom.xml",
    "/news//atom.xml",
    "/news/atom.xml/",
    "/news/atom.xml%00",
    "/news/atom.xml%00.html",
    "/%00",
    "/.hidden",
    "/%2ehidden",
    "/.announce-files.json",
    "/news/../.announce-files.json",
    "/%2Eannounce-files.json",
    "/news/.announce-0123456789abcdef.tmp",
    "/outward.txt",
    "/folder-outward/secret.txt",
    "/to-hidden.txt",
    "/to-the-list.json",
    "/loop",
    "/gone",
    "/pipe",
    "/etc/passwd",
    "//etc/passwd",
    "/%ff%fe",
    "/" + "a" * 5000,
    "/a/" * 500,
]


class TestNoWayOut:
    @pytest.fixture(autouse=True)
    def traps(self, site: Site, tmp_path: Path) -> None:
        links = {
            "outward.txt": tmp_path / "secret.txt",
            "folder-outward": tmp_path,
            "to-hidden.txt": Path(".hidden"),
            "to-the-list.json": Path(".announce-files.json"),
            "loop": Path("loop"),
            "gone": Path("nowhere"),
        }
        for name, target in links.items():
            (site.folder / name).symlink_to(target)
        os.mkfifo(site.folder / "pipe")
        (site.folder / "news/.announce-0123456789abcdef.tmp").write_bytes(NEVER)
        assert (site.folder / ".announce-files.json").is_file()

    @pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:40])
    def test_it_is_not_there(self, site: Site, path: str) -> None:
        for method in ("GET", "HEAD"):
            answer = site.ask(path, method=method)
            assert answer.status == 404
            assert NEVER not in answer.body

    def test_a_whole_address_in_the_request_line_leads_nowhere_else(self, site: Site) -> None:
        assert site.ask("http://elsewhere.example/../secret.txt").status in (400, 404)

    def test_names_with_letters_that_are_escaped_are_found(self, site: Site) -> None:
        for path in ("/news/a%20name%20%C3%BC+.txt", "/news/a%20name%20%c3%bc%2B.txt", "/news/%61tom.xml?x=../.."):
            assert site.ask(path).status == 200

    def test_a_link_within_the_folder_is_followed(self, site: Site) -> None:
        (site.folder / "latest.xml").symlink_to("news/atom.xml")
        assert site.ask("/latest.xml").body == ATOM


class TestHealth:
    def test_a_server_alone_is_well_as_long_as_it_answers(self, site: Site) -> None:
        answer = site.ask("/healthz")
        assert (answer.status, json.loads(answer.body), answer["Cache-Control"]) == (200, {"status": "ok"}, "no-store")

    def test_beside_a_bot_it_tells_the_minute_when_it_was_last_awake_and_when_it_is_not(self) -> None:
        clock = ManualClock(PUBLISHED.replace(second=42))
        heartbeat = Heartbeat(clock)
        assert heartbeat.health() == (True, {"awake": None})
        heartbeat.beat()
        assert heartbeat.health() == (True, {"awake": "2026-03-10T14:00Z"})
        clock.advance(STALE_AFTER)
        assert heartbeat.health() == (False, {"awake": "2026-03-10T14:00Z"})

    def test_a_bot_that_does_no_passes_is_not_well(self, site_config: Callable[..., Config]) -> None:
        facts: dict[str, Any] = {"awake": None}
        app = make_public_app(site_config(), health=lambda: (False, facts))
        with PublicServer(app, "127.0.0.1", 0) as server:
            answer = Site(Path(), server).ask("/healthz")
        assert (answer.status, json.loads(answer.body)) == (503, {"status": "stale", "awake": None})


class TestServer:
    def test_hundreds_of_slow_clients_keep_nobody_waiting(self, site: Site) -> None:
        address = urlsplit(site.server.url)
        (site.folder / "large.bin").write_bytes(bytes(8_000_000))
        with ExitStack() as slow:
            for number in range(300):
                client = slow.enter_context(socket.create_connection((str(address.hostname), address.port or 0)))
                # Half of them never end their question, the others never take the answer.
                asked = b"GET /news/atom.xml HTTP/1.1\r\nHost:" if number % 2 else b"GET /large.bin HTTP/1.0\r\n\r\n"
                client.sendall(asked)
            begun = time.monotonic()
            assert all(site.ask("/news/atom.xml").body == ATOM for _ in range(10))
            assert time.monotonic() - begun < patient(5)

    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"b" * 100_000 + b"\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
            b"GET /\x00 HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nHost: x\r\n\r\n",
        ],
        ids=["large head", "large body", "TLS", "NUL", "odd encoding"],
    )
    def test_odd_requests_are_refused_and_the_next_one_is_served(self, site: Site, request_bytes: bytes) -> None:
        address = urlsplit(site.server.url)
        with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as client:
            status: list[bytes] = []
            with suppress(OSError):  # it need not listen to the end of what it refuses
                client.sendall(request_bytes)
                client.shutdown(socket.SHUT_WR)
                status = client.recv(100).split(b" ")[1:2]
        assert status in ([b"400"], [b"404"], [b"405"], [b"413"], [b"431"], [b"501"], [])
        assert site.ask("/news/atom.xml").status == 200

    def test_it_stops_at_once_though_clients_hang_on(self, site: Site) -> None:
        address = urlsplit(site.server.url)
        with socket.create_connection((str(address.hostname), address.port or 0)) as client:
            client.sendall(b"GET /news/atom.xml HTTP/1.1\r\n")
            begun = time.monotonic()
            site.server.stop()
            assert time.monotonic() - begun < patient(3)
        with pytest.raises(OSError, match="refused"):
            site.ask("/news/atom.xml")

    def test_it_can_be_stopped_while_it_sees_by_itself_that_it_is_to_stop(self, site: Site) -> None:
        wake = site.server._server.pull_trigger

        def wake_late() -> None:
            wake()  # as the end of an answer does
            site.server._thread.join(timeout=0.5)
            wake()

        site.server._server.pull_trigger = wake_late
        site.server.stop()
        assert not site.server._thread.is_alive()

    def test_a_port_that_is_taken_is_named(self, site: Site, site_config: Callable[..., Config]) -> None:
        port = urlsplit(site.server.url).port or 0
        with pytest.raises(UsageError, match=f"port {port} is in use"):
            PublicServer(make_public_app(site_config()), "127.0.0.1", port)
