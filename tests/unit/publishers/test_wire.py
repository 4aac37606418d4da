"""What is put into Mastodon.py's requests before they leave."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from bot.publishers.wire import Finishing

URL = "https://example.social/api/v1/statuses/1"


def prepared(finishing: Finishing, method: str = "PUT", **content: Any) -> requests.PreparedRequest:
    return requests.Request(method, URL, auth=finishing, **content).prepare()


def body_of(request: requests.PreparedRequest) -> bytes:
    assert isinstance(request.body, bytes)
    return request.body


@pytest.mark.parametrize(("written", "meant"), [("0", False), ("1", True), (True, True), ("yes", "yes")])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_json_carries_real_booleans(written: object, meant: object, method: str) -> None:
    request = prepared(Finishing(), method, json={"sensitive": written, "status": "0", "poll": {"multiple": "1"}})
    assert json.loads(body_of(request)) == {"sensitive": meant, "status": "0", "poll": {"multiple": "1"}}
    assert request.headers["Content-Length"] == str(len(body_of(request)))


def test_a_form_stays_as_it_is() -> None:
    request = prepared(Finishing(), "POST", data={"sensitive": "0"})
    assert request.body == "sensitive=0"


@pytest.mark.parametrize("as_json", [True, False])
def test_an_edit_carries_what_else_there_is_to_say(as_json: bool) -> None:
    finishing = Finishing()
    said = {"status": "Grüße & mehr"}
    with finishing.besides({"language": "de", "content_type": "text/plain"}):
        request = prepared(finishing, json=said) if as_json else prepared(finishing, data=said)
        other = prepared(finishing, "POST", data=said)
    body = body_of(request)
    values = json.loads(body) if as_json else dict(parse_qsl(body.decode()))
    assert values == {"status": "Grüße & mehr", "language": "de", "content_type": "text/plain"}
    assert request.headers["Content-Length"] == str(len(body))
    assert b"language" not in str(other.body).encode()
    assert "language" not in str(prepared(finishing, data=said).body), "only while it lasts"


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_a_request_without_body_stays_without(method: str) -> None:
    finishing = Finishing()
    with finishing.besides({"language": "de"}):
        assert not prepared(finishing, method).body


def test_a_picture_stays_as_it_is() -> None:
    picture = b"\xff\xd8 not text \x00"
    request = prepared(Finishing(), "POST", files={"file": ("a.jpg", picture, "image/jpeg")})
    assert picture in body_of(request)
