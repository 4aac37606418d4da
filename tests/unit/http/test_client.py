"""What is fetched from the web, and what never is: nothing of a private network, nothing too large or too slow."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from email.message import Message
from itertools import count
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from bot.domain.errors import FetchError
from bot.http.client import (
    MOST_REDIRECTS,
    USER_AGENT,
    Fetched,
    Measured,
    Resolve,
    WebClient,
    look_up_addresses,
)
from bot.http.policy import ConnectPolicy, anywhere, is_public
from tests.support.listeners import Page, web_server
from tests.support.programs import program

WITHIN = timedelta(seconds=20)
PAGES = {
    "/a": Page(body=b"here", headers={"Content-Type": "Image/PNG; charset=x", "Set-Cookie": "a=b"}),
    "/to-a": Page(status=302, headers={"Location": "/a", "Set-Cookie": "c=d"}),
    "/round": Page(status=301, headers={"Location": "/round"}),
    "/gone": Page(status=410),
    "/busy": Page(status=503),
    "/often": Page(status=429),
    "/zipped": Page(body=b"x", headers={"Content-Encoding": "gzip"}),
    "/inside": Page(status=307, headers={"Location": "http://192.168.0.1/a"}),
    "/down": Page(status=308, headers={"Location": "ftp://example.org/a"}),
    "/named": Page(status=302, headers={"Location": "http://ada:secret@example.org/a"}),
    "/nowhere": Page(status=302, headers={"Location": "http://[/"}),
}


def names(**known: str) -> Resolve:
    """A resolver that knows these names only; an address is itself."""

    def resolve(host: str, port: int) -> Sequence[str]:
        if host in known:
            return known[host].split()
        if not host.replace(".", "").isdecimal():
            raise socket.gaierror(host)
        return [host]

    return resolve


OPEN = WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",)))


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with web_server(PAGES) as address:
        yield address


def get(url: str, *, client: WebClient = OPEN, largest: int = 1000, within: timedelta = WITHIN) -> Fetched:
    return client.get(url, largest=largest, within=within)


@pytest.mark.parametrize("path", ["/a", "/to-a"])
def test_a_page_is_fetched_also_behind_a_redirect(site: str, path: str) -> None:
    assert get(f"{site}{path}") == Fetched(url=f"{site}/a", data=b"here", media_type="image/png")


def test_it_says_who_it_is_and_carries_no_cookies() -> None:
    seen: list[Message] = []
    with web_server(PAGES, seen=seen) as address:
        get(f"{address}/to-a")
    assert [headers["User-Agent"] for headers in seen] == [USER_AGENT] * 2
    assert [headers["Cookie"] for headers in seen] == [None, None]
    assert [headers["Accept-Encoding"] for headers in seen] == ["identity"] * 2


def test_proxies_of_the_environment_are_not_used(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(f"{site}/a").data == b"here"


@pytest.mark.parametrize(
    ("path", "words", "passing"),
    [
        ("/gone", "answered 410", False),
        ("/missing", "answered 404", False),
        ("/busy", "answered 503", True),
        ("/often", "answered 429", True),
        ("/zipped", "compressed", False),
        ("/round", f"more than {MOST_REDIRECTS} times", False),
        ("/down", "does not begin with http://", False),
        ("/named", "carries a name or password", False),
        ("/nowhere", "cannot be fetched|not a web address", None),
    ],
)
def test_what_is_not_a_good_answer(site: str, path: str, words: str, passing: bool | None) -> None:
    with pytest.raises(FetchError, match=words) as caught:
        get(f"{site}{path}")
    assert path in caught.value.message
    assert passing is None or caught.value.passing == passing
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["http://ada:secret@example.org/a", "ftp://ada:secret@example.org/", "http://ada:secret@[/", "//a:secret@b"]
)
def test_no_error_shows_the_password_of_an_address(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        get(url)
    assert "secret" not in caught.value.message
    assert "secret" not in caught.value.url


@pytest.mark.parametrize(
    "url",
    ["http://conf.example/a", "ftp://conf.example/a", "file:///etc/passwd", "/a", "", "https:///a", "https://[/a"],
)
def test_only_https_is_fetched(url: str) -> None:
    with pytest.raises(FetchError):
        get(url, client=WebClient(resolve=names()))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.5", "224.0.0.1", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1"),
        *("2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
        *("2002:7f00:1::", "2002:c0a8:101::1", "2001:0:7f00:1::", "64:ff9b:1::1", "100::1", "localhost", ""),
    ],
)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(FetchError, match="private network") as caught:
        get("https://conf.example/a", client=WebClient(resolve=lambda _host, _port: [address]))
    assert not caught.value.passing


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_an_address_that_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("addresses", ["127.0.0.1 93.184.215.14", "93.184.215.14 10.0.0.1"])
def test_one_private_address_among_others_is_enough_to_refuse(addresses: str) -> None:
    with pytest.raises(FetchError, match="private network"):
        get("https://conf.example/a", client=WebClient(resolve=names(**{"conf.example": addresses})))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "0"])
def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    # Each of these is looked up by the machine itself, without asking anybody.
    with pytest.raises(FetchError, match=r"private network|no address|not a web address"):
        get(f"https://{host}/a", client=WebClient())


def test_a_redirect_into_a_private_network_is_refused(site: str) -> None:
    def this_machine_is_public(address: str) -> bool:
        return address == "127.0.0.1" or is_public(address)

    client = WebClient(ConnectPolicy(may_reach=this_machine_is_public, schemes=("http",)))
    with pytest.raises(FetchError, match=r"/inside cannot be fetched: 192\.168\.0\.1 is on a private network"):
        get(f"{site}/inside", client=client)


def test_the_connection_goes_to_the_address_that_was_checked(site: str) -> None:
    # A name that means something else at each look-up: it is looked up once for each connection.
    answers = count()

    def rebinding(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if next(answers) == 0 else ["198.51.100.1"]

    client = WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",)), resolve=rebinding)
    assert get(f"http://conf.example:{urlsplit(site).port}/a", client=client).data == b"here"
    assert next(answers) == 1


def test_a_name_that_turns_private_behind_a_redirect_is_refused(site: str) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    client = WebClient(
        ConnectPolicy(may_reach=lambda address: address == "127.0.0.1", schemes=("http",)),
        resolve=lambda _host, _port: next(answers),
    )
    with pytest.raises(FetchError, match="private network"):
        get(f"http://conf.example:{urlsplit(site).port}/to-a", client=client)


def test_the_next_address_is_tried_where_nobody_listens(site: str) -> None:
    client = WebClient(
        ConnectPolicy(may_reach=anywhere, schemes=("http",)), resolve=names(**{"conf.example": "127.0.0.2 127.0.0.1"})
    )
    assert get(f"http://conf.example:{urlsplit(site).port}/a", client=client).data == b"here"


@pytest.mark.parametrize("resolve", [names(), lambda _host, _port: []])
def test_a_name_without_address_may_have_one_later(resolve: Resolve) -> None:
    with pytest.raises(FetchError, match=r"conf\.example has no address") as caught:
        get("https://conf.example/a", client=WebClient(resolve=resolve))
    assert caught.value.passing


def test_the_machines_own_look_up_tells_each_address_once() -> None:
    assert look_up_addresses("127.0.0.1", 80) == ["127.0.0.1"]


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
@pytest.mark.parametrize("is_told", [True, False])
def test_what_is_too_large_is_refused_whether_its_length_is_told_or_not(size: int, fits: bool, is_told: bool) -> None:
    body = b"x" * size
    page = Page(body=body) if is_told else Page(chunks=[body[i : i + 100] for i in range(0, size, 100)])
    with web_server({"/a": page}) as address:
        if fits:
            assert get(f"{address}/a").data == body
        else:
            with pytest.raises(FetchError, match="is larger than"):
                get(f"{address}/a")


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    sent = count()

    def endless() -> Iterator[bytes]:
        while True:
            next(sent)
            yield b"x" * 65_536

    with web_server({"/a": Page(chunks=endless())}) as address, pytest.raises(FetchError, match="larger than 1 MB"):
        get(f"{address}/a", largest=1024 * 1024)
    assert next(sent) < 1000


def test_a_drip_of_bytes_ends_with_the_time_that_it_may_take() -> None:
    # The time is the client's own: each look at it is a second later.
    seconds = count()
    client = WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",)), timer=lambda: next(seconds))
    page = Page(chunks=iter(lambda: b"x", b""))
    with web_server({"/a": page}) as address, pytest.raises(FetchError, match="takes too long") as caught:
        get(f"{address}/a", client=client, largest=10**9, within=timedelta(seconds=30))
    assert caught.value.passing


@contextmanager
def silence() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        taken: list[socket.socket] = []
        thread = Thread(target=lambda: taken.append(listener.accept()[0]))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=10)
        for connection in taken:
            connection.close()


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with silence() as address, pytest.raises(FetchError, match="takes too long") as caught:
        get(f"{address}/a", within=timedelta(seconds=0.3))
    assert caught.value.passing


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for conf.example that nobody trusts, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj /CN=conf.example"
    names = ["-addext", "subjectAltName=DNS:conf.example"]
    files = ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([program("openssl"), *key.split(), *names, *files], check=True, capture_output=True, timeout=60)
    return path


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("host", "is_trusted", "is_good"),
    [("conf.example", True, True), ("conf.example", False, False), ("other.example", True, False)],
)
def test_the_certificate_must_be_good_for_the_name(
    certificate: Path, host: str, is_trusted: bool, is_good: bool
) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate, certificate.with_suffix(".key"))
    ours = ssl.create_default_context(cafile=str(certificate) if is_trusted else None)
    client = WebClient(ConnectPolicy(may_reach=anywhere), resolve=lambda _host, _port: ["127.0.0.1"], tls=ours)
    with web_server({"/a": Page(body=b"here")}, tls=theirs) as address:
        url = f"https://{host}:{urlsplit(address).port}/a"
        if is_good:
            assert get(url, client=client).data == b"here"
        else:
            with pytest.raises(FetchError, match="connection failed"):
                get(url, client=client)


PNG = {"Content-Type": "Image/PNG; charset=x"}


@pytest.mark.parametrize(
    ("page", "size", "methods"),
    [
        (Page(body=b"x" * 7, headers=PNG), 7, ["HEAD"]),
        (Page(body=b"x" * 7, headers=PNG, refuses_head=True), 7, ["HEAD", "GET"]),
        (
            Page(body=b"x", status=206, headers={**PNG, "Content-Range": "bytes 0-0/7"}, refuses_head=True),
            7,
            ["HEAD", "GET"],
        ),
        (Page(headers=PNG), 0, ["HEAD"]),
    ],
)
def test_a_file_is_measured_without_being_fetched(page: Page, size: int, methods: list[str]) -> None:
    asked: list[str] = []
    seen: list[Message] = []
    with web_server({"/a": page, "/to-a": Page(status=302, headers={"Location": "/a"})}, asked=asked, seen=seen) as url:
        assert OPEN.measure(f"{url}/a", within=WITHIN) == Measured(url=f"{url}/a", media_type="image/png", size=size)
        assert asked == [f"{method} /a" for method in methods]
        assert [headers["Range"] for headers in seen] == [None, "bytes=0-0"][: len(methods)]
        assert OPEN.measure(f"{url}/to-a", within=WITHIN).size == size


@pytest.mark.parametrize(
    ("page", "words", "passing"),
    [
        (Page(body=b"x"), "does not say", False),
        (Page(chunks=[b"x"], headers=PNG), "does not say", False),
        (Page(body=b"x", headers={**PNG, "Content-Encoding": "gzip"}), "does not say", False),
        (Page(body=b"x", status=206, headers={**PNG, "Content-Range": "bytes 0-0/*"}), "does not say", False),
        (Page(body=b"x", status=206, headers={**PNG, "Content-Range": f"bytes 0-0/{'9' * 99}"}), "does not say", False),
        (Page(status=404), "answered 404", False),
        (Page(status=503), "answered 503", True),
        (Page(status=307, headers={"Location": "http://10.0.0.1/a"}), "private network", False),
    ],
)
def test_what_cannot_be_measured(page: Page, words: str, passing: bool) -> None:
    client = WebClient(
        ConnectPolicy(may_reach=lambda address: address == "127.0.0.1" or is_public(address), schemes=("http",))
    )
    with web_server({"/a": page}) as url, pytest.raises(FetchError, match=words) as caught:
        client.measure(f"{url}/a", within=WITHIN)
    assert caught.value.passing == passing


def test_a_large_file_is_not_read_when_it_is_measured() -> None:
    sent = count()

    def endless() -> Iterator[bytes]:
        while True:
            next(sent)
            yield b"x" * 65_536

    page = Page(chunks=endless(), headers=PNG, refuses_head=True)
    with web_server({"/a": page}) as url, pytest.raises(FetchError, match="does not say"):
        OPEN.measure(f"{url}/a", within=WITHIN)
    assert next(sent) < 1000
