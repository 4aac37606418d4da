"""What forges send with a push, and what anybody else could send."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Source
from bot.posts.git.push import TOLERANCE, PushHook, verify_push

SECRET = "correct horse battery"
BODY = b'{"ref": "refs/heads/main"}'
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
KEY = bytes(range(32))
SIGNING = "whsec_" + base64.b64encode(KEY).decode()


def hexed(secret: str = SECRET, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard(
    *, key: bytes = KEY, at: datetime = NOW, identity: str = "msg_1", body: bytes = BODY, before: str = ""
) -> dict[str, str]:
    time = str(int(at.timestamp()))
    signed = f"{identity}.{time}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": identity, "webhook-timestamp": time, "webhook-signature": f"{before}v1,{signature}"}


GENUINE = {
    "GitHub": (SECRET, {"x-hub-signature-256": f"sha256={hexed()}", "x-github-delivery": "1"}),
    "Forgejo": (SECRET, {"x-forgejo-signature": hexed(), "x-forgejo-delivery": "1"}),
    "Gitea": (SECRET, {"x-gitea-signature": hexed()}),
    "Forgejo, all its headers": (
        SECRET,
        {"x-forgejo-signature": hexed(), "x-gitea-signature": hexed(), "x-hub-signature-256": f"sha256={hexed()}"},
    ),
    "GitLab, secret token": (SECRET, {"x-gitlab-token": SECRET, "idempotency-key": "1"}),
    "GitLab, signing token": (SIGNING, standard()),
    "GitLab, signing token without its prefix": (SIGNING.removeprefix("whsec_"), standard()),
    "GitLab, a signing token that is no base64": ("plain words!", standard(key=b"plain words!")),
    "GitLab, several signatures": (SIGNING, standard(before="v1a,xyz v1,AAAA ")),
    "GitLab, a little late": (SIGNING, standard(at=NOW - TOLERANCE)),
}


@pytest.mark.parametrize(("secret", "headers"), GENUINE.values(), ids=GENUINE.keys())
def test_a_genuine_push_is_known(secret: str, headers: dict[str, str]) -> None:
    assert verify_push(headers, BODY, secret=secret, now=NOW)


@pytest.mark.parametrize(("secret", "headers"), GENUINE.values(), ids=GENUINE.keys())
def test_it_is_not_with_another_secret(secret: str, headers: dict[str, str]) -> None:
    assert not verify_push(headers, BODY, secret=secret + "x", now=NOW)
    assert not verify_push(headers, BODY, secret="", now=NOW)


SIGNED = {name: case for name, case in GENUINE.items() if "secret token" not in name}


@pytest.mark.parametrize(("secret", "headers"), SIGNED.values(), ids=SIGNED.keys())
def test_it_is_not_with_another_body(secret: str, headers: dict[str, str]) -> None:
    assert not verify_push(headers, BODY + b" ", secret=secret, now=NOW)


@pytest.mark.parametrize(
    ("secret", "headers"),
    [
        (SECRET, {}),
        (SECRET, {"x-hub-signature-256": ""}),
        (SECRET, {"x-hub-signature-256": "sha256="}),
        (SECRET, {"x-hub-signature-256": f"sha1={hexed()}"}),
        (SECRET, {"x-hub-signature": f"sha1={hmac.new(SECRET.encode(), BODY, 'sha1').hexdigest()}"}),
        (SECRET, {"x-hub-signature-256": f"sha256={hexed()[:-1]}"}),
        (SECRET, {"x-hub-signature-256": "sha256=\udcff"}),
        (SECRET, {"x-gitlab-token": ""}),
        (SECRET, {"x-gitlab-token": hexed()}),
        (SECRET, {"x-forgejo-signature": SECRET}),
        (SIGNING, standard(at=NOW - TOLERANCE - timedelta(seconds=1))),
        (SIGNING, standard(at=NOW + TOLERANCE + timedelta(seconds=1))),
        (SIGNING, {**standard(), "webhook-timestamp": "soon"}),
        (SIGNING, {**standard(), "webhook-timestamp": "9" * 400}),
        (SIGNING, {**standard(), "webhook-timestamp": "١"}),
        (SIGNING, {**standard(), "webhook-id": "msg_2"}),
        (SIGNING, {**standard(), "webhook-id": ""}),
        (SIGNING, {**standard(), "webhook-signature": ""}),
        (SIGNING, standard(before="v1,AAAA " * 10)),
        ("whsec_", standard(key=b"")),
    ],
)
def test_nothing_else_is_genuine(secret: str, headers: dict[str, str]) -> None:
    assert not verify_push(headers, BODY, secret=secret, now=NOW)


@given(
    st.dictionaries(
        st.sampled_from(
            ["x-hub-signature-256", "x-gitlab-token", "webhook-id", "webhook-timestamp", "webhook-signature"]
        ),
        st.text(st.characters(codec="latin-1")),
    ),
    st.binary(),
)
def test_no_headers_of_strangers_get_in_or_raise(headers: dict[str, str], body: bytes) -> None:
    assert not verify_push(headers, body, secret=SIGNING, now=NOW)


def source(name: str) -> Source:
    return Source(git=f"https://forge.example/{name}.git")


class Hook:
    """A push hook, and what it had fetched."""

    def __init__(self, secrets: dict[Source, str]) -> None:
        self.now = NOW
        self.fetched: list[Source] = []
        self.hook = PushHook(secrets, now=lambda: self.now, pushed=self.fetched.append)

    def send(self, headers: dict[str, str], body: bytes = BODY) -> int:
        return self.hook.receive(headers, body, media_type="application/json").status


REPLAYS = {
    "GitHub": (SECRET, GENUINE["GitHub"][1], {"x-github-delivery": "2"}),
    "GitHub, with another forge's id": (SECRET, GENUINE["GitHub"][1], {"webhook-id": "2", "webhook-signature": "v1,x"}),
    "Forgejo": (SECRET, GENUINE["Forgejo"][1], {"x-forgejo-delivery": "2", "idempotency-key": "2"}),
    "GitLab, signing token": (SIGNING, standard(), {"idempotency-key": "2"}),
    "GitLab, secret token": (SECRET, GENUINE["GitLab, secret token"][1], {}),
}


@pytest.mark.parametrize(("secret", "headers", "changed"), REPLAYS.values(), ids=REPLAYS.keys())
def test_a_push_that_is_sent_again_has_nothing_fetched(
    secret: str, headers: dict[str, str], changed: dict[str, str]
) -> None:
    """Whoever has listened cannot make it look new by what is not signed."""
    hook = Hook({source("news"): secret})
    assert [hook.send(headers), hook.send(headers), hook.send({**headers, **changed})] == [202, 200, 200]
    assert len(hook.fetched) == 1


def test_a_signed_push_that_is_kept_for_later_is_refused() -> None:
    hook = Hook({source("news"): SIGNING})
    hook.now += timedelta(hours=1)
    assert hook.send(standard()) == 401


def test_the_next_push_is_another_one() -> None:
    hook = Hook({source("news"): SECRET})
    other = b'{"ref": "refs/heads/main", "after": "2"}'
    assert hook.send({"x-gitea-signature": hexed()}) == 202
    assert hook.send({"x-gitea-signature": hexed(body=other)}, other) == 202
    assert hook.send({"x-gitlab-token": SECRET, "idempotency-key": "1"}) == 202
    assert hook.send({"x-gitlab-token": SECRET, "idempotency-key": "2"}) == 202


def test_each_secret_reaches_its_own_sources_only() -> None:
    one, two, three, closed = source("one"), source("two"), source("three"), source("closed")
    hook = Hook({one: SECRET, two: "another secret", three: SECRET, closed: ""})
    assert hook.send({"x-gitea-signature": hexed()}) == 202
    assert hook.fetched == [one, three]
    assert hook.send({"x-gitea-signature": hexed("")}) == 401


def test_what_is_remembered_of_pushes_does_not_grow_without_end() -> None:
    hook = Hook({source("news"): SECRET})
    for number in range(1100):
        assert hook.send({"x-gitlab-token": SECRET, "idempotency-key": str(number)}) == 202
    assert hook.send({"x-gitlab-token": SECRET, "idempotency-key": "1099"}) == 200
    assert hook.send({"x-gitlab-token": SECRET, "idempotency-key": "0"}) == 202
