"""Rows for the rules about several posts, about what was released, and about settings, templates and people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.config import Config
from bot.domain import AccountFacts, AccountState, Capabilities, Entry, Limits, Snapshot
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.status import FetchStatus, write_fetch_status
from tests.support.check_cases import BODY, FILE, NOW, Case, Row, written
from tests.support.digests import both

SETTINGS = "config/bot.toml"
REAL = '[accounts.real]\nserver = "https://example.social"\nacct = "@conf@example.social"\ntoken_file = "var/token"\n'
SOURCE = '[[sources]]\ngit = "https://forge.example/news.git"\n'
PUBLISHED = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)


def entry(slug: str = "news", **changes: Any) -> Entry:
    facts: dict[str, Any] = {
        "post_id": f"https://conf.example/news/{slug}/",
        "slug": slug,
        "url": f"https://conf.example/news/{slug}/",
        "title": "Good news",
        "published": PUBLISHED,
        "updated": PUBLISHED,
        "released_at": PUBLISHED,
        "language": "en",
        "digests": both("x"),
    }
    return Entry(**{**facts, **changes})


def knowing(*entries: Entry) -> Any:
    return lambda _: Snapshot(entries={one.post_id: one for one in entries})


def on_a_server(can: Capabilities | None = None, **limits: Any) -> Any:
    def snapshot(config: Config) -> Snapshot:
        (address,) = config.account_addresses().values()
        facts = AccountFacts(address=address, account_id="1", limits=Limits(**limits), capabilities=can)
        return Snapshot(accounts={address: AccountState(address=address, joined_at=None, facts=facts)})

    return snapshot


def with_mode(mode: int) -> Any:
    return lambda config: (config.root / "var/token").chmod(mode)


def failing(since: datetime | None) -> Any:
    def prepare(config: Config) -> None:
        place = checkout_dir_of(config, config.sources[0])
        place.make()
        write_fetch_status(
            place.status, FetchStatus(fetched=NOW, failing_since=since, why="the host cannot be reached.")
        )

    return prepare


def of_released(rule: str, bad: str, good: str) -> Row:
    """A post that was released, with another datetime and with its own."""
    return Row(
        rule=rule,
        bad=Case(files={FILE: written(at=bad)}, ledger=knowing(entry())),
        good=Case(files={FILE: written(at=good)}, ledger=knowing(entry())),
        line=3,
        column=1,
        field="published_datetime",
    )


def of_settings(
    rule: str, bad: Case, good: Case, *, name: str = "", path: str = SETTINGS, line: int | None = None
) -> Row:
    return Row(rule=rule, bad=bad, good=good, path=path, line=line, field=name)


HOOK = '[release]\ndeploy_hook = "env:HOOK"\n'
HANDLES = {"config/templates/default.txt": "{{ title }} {{ handles }}", FILE: written("speakers: [Ada Example]")}
ADA = '["Ada Example"]\nmastodon = "@ada@example.social"\n'
BUILT = '[check]\nsite = "_site"\n'

ROWS = (
    Row(
        rule="same-name",
        bad=Case(files={FILE: written(), "posts/2026/news.md": written()}),
        good=Case(files={FILE: written(), "posts/2026/more-news.md": written(at="2026-03-13 10:00")}),
        line=None,
    ),
    Row(
        rule="same-id",
        bad=Case(files={FILE: written("id: one"), "posts/a.md": written("id: one")}),
        good=Case(files={FILE: written("id: one"), "posts/a.md": written("id: two")}),
        line=4,
        column=1,
        field="id",
    ),
    Row(
        rule="similar-name",
        bad=Case(files={FILE: written(), "posts/News.md": written()}),
        good=Case(files={FILE: written(), "posts/News2.md": written()}),
        line=None,
    ),
    of_released("datetime-moved", "2026-03-08 10:00", "2026-03-09 10:00"),
    of_released("identity-taken", "2026-03-12 10:00", "2026-03-09 10:00"),
    Row(
        rule="renamed",
        bad=Case(files={FILE: written(at="2026-03-09 10:00")}, ledger=knowing(entry("old", title="Old"))),
        good=Case(files={FILE: written(at="2026-03-09 10:00")}, ledger=knowing(entry("old"))),
        line=3,
        column=1,
        field="published_datetime",
    ),
    Row(
        rule="network-lacks",
        bad=Case(
            files={FILE: written("mastodon:\n    thread: auto")}, ledger=on_a_server(can=Capabilities(replies=False))
        ),
        good=Case(files={FILE: written("mastodon:\n    thread: auto")}, ledger=on_a_server(can=Capabilities())),
        line=5,
        column=5,
        field="mastodon.thread",
    ),
    Row(
        rule="quote-policy-unknown",
        bad=Case(
            files={FILE: written("mastodon:\n    quote_policy: followers")},
            ledger=on_a_server(software="mastodon 4.3.0"),
        ),
        good=Case(
            files={FILE: written("mastodon:\n    quote_policy: followers")},
            ledger=on_a_server(software="mastodon 4.5.0", quote_policy=True),
        ),
        line=5,
        column=5,
        field="mastodon.quote_policy",
    ),
    Row(
        rule="handle-missing",
        bad=Case(files={**HANDLES, "config/people.toml": ""}),
        good=Case(files={**HANDLES, "config/people.toml": ADA}),
        line=4,
        column=1,
        field="speakers",
    ),
    Row(
        rule="site-embargo",
        bad=Case(files={FILE: written(), "_site/news/news/index.html": BODY}, settings=BUILT),
        good=Case(files={FILE: written(), "_site/index.html": BODY}, settings=BUILT),
        path="_site/news/news/index.html",
        line=None,
    ),
    of_settings(
        "site-unusable",
        Case(files={FILE: written()}, settings='[check]\nsite = "."\n'),
        Case(files={FILE: written()}, settings='[check]\nsite = "_site"\n'),
        name="check.site",
    ),
    of_settings(
        "template-broken",
        Case(files={"config/templates/default.txt": "\n{{ titel }}"}),
        Case(files={"config/templates/default.txt": "\n{{ title }}"}),
        path="config/templates/default.txt",
        line=2,
    ),
    of_settings(
        "template-folder",
        Case(files={"config/templates/kids/default.txt": "{{ title }}"}),
        Case(files={"config/templates/main/default.txt": "{{ title }}"}),
        path="config/templates/kids",
    ),
    of_settings(
        "people-broken",
        Case(files={"config/people.toml": '\n["Ada"]\nmastodon = "ada"\n'}),
        Case(files={"config/people.toml": f"\n{ADA}"}),
        path="config/people.toml",
        line=3,
    ),
    of_settings(
        "token-missing",
        Case(files={}, settings=REAL),
        Case(files={}, settings=REAL, environ={"ANNOUNCE_TOKEN_REAL": "x"}),
        name="accounts.real",
    ),
    of_settings(
        "token-open",
        Case(files={"var/token": "x"}, settings=REAL, prepare=with_mode(0o644)),
        Case(files={"var/token": "x"}, settings=REAL, prepare=with_mode(0o600)),
        name="accounts.real.token_file",
    ),
    of_settings(
        "secret-missing",
        Case(files={}, settings=f'{SOURCE}token = "env:NEWS"\n'),
        Case(files={}, settings=f'{SOURCE}token = "env:NEWS"\n', environ={"NEWS": "x"}),
        name="sources.0.token",
    ),
    of_settings(
        "deploy-hook",
        Case(files={}, settings=HOOK),
        Case(files={}, settings=HOOK, environ={"HOOK": "https://x.example"}),
        name="release.deploy_hook",
    ),
    of_settings(
        "not-fetched",
        Case(files={}, settings=SOURCE, prepare=failing(NOW - timedelta(days=1))),
        Case(files={}, settings=SOURCE, prepare=failing(None)),
        name="sources.0.git",
    ),
    of_settings(
        "no-push-hook",
        Case(files={}, settings=f'{SOURCE}push_secret = "env:PUSH"\n', environ={"PUSH": "x"}),
        Case(
            files={},
            settings=f'[serve]\nlisten = "127.0.0.1:8080"\n{SOURCE}push_secret = "env:PUSH"\n',
            environ={"PUSH": "x"},
        ),
        name="serve.listen",
    ),
    of_settings(
        "hashtag-unseen",
        Case(files={}, settings='[release]\nhashtags = ["2026"]\n'),
        Case(files={}, settings='[release]\nhashtags = ["Conf2026"]\n'),
        name="release.hashtags",
    ),
)
