"""What is put into Mastodon.py's requests before they leave."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from requests.adapters import BaseAdapter

from bot.publishers.mastodon.request_body import RequestFinisher

URL = "https://example.social/api/v1/statuses/1"


class Carrier(BaseAdapter):
    """Keeps what it is to carry."""

    def __init__(self) -> None:
        super().__init__()
        self.carried: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.carried.append(request)
        response = requests.Response()
        response.status_code = 200
        response.request = request
        return response

    def close(self) -> None:
        """Nothing to let go of."""


class Line:
    """A session whose requests are finished and then carried nowhere."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.carrier = Carrier()
        self.session.mount("https://", self.carrier)
        self.finisher = RequestFinisher(self.session)

    def sent(self, method: str = "PUT", **content: Any) -> requests.PreparedRequest:
        self.session.request(method, URL, **content)
        return self.carrier.carried[-1]


@pytest.fixture
def line() -> Line:
    return Line()


def body_of(request: requests.PreparedRequest) -> bytes:
    assert isinstance(request.body, bytes)
    return request.body


@pytest.mark.parametrize(("written", "meant"), [("0", False), ("1", True), (True, True), ("yes", "yes")])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_json_carries_real_booleans(line: Line, written: object, meant: object, method: str) -> None:
    request = line.sent(method, json={"sensitive": written, "status": "0", "poll": {"multiple": "1"}})
    assert json.loads(body_of(request)) == {"sensitive": meant, "status": "0", "poll": {"multiple": "1"}}
    assert request.headers["Content-Length"] == str(len(body_of(request)))


def test_a_form_stays_as_it_is(line: Line) -> None:
    request = line.sent("POST", data={"sensitive": "0"})
    assert request.body == "sensitive=0"


@pytest.mark.parametrize("as_json", [True, False])
def test_an_edit_carries_what_else_there_is_to_say(line: Line, as_json: bool) -> None:
    said = {"status": "Grüße & mehr"}
    with line.finisher.adding({"language": "de", "content_type": "text/plain"}):
        request = line.sent(json=said) if as_json else line.sent(data=said)
        other = line.sent("POST", data=said)
    body = body_of(request)
    values = json.loads(body) if as_json else dict(parse_qsl(body.decode()))
    assert values == {"status": "Grüße & mehr", "language": "de", "content_type": "text/plain"}
    assert request.headers["Content-Length"] == str(len(body))
    assert b"language" not in str(other.body).encode()
    assert "language" not in str(line.sent(data=said).body), "only while it lasts"


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_a_request_without_body_stays_without(line: Line, method: str) -> None:
    with line.finisher.adding({"language": "de"}):
        assert not line.sent(method).body


def test_a_picture_stays_as_it_is(line: Line) -> None:
    picture = b"\xff\xd8 not text \x00"
    request = line.sent("POST", files={"file": ("a.jpg", picture, "image/jpeg")})
    assert picture in body_of(request)
