"""The settings: what is taken, and every fault with its remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.config import Config, is_loopback, listen_address, load_config, token_variable
from bot.domain import Visibility
from bot.domain.errors import ConfigError, Fault

MakeConfig = Callable[..., Config]

LOOPBACK = '[accounts.main]\nserver = "http://127.0.0.1:3000"'
REAL = '[accounts.main]\nserver = "https://example.social"\nacct = "@conf@example.social"'


def faults(make: MakeConfig, **tables: str) -> tuple[Fault, ...]:
    with pytest.raises(ConfigError) as caught:
        make(**tables)
    return caught.value.faults


def only_fault(make: MakeConfig, **tables: str) -> Fault:
    (fault,) = faults(make, **tables)
    return fault


def test_a_small_file_is_enough_and_the_rest_has_defaults(site_config: MakeConfig) -> None:
    config = site_config(accounts=REAL)
    assert config.release.catch_up == timedelta(hours=72)
    assert config.release.spacing == timedelta(minutes=2)
    assert config.release.brake == 4
    assert config.release.default_time == time(9)
    assert config.release.give_up_after == timedelta(hours=24)
    assert config.release.daytime is None
    assert config.release.edits
    assert config.release.edit_window == timedelta(days=30)
    assert config.delivery.timeout == timedelta(seconds=25)
    assert config.delivery.lease == timedelta(seconds=60)
    assert config.delivery.settle == timedelta(seconds=120)
    assert config.delivery.send_within == timedelta(seconds=5)
    assert config.feeds.entries == 30
    assert config.accounts["main"].visibility is Visibility.PUBLIC
    assert not config.example


def test_relative_paths_count_from_the_folder_above_the_settings(site_config: MakeConfig, tmp_path: Path) -> None:
    config = site_config(site='posts = "news"\nassets = "static"', feeds='folder = "out"')
    assert config.root == tmp_path
    assert config.posts_folder == tmp_path / "news"
    assert config.assets_folder == tmp_path / "static"
    assert config.public_folder == tmp_path / "out"
    assert config.templates_folder == tmp_path / "config" / "templates"
    assert config.state_folder == tmp_path / "var"


def test_an_absolute_ledger_stays_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config" / "bot.toml"
    path.parent.mkdir()
    path.write_text(
        '[site]\ntitle = "C"\nurl = "https://c.example/"\ntimezone = "UTC"\n[ledger]\nurl = "sqlite:////srv/l.db"\n'
    )
    config = load_config(path)
    assert config.state_folder == Path("/srv")
    assert config.ledger.is_private
    assert config.ledger.lies_in(Path("/srv"))
    assert not config.ledger.lies_in(Path("public"))
    assert config.site.url == "https://c.example"


def test_a_permalink_quotes_the_slug(site_config: MakeConfig) -> None:
    config = site_config(site='permalink = "/{slug}.html"')
    assert config.site.permalink_of("élan vital") == "https://conf.example/%C3%A9lan%20vital.html"


def test_a_hubs_address_stays_as_it_is_written(site_config: MakeConfig) -> None:
    config = site_config(feeds='hubs = ["https://hub.example/", "https://hub.example/push"]')
    assert config.feeds.hubs == ("https://hub.example/", "https://hub.example/push")


@pytest.mark.parametrize(
    ("tables", "where", "remedy"),
    [
        ({"site": 'titel = "x"'}, "site.titel", 'Did you mean "title"?'),
        ({"release": "brakes = 2"}, "release.brakes", 'Did you mean "brake"?'),
        ({"delivery": 'time_out = "5s"'}, "delivery.time_out", 'Did you mean "timeout"?'),
        ({"accounts": LOOPBACK + '\nvisability = "direct"'}, "accounts.main.visability", 'Did you mean "visibility"?'),
        ({"accounts": "[acounts.main]"}, "acounts", 'Did you mean "accounts"?'),
        (
            {"feeds": "zzz = 1"},
            "feeds.zzz",
            "Known here: archive, categories, entries, folder, gzip, hubs, ids, import, path, rights, tags.",
        ),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(
    site_config: MakeConfig, tables: dict[str, str], where: str, remedy: str
) -> None:
    fault = only_fault(site_config, **tables)
    assert (fault.where, fault.problem, fault.remedy) == (where, "is not a setting.", remedy)


def test_all_faults_are_told_at_once(site_config: MakeConfig) -> None:
    found = faults(
        site_config,
        site='permalink = "/news/"\nlanguge = "en"',
        feeds="entries = 0",
        accounts='[accounts.main]\nserver = "http://example.social"\n[accounts.other]\nserver = "https://example.social"',
        release='catch_up = "soon"\nbrake = 0',
        delivery="lease = 60",
    )
    assert {fault.where for fault in found} == {
        "site.permalink",
        "site.languge",
        "feeds.entries",
        "accounts.main.server",
        "accounts.other.acct",
        "release.catch_up",
        "release.brake",
        "delivery.lease",
    }


@pytest.mark.parametrize("written", ['"07:30"', "07:30:00"])
def test_a_time_of_day_is_a_text_or_a_time_of_toml(site_config: MakeConfig, written: str) -> None:
    assert site_config(release=f"default_time = {written}").release.default_time == time(7, 30)


def test_a_missing_setting_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bot.toml"
    path.write_text('[site]\ntitle = "C"\ntimezone = "UTC"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value) == f"{path}: site.url: is missing. It is the site's address, without a path at its end."


@pytest.mark.parametrize(
    ("tables", "where", "problem"),
    [
        ({"site": 'permalink = "{slug}/"'}, "site.permalink", "must begin with"),
        ({"site": 'permalink = "/{yaer}/{slug}/"'}, "site.permalink", "{yaer} is not known in it; it may hold {slug}"),
        (
            {"posts": 'fields = {publishd_datetime = "date"}'},
            "posts.fields.publishd_datetime",
            'it is not a key that is read here (did you mean "published_datetime"?).',
        ),
        ({"posts": 'fields = {"cover.text" = "alt"}'}, "posts.fields.cover.text", "it is not a key that is read"),
        ({"posts": "fields = {title = 3}"}, "posts.fields.title", "it must be the name of a key in quotes"),
        ({"site": 'naive_datetimes = "local"'}, "site.naive_datetimes", "must be one of 'site' or 'utc'"),
        ({"feeds": 'path = "../etc"'}, "feeds.path", "must begin with"),
        ({"feeds": 'path = "/news/../.."'}, "feeds.path", 'hold no ".."'),
        ({"feeds": "entries = 1001"}, "feeds.entries", "must be 1000 or less"),
        ({"feeds": "archive = -1"}, "feeds.archive", "must be 0 or more"),
        ({"feeds": 'ids = "slug"'}, "feeds.ids", "must be one of"),
        ({"feeds": 'hubs = ["hub.example"]'}, "feeds.hubs.0", "is not a web address"),
        ({"feeds": 'hubs = ["https://me:secret@hub.example"]'}, "feeds.hubs.0", "must not carry a name or password"),
        ({"release": "catch_up = 72"}, "release.catch_up", "write a duration in quotes"),
        ({"release": 'spacing = "2 minuts"'}, "release.spacing", '"2 minuts" is not a duration'),
        ({"release": 'default_time = "9 am"'}, "release.default_time", '"9 am" is not a time of day'),
        ({"release": "default_time = 9"}, "release.default_time", "write a time of day in quotes"),
        ({"release": 'daytime = "8 to 21"'}, "release.daytime", '"8 to 21" is no span of hours'),
        ({"release": "daytime = 8"}, "release.daytime", "write a span of hours in quotes"),
        ({"release": 'daytime = ["08:00", "08:00"]'}, "release.daytime", "write a span of hours in quotes"),
        ({"release": 'give_up_after = "off"'}, "release.give_up_after", "a toot is tried for some time"),
        ({"release": 'edits = "sometimes"'}, "release.edits", "must be true or false"),
        ({"release": 'wait_for_page = "soon"'}, "release.wait_for_page", '"soon" is not a duration'),
        ({"release": 'page_missing = "toot"'}, "release.page_missing", "must be one of"),
        ({"release": 'deploy_hook = "build"'}, "release.deploy_hook", "is not a web address"),
        ({"release": 'deploy_hook = "env:"'}, "release.deploy_hook", "name of a variable"),
        ({"release": 'deploy_headers = { "A b" = "c" }'}, "release.deploy_headers", "is not a header"),
        ({"delivery": 'lease = "30s"'}, "delivery.lease", "must be longer than timeout and send_within together"),
        ({"delivery": 'settle = "29s"'}, "delivery.settle", "must not be shorter than timeout and send_within"),
        ({"accounts": '[accounts.main]\nserver = "x"'}, "accounts.main.server", "is not a web address"),
        ({"accounts": LOOPBACK + '\nacct = "conf"'}, "accounts.main.acct", "is not an account's address"),
        ({"accounts": LOOPBACK + '\nvisibility = "hidden"'}, "accounts.main.visibility", "must be one of 'public'"),
        ({"accounts": LOOPBACK + '\nlanguage = "English"'}, "accounts.main.language", "must be a language's tag"),
        ({"accounts": LOOPBACK + '\nquote_policy = "me"'}, "accounts.main.quote_policy", "must be one of 'public'"),
        ({"accounts": LOOPBACK + '\nlink_card = "perhaps"'}, "accounts.main.link_card", "must be true or false"),
        ({"accounts": LOOPBACK + "\nsensitive = 3"}, "accounts.main.sensitive", "must be true or false"),
        ({"top": 'example = "perhaps"'}, "example", "must be true or false"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wrong(
    site_config: MakeConfig, tables: dict[str, str], where: str, problem: str
) -> None:
    fault = only_fault(site_config, **tables)
    assert fault.where == where
    assert problem in fault.problem
    assert fault.problem.endswith(".")


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("timezone", "Mars/Olympus", '"Mars/Olympus" is not a timezone'),
        ("timezone", "../zone", "is not a timezone"),
        ("timezone", "", "is not a timezone"),
        ("url", "conf.example", '"conf.example" is not a web address'),
        ("url", "ftp://conf.example", "is not a web address"),
        ("title", "", "must not be empty"),
    ],
)
def test_a_wrong_value_of_a_needed_setting_is_named(tmp_path: Path, key: str, value: str, problem: str) -> None:
    settings = {"title": "Conf", "url": "https://conf.example", "timezone": "UTC", key: value}
    path = tmp_path / "bot.toml"
    path.write_text("[site]\n" + "\n".join(f'{name} = "{text}"' for name, text in settings.items()))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    (fault,) = caught.value.faults
    assert fault.where == f"site.{key}"
    assert problem in fault.problem


def test_a_server_elsewhere_must_be_asked_over_https(site_config: MakeConfig) -> None:
    fault = only_fault(
        site_config, accounts='[accounts.main]\nserver = "http://example.social"\nacct = "@conf@example.social"'
    )
    assert fault.where == "accounts.main.server"
    assert "must begin with https://" in fault.problem


def test_an_account_elsewhere_needs_its_address(site_config: MakeConfig) -> None:
    fault = only_fault(site_config, accounts='[accounts.main]\nserver = "https://example.social"')
    assert fault.where == "accounts.main.acct"
    assert fault.problem.startswith("is missing; write the account's address")


@pytest.mark.parametrize("server", ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"])
def test_a_server_on_this_machine_needs_neither(site_config: MakeConfig, server: str) -> None:
    config = site_config(accounts=f'[accounts.main]\nserver = "{server}"')
    assert config.account_addresses() == {"main": f"main@{server.removeprefix('http://')}"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1", True),
        ("http://127.9.9.9:80/x", True),
        ("https://LOCALHOST", True),
        ("http://[::1]", True),
        ("https://localhost.example.org", False),
        ("https://127.0.0.1.example.org", False),
        ("https://10.0.0.1", False),
        ("https://example.social", False),
        ("", False),
    ],
)
def test_this_machine_is_told_from_others(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize("key", ["token", "access_token", "password", "secret", "client_secret"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(site_config: MakeConfig, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        site_config(accounts=f'{REAL}\n{key} = "S3CRET"')
    (fault,) = caught.value.faults
    assert fault.where == f"accounts.main.{key}"
    assert "ANNOUNCE_TOKEN_MAIN" in fault.remedy
    assert "S3CRET" not in str(caught.value)


@pytest.mark.parametrize(
    "tables",
    [
        {"accounts": '[accounts]\ntoken = "S3CRET"'},
        {"accounts": '[accounts]\nmain = "S3CRET"'},
        {"top": 'token = "S3CRET"'},
        {"accounts": REAL + '\nacces_token = "S3CRET"'},
        {"accounts": '[accounts.main]\nserver = "https://me:S3CRET@example.social"\nacct = "@a@example.social"'},
        {"accounts": '[accounts.main]\nserver = "me:S3CRET@example.social"\nacct = "@a@example.social"'},
        {"release": 'deploy_hook = "https://me:S3CRET@ci.example"'},
        {"release": 'deploy_hook = "S3CRET"'},
        {"release": 'deploy_headers = { Authorization = "Bearer S3CRET" }'},
        {"release": 'deploy_headers = "S3CRET"'},
        {"release": 'deploy_headers = { X = ["S3CRET"] }'},
        {"release": 'deploy_body = "S3CRET"'},
        {"accounts": '[accounts.main]\nserver = ["S3CRET"]\nacct = "@a@example.social"'},
    ],
)
def test_a_secret_in_a_wrong_place_is_not_repeated_either(site_config: MakeConfig, tables: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        site_config(**tables)
    assert "S3CRET" not in str(caught.value)


def test_the_worked_example_publishes_to_no_real_server(site_config: MakeConfig) -> None:
    assert site_config(top="example = true", accounts=LOOPBACK).example
    assert only_fault(site_config, top='example = "true"', accounts=REAL)
    fault = only_fault(site_config, top="example = true", accounts=REAL)
    assert fault.where == "accounts.main.server"
    assert "example = true" in fault.problem


@pytest.mark.parametrize("line", ['lease = "59s"', 'settle = "119s"'])
def test_shorter_protocol_times_are_for_this_machine_only(site_config: MakeConfig, line: str) -> None:
    assert site_config(accounts=LOOPBACK, delivery=line)
    fault = only_fault(site_config, accounts=REAL, delivery=line)
    assert fault.where == f"delivery.{line.partition(' ')[0]}"
    assert "only safe with servers on this machine" in fault.problem


@pytest.mark.parametrize(
    ("accounts", "release", "wait"),
    [
        (REAL, "", timedelta(minutes=30)),
        (LOOPBACK, "", timedelta()),
        ("", "", timedelta()),
        (REAL, 'wait_for_page = "off"', timedelta()),
        (LOOPBACK, 'wait_for_page = "5s"', timedelta(seconds=5)),
    ],
)
def test_pages_are_waited_for_where_an_account_is_real(
    site_config: MakeConfig, accounts: str, release: str, wait: timedelta
) -> None:
    assert site_config(accounts=accounts, release=release).wait_for_page == wait


def test_longer_protocol_times_are_for_everyone(site_config: MakeConfig) -> None:
    config = site_config(accounts=REAL, delivery='lease = "60s"\nsettle = "10m"')
    assert config.delivery.settle == timedelta(minutes=10)


def test_two_sections_with_one_account_are_refused(site_config: MakeConfig) -> None:
    other = '[accounts.other]\nserver = "https://example.social"\nacct = "Conf@Example.social"'
    fault = only_fault(site_config, accounts=f"{REAL}\n{other}")
    assert fault.where == "accounts.other.acct"
    assert "accounts.main" in fault.problem


def test_the_address_does_not_depend_on_the_sections_name(site_config: MakeConfig) -> None:
    renamed = REAL.replace("accounts.main", "accounts.mastodon")
    assert list(site_config(accounts=REAL).account_addresses().values()) == ["conf@example.social"]
    assert list(site_config(accounts=renamed).account_addresses().values()) == ["conf@example.social"]


def test_a_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "bot.toml")
    assert "there is no such file. Run the command in the project's folder, name the file with --config" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[site\n", "is not valid TOML"),
        (b"\xff\xfe", "cannot be read"),
        (b"", "site: is missing."),
    ],
)
def test_a_broken_file_is_one_fault(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "bot.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert len(caught.value.faults) == 1
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)


def test_a_folder_in_place_of_the_file_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("main", "ANNOUNCE_TOKEN_MAIN"), ("main-2.x", "ANNOUNCE_TOKEN_MAIN_2_X"), ("día", "ANNOUNCE_TOKEN_DÍA")],
)
def test_the_tokens_variable_is_named_after_the_section(name: str, variable: str) -> None:
    assert token_variable(name) == variable


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        (
            'root = "x"',
            "Known here: accounts, alerts, check, delivery, example, feeds, ledger, posts, release, serve, site, "
            "sources.",
        ),
        ('path = "/x"', "It belongs under [feeds]."),
        ('timezone = "UTC"', "It belongs under [site]."),
        ("brake = 3", "It belongs under [release]."),
        ('hashtags = ["x"]', "It belongs under [accounts.NAME] or [release]."),
        ('sight = "x"', 'Did you mean "site"?'),
    ],
)
def test_a_key_above_the_tables_is_named_with_its_place(site_config: MakeConfig, line: str, remedy: str) -> None:
    fault = only_fault(site_config, top=line)
    key = line.partition(" ")[0]
    assert (fault.where, fault.problem, fault.remedy) == (key, "is not a setting.", remedy)


def test_faults_between_tables_are_told_beside_those_within_one(site_config: MakeConfig) -> None:
    found = faults(
        site_config,
        top='example = true\npath = "/x"',
        feeds="entries = 0",
        accounts=f'{REAL}\n[accounts.again]\nserver = "https://example.social"\nacct = "@CONF@example.social"\n'
        '[accounts.broken]\nserver = "https://example.social"',
        delivery='lease = "40s"\nsettle = "60s"',
        release="brake = 0",
    )
    assert [fault.where for fault in found] == [
        "path",
        "feeds.entries",
        "accounts.broken.acct",
        "release.brake",
        "accounts.main.server",
        "accounts.again.acct",
        "delivery.lease",
        "delivery.settle",
    ]


def test_what_is_only_wrong_together_is_all_told(tmp_path: Path) -> None:
    path = tmp_path / "config" / "bot.toml"
    path.parent.mkdir()
    path.write_text(
        f'example = true\n[site]\ntitle = "C"\nurl = "https://c.example"\ntimezone = "UTC"\n{REAL}\n'
        '[ledger]\nurl = "sqlite:///public/ledger.db"\n[delivery]\nlease = "59s"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert [fault.where for fault in caught.value.faults] == ["accounts.main.server", "ledger.url", "delivery.lease"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("[::1]:80", ("::1", 80)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
    ],
)
def test_an_address_to_listen_at(text: str, address: tuple[str, int]) -> None:
    assert listen_address(text) == address


@pytest.mark.parametrize("text", ["8080", ":8080", "example.org:80", "127.0.0.1", "127.0.0.1:x", "1.2.3.4:65536"])
def test_a_wrong_address_to_listen_at_is_named(site_config: MakeConfig, text: str) -> None:
    fault = only_fault(site_config, serve=f'listen = "{text}"')
    assert fault.where == "serve.listen"
    assert "127.0.0.1:8080" in fault.problem


def test_the_old_feed_is_set_by_a_word_that_python_keeps_for_itself(site_config: MakeConfig) -> None:
    assert site_config(feeds='import = "old.xml"').feeds.import_ == "old.xml"
