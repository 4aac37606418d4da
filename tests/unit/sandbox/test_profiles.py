"""What each kind of server does otherwise, as the real Mastodon.py sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonInternalServerError, MastodonNotFoundError

from bot.domain.clock import ManualClock
from bot.domain.errors import UsageError
from bot.sandbox.faults import Fault
from bot.sandbox.profiles import PROFILES
from bot.sandbox.server import SandboxServer

TEXT = "Doors open at nine. https://conf.example.org/news/doors #FjordConf"
ALL = tuple(PROFILES)


@dataclass(frozen=True)
class Peer:
    """A server of some kind, and two ways to speak to it."""

    server: SandboxServer
    client: Mastodon
    http: httpx.Client


@pytest.fixture
def peer(clock: ManualClock, connect: Callable[..., Mastodon]) -> Iterator[Callable[[str], Peer]]:
    with ExitStack() as stack:

        def make(name: str) -> Peer:
            server = stack.enter_context(SandboxServer(clock=clock, profile=PROFILES[name]))
            headers = {"Authorization": "Bearer loopback-main"}
            http = stack.enter_context(httpx.Client(base_url=server.url, headers=headers, timeout=5, verify=False))
            return Peer(server, connect(url=server.url), http)

        yield make


@pytest.fixture
def posted(draw: Callable[..., bytes]) -> Callable[..., Any]:
    """A status with a picture, which every kind of server takes."""

    def make(client: Mastodon, text: str = TEXT, **more: Any) -> Any:
        media = client.media_post(draw(), mime_type="image/png", description="A blue field", focus=(0.5, -0.5))
        return client.status_post(text, media_ids=[media], **more)

    return make


@pytest.mark.parametrize("name", ALL)
def test_mastodon_py_posts_reads_edits_and_deletes(
    name: str, peer: Callable[[str], Peer], posted: Callable[..., Any], clock: ManualClock
) -> None:
    here = peer(name)
    first, second = posted(here.client), posted(here.client, "Second", visibility="unlisted")
    me = here.client.me()
    assert [status.id for status in here.client.account_statuses(me.id)] == [second.id, first.id]
    assert [status.id for status in here.client.account_statuses(me.id, min_id=first.id)] == [second.id]
    assert [status.id for status in here.client.account_statuses(me.id, max_id=second.id)] == [first.id]
    assert here.client.status(first.id).media_attachments[0].description == "A blue field"
    clock.advance(timedelta(minutes=1))
    change = here.client.generate_media_edit_attributes(first.media_attachments[0].id)
    edit = {"status": "Mended", "media_ids": [change["id"]], "media_attributes": [change], "sensitive": False}
    here.http.put(f"/api/v1/statuses/{first.id}", json=edit).raise_for_status()
    assert here.client.status_source(first.id).text == "Mended"
    assert here.client.status(first.id).edited_at is not None
    here.client.status_delete(first.id)
    with pytest.raises(MastodonNotFoundError):
        here.client.status(first.id)


@pytest.mark.parametrize("name", ALL)
def test_mastodon_py_reads_version_and_limits(name: str, peer: Callable[[str], Peer]) -> None:
    here, kind = peer(name), PROFILES[name]
    for told in (here.client.instance_v1(), here.client.instance_v2()):
        assert told.version == kind.version
        assert told.configuration.statuses.max_characters == kind.limits.characters
        assert told.configuration.statuses.max_media_attachments == kind.limits.pictures
        assert told.configuration.polls.max_options == kind.limits.poll_options
        assert told.configuration.media_attachments.description_limit == kind.limits.description
    assert here.client.retrieve_mastodon_version().split(".")[:2] == kind.version.split(" ")[0].split(".")[:2]
    found = here.http.get("/.well-known/nodeinfo").json()["links"][0]["href"]
    assert here.http.get(found).json()["software"] == dict(zip(("name", "version"), kind.software, strict=True))


@pytest.mark.parametrize(("name", "mark"), [("mastodon-4.5", 7), ("mastodon-4.6", 11), ("gotosocial", None)])
def test_only_mastodon_tells_the_version_of_its_interface(
    name: str, mark: int | None, peer: Callable[[str], Peer]
) -> None:
    told = peer(name).http.get("/api/v2/instance").json()
    assert told.get("api_versions", {}).get("mastodon") == mark


LINK = "https://conf.example.org/news/doors"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "mastodon-4.5",
            '<p>One<br />two</p><p><a href="{link}" target="_blank" rel="nofollow noopener" translate="no">'
            '<span class="invisible">https://</span><span class="ellipsis">conf.example.org/news/doors</span>',
        ),
        (
            "gotosocial",
            '<p>One<br>two<br><br><a href="{link}" rel="nofollow noreferrer noopener" target="_blank">{link}</a>',
        ),
        ("pleroma", 'One<br/>two<br/><br/><a href="{link}" rel="ugc">{link}</a>'),
        (
            "pixelfed",
            'One<br />\ntwo<br />\n<br />\n<a href="{link}" rel="external nofollow noopener" target="_blank">{link}'
            "</a>",
        ),
    ],
)
def test_words_become_html_in_the_hand_of_the_server(
    name: str, content: str, peer: Callable[[str], Peer], posted: Callable[..., Any]
) -> None:
    status = posted(peer(name).client, f"One\ntwo\n\n{LINK} <b> #Tag by @main")
    wanted = content.format(link=LINK).replace('class="ellipsis"', 'class=""')
    assert status.content.startswith(wanted)
    assert "&lt;b&gt;" in status.content
    assert "<b>" not in status.content
    assert f'href="{LINK}"' in status.content
    assert [tag.name for tag in status.tags] == ["tag"]
    assert [mention.acct for mention in status.mentions] == ["main"]


@pytest.mark.parametrize(("name", "tags"), [("mastodon-4.5", ["one", "two"]), ("mastodon-4.6", ["two"])])
def test_what_may_stand_before_a_hashtag(name: str, tags: list[str], peer: Callable[[str], Peer]) -> None:
    status = peer(name).client.status_post("(#one) and #two")
    assert [tag.name for tag in status.tags] == tags


FAMILY = "👩‍👩‍👧‍👦"  # one sign, seven code points


@pytest.mark.parametrize(
    ("name", "text", "warning", "code"),
    [
        ("mastodon-4.5", "x" * 501, "", 422),
        ("mastodon-4.5", FAMILY * 500, "", 200),
        ("gotosocial", "x" * 4990, "y" * 10, 200),
        ("gotosocial", "x" * 4990, "y" * 11, 400),
        ("gotosocial", FAMILY * 715, "", 400),
        ("gotosocial", "https://conf.example.org/" + "x" * 4976, "", 400),
        ("pleroma", FAMILY * 5000, "", 200),
        ("pleroma", "x" * 4990, "y" * 11, 422),
        ("pleroma", "https://conf.example.org/" + "x" * 4976, "", 422),
        ("pixelfed", "x" * 500, "y" * 140, 200),
        ("pixelfed", "x" * 501, "", 422),
        ("pixelfed", "x", "y" * 141, 422),
        ("mastodon-4.5", "", "", 200),
    ],
)
def test_a_text_is_counted_as_the_server_counts(
    name: str, text: str, warning: str, code: int, peer: Callable[[str], Peer], draw: Callable[..., bytes]
) -> None:
    here = peer(name)
    media = here.http.post("/api/v2/media", files={"file": draw()}).json()["id"]
    form = {"status": text, "spoiler_text": warning, "media_ids[]": [media]}
    assert here.http.post("/api/v1/statuses", data=form).status_code == code


@pytest.mark.parametrize(
    ("name", "warning", "code"),
    [
        ("mastodon-4.5", "", 422),
        ("mastodon-4.5", "a warning", 200),
        ("gotosocial", "a warning", 400),
        ("pleroma", "a warning", 422),
        ("pixelfed", "a warning", 403),
    ],
)
def test_a_status_without_a_text(name: str, warning: str, code: int, peer: Callable[[str], Peer]) -> None:
    here = peer(name)
    answer = here.http.post("/api/v1/statuses", data={"status": " ", "spoiler_text": warning})
    assert answer.status_code == code
    assert code == 200 or answer.json()["error"]


def test_pixelfed_wants_a_picture_except_in_a_reply(peer: Callable[[str], Peer], posted: Callable[..., Any]) -> None:
    here = peer("pixelfed")
    with pytest.raises(MastodonAPIError) as error:
        here.client.status_post("Only words")
    assert error.value.args[1] == 403
    assert here.client.status_post("A reply", in_reply_to_id=posted(here.client)).id
    with pytest.raises(MastodonAPIError, match="Visibility"):
        posted(here.client, visibility="direct")


@pytest.mark.parametrize(("name", "limit"), [("mastodon-4.5", 1500), ("mastodon-4.6", 10_000), ("pixelfed", 1000)])
def test_a_description_has_the_servers_limit(
    name: str, limit: int, peer: Callable[[str], Peer], draw: Callable[..., bytes]
) -> None:
    here = peer(name)
    for length, code in ((limit, 200), (limit + 1, 422)):
        sent = here.http.post("/api/v2/media", files={"file": draw()}, data={"description": "é" * length})
        assert sent.status_code == code


@pytest.mark.parametrize(
    ("name", "kind", "code"), [("mastodon-4.5", "AVIF", 200), ("pixelfed", "AVIF", 422), ("pleroma", "AVIF", 202)]
)
def test_a_picture_is_of_a_type_that_the_server_takes(
    name: str, kind: str, code: int, peer: Callable[[str], Peer], draw: Callable[..., bytes]
) -> None:
    assert peer(name).http.post("/api/v2/media", files={"file": draw(kind)}).status_code == code


@pytest.mark.parametrize(
    ("name", "limit"), [("mastodon-4.5", 4), ("gotosocial", 6), ("pixelfed", 4), ("pleroma", 1000)]
)
def test_a_status_carries_so_many_pictures(
    name: str, limit: int, peer: Callable[[str], Peer], draw: Callable[..., bytes]
) -> None:
    here = peer(name)
    media = [here.http.post("/api/v2/media", files={"file": draw()}).json()["id"] for _ in range(min(limit, 7))]
    extra = here.http.post("/api/v2/media", files={"file": draw()}).json()["id"]
    too_many = here.http.post("/api/v1/statuses", data={"status": "x", "media_ids[]": [*media, extra]})
    assert too_many.status_code == (422 if limit < 7 else 200)


@pytest.mark.parametrize(("name", "code"), [("mastodon-4.5", 200), ("gotosocial", 422), ("pleroma", 200)])
def test_an_edit_that_changes_nothing(name: str, code: int, peer: Callable[[str], Peer]) -> None:
    here = peer(name)
    status = here.client.status_post("Same")
    answer = here.http.put(f"/api/v1/statuses/{status.id}", data={"status": "Same"})
    assert answer.status_code == code
    assert code == 200 or "status was not changed" in answer.json()["error"]


@pytest.mark.parametrize(("name", "code"), [("mastodon-4.5", 200), ("gotosocial", 400)])
def test_gotosocial_takes_no_text_for_true_or_false_in_json(name: str, code: int, peer: Callable[[str], Peer]) -> None:
    here = peer(name)
    assert here.http.post("/api/v1/statuses", json={"status": "x", "sensitive": "0"}).status_code == code
    assert here.http.post("/api/v1/statuses", json={"status": "x", "sensitive": False}).status_code == 200


class TestRepeats:
    """What a repeated Idempotency-Key leads to."""

    def test_mastodon_4_5_gives_the_same_status(self, peer: Callable[[str], Peer]) -> None:
        client = peer("mastodon-4.5").client
        first, again = (client.status_post("Once", idempotency_key="k1") for _ in range(2))
        assert first.id == again.id

    def test_mastodon_4_6_answers_500_and_posts_nothing(self, peer: Callable[[str], Peer]) -> None:
        here = peer("mastodon-4.6")
        here.client.status_post("Once", idempotency_key="k1")
        with pytest.raises(MastodonInternalServerError):
            here.client.status_post("Once", idempotency_key="k1")
        assert len(here.server.store.statuses()) == 1

    def test_gotosocial_posts_again(self, peer: Callable[[str], Peer]) -> None:
        client = peer("gotosocial").client
        assert len({client.status_post("Twice", idempotency_key="k1").id for _ in range(2)}) == 2

    def test_pixelfed_refuses_a_key_that_it_has_seen_even_after_a_failure(
        self, peer: Callable[[str], Peer], posted: Callable[..., Any], clock: ManualClock
    ) -> None:
        here = peer("pixelfed")
        with pytest.raises(MastodonAPIError):
            here.client.status_post("No picture", idempotency_key="k1")
        with pytest.raises(MastodonAPIError, match=r"Duplicate idempotency key\.") as error:
            posted(here.client, idempotency_key="k1")
        assert error.value.args[1] == 400
        clock.advance(timedelta(hours=1))
        assert posted(here.client, idempotency_key="k1").id

    def test_pleroma_gives_its_first_answer_again_whatever_it_was(
        self, peer: Callable[[str], Peer], clock: ManualClock
    ) -> None:
        here = peer("pleroma")
        headers = {"Idempotency-Key": "k1"}
        for text in ("x" * 5001, "short"):
            answer = here.http.post("/api/v1/statuses", data={"status": text}, headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (422, "The status is over the character limit")
        other = {"Authorization": "Bearer loopback-other", **headers}
        assert here.http.post("/api/v1/statuses", data={"status": "short"}, headers=other).status_code == 422
        clock.advance(timedelta(hours=6))
        assert here.http.post("/api/v1/statuses", data={"status": "short"}, headers=headers).status_code == 200

    def test_pleroma_replays_a_status_whose_answer_was_lost(self, peer: Callable[[str], Peer]) -> None:
        here = peer("pleroma")
        here.server.faults.switch([Fault(on="POST /api/v1/statuses", do="post-then-504")])
        headers = {"Idempotency-Key": "k1"}
        codes = [
            here.http.post("/api/v1/statuses", data={"status": "x"}, headers=headers).status_code for _ in range(2)
        ]
        assert codes == [504, 200]
        assert len(here.server.store.statuses()) == 1


def test_gotosocial_limits_an_address_and_pleroma_tells_nothing(peer: Callable[[str], Peer]) -> None:
    assert peer("gotosocial").http.get("/api/v1/timelines/public").headers["X-RateLimit-Limit"] == "300"
    here = peer("pleroma")
    codes = [here.http.post("/api/v1/statuses", data={"status": f"number {n}"}) for n in range(16)]
    assert [answer.status_code for answer in codes] == [200] * 15 + [429]
    assert codes[-1].json() == {"error": "Throttled"}
    assert "X-RateLimit-Limit" not in codes[0].headers


@pytest.mark.parametrize(
    ("name", "lacks", "has"),
    [
        ("mastodon-4.5", set(), {"quote", "quote_approval", "quotes_count", "filtered"}),
        ("gotosocial", {"quote", "quote_approval", "quotes_count"}, {"interaction_policy", "local_only"}),
        ("pleroma", {"quote", "quote_approval", "filtered"}, {"pleroma", "quotes_count"}),
        ("pixelfed", {"quote", "quote_approval"}, {"local"}),
    ],
)
def test_a_status_has_the_fields_of_its_server(
    name: str, lacks: set[str], has: set[str], peer: Callable[[str], Peer], posted: Callable[..., Any]
) -> None:
    here = peer(name)
    status = here.http.get(f"/api/v1/statuses/{posted(here.client).id}").json()
    assert lacks.isdisjoint(status)
    assert has <= set(status)


@pytest.mark.parametrize("name", ALL)
def test_the_page_shows_toots_of_every_kind(name: str, peer: Callable[[str], Peer], posted: Callable[..., Any]) -> None:
    here = peer(name)
    status = posted(here.client)
    for path in ("/", "/@main", f"/@main/{status.id}", "/tags/fjordconf"):
        page = here.http.get(path)
        assert page.status_code == 200
        assert "Doors open at nine." in page.text
        assert f"like {name}" in page.text


def test_a_state_file_of_another_kind_of_server_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "state.json"
    SandboxServer(clock=clock, state=path).store.account_for_token("loopback-main")
    SandboxServer(clock=clock, state=path, profile=PROFILES["mastodon-4.6"])
    with pytest.raises(UsageError, match=r"was kept by another kind of server.*Move it away"):
        SandboxServer(clock=clock, state=path, profile=PROFILES["gotosocial"])
