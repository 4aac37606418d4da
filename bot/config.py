"""`config/bot.toml` and the environment → Config. All faults are reported at once.

The models are the one place that knows the settings; `docs/settings.md` is tested against them.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.daytime import read_hours
from bot.durations import parse_duration
from bot.errors import ConfigError, Fault
from bot.model import QuotePolicy, Visibility

DEFAULT_PATH: Final = Path("config/bot.toml")
#: The shape of an account's address, "@conf@example.social".
ACCT: Final = r"^@?[A-Za-z0-9_]+(?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?@[A-Za-z0-9.-]+(?::\d+)?$"


#: The shape of a language tag such as "en" or "pt-BR" (BCP 47).
LANGUAGE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this very machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def listen_address(text: str) -> tuple[str, int]:
    """Host and port to listen at. Raises ValueError with a sentence for the reader."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        address = "127.0.0.1" if host == "localhost" else str(ip_address(host))
        number = int(port)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise ValueError(f'"{text}" is not an address to listen at; write for example "127.0.0.1:8080" or "[::]:8080"')
    return address, number


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError('write a duration in quotes, for example "72h", "2m" or "off"')


def _zone(name: object) -> object:
    if isinstance(name, ZoneInfo):
        return name
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f'"{name}" is not a timezone; write an IANA name such as "America/New_York" or "UTC"'
        ) from None


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("a web address in the settings must not carry a name or password")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = "this" if "@" in url else f'"{url}"'
        raise ValueError(f'{shown} is not a web address; write it in full, for example "https://example.org"')
    return url.rstrip("/")


def _hub_address(url: str) -> str:
    _web_address(url)
    return url  # as it stands: a slash at its end is part of a hub's identity


def _clock_time(value: object) -> object:
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            raise ValueError(f'"{value}" is not a time of day; write for example "09:00"') from None
    return value


def _hours(value: object) -> object:
    if value is None or isinstance(value, str):
        return None if value is None else read_hours(value)
    raise ValueError('write a span of hours in quotes, for example "08:00-21:00"')


Hours = Annotated[tuple[time, time] | None, BeforeValidator(_hours)]
Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(str)]
Zone = Annotated[Any, BeforeValidator(_zone), PlainSerializer(str)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
HubAddress = Annotated[str, AfterValidator(_hub_address)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, strict=False)


class Site(_Table):
    """The site that the posts belong to."""

    title: str = Field(min_length=1, description="the conference's name; title of the feeds")
    url: WebAddress = Field(description="the site's address, without a path at its end")
    description: str = Field("", description="a sentence about the news feed; empty: made from the title")
    timezone: Zone = Field(description="IANA name; datetimes without offset are in this zone")
    naive_datetimes: Literal["site", "utc"] = Field(
        "site", description='what a datetime without offset means: the site\'s zone, or "utc"'
    )
    language: str = Field("en", min_length=2, description="language of the posts, as in HTML's lang")
    permalink: str = Field("/news/{slug}/", description="path of a post's page; {slug} is the file's name")
    posts: Path = Field(Path("posts"), description="folder of the post files")
    assets: Path = Field(Path(), description="folder in which /assets/... is found on disk")
    author: str = Field("", description="author of posts that name none")
    private_addresses: bool = Field(
        False,
        description="whether pictures of other hosts, hubs and old feeds may be at private addresses (loopback, LAN)",
    )

    @field_validator("permalink")
    @classmethod
    def _permalink_names_the_slug(cls, value: str) -> str:
        if "{slug}" not in value or not value.startswith("/"):
            raise ValueError('it must begin with "/" and hold {slug}, for example "/news/{slug}/"')
        return value

    def permalink_of(self, slug: str) -> str:
        """The absolute permalink of the post with this slug."""
        from urllib.parse import quote

        return self.url + self.permalink.replace("{slug}", quote(slug))


class Feeds(_Table):
    """The news feeds."""

    folder: Path = Field(Path("public"), description="folder that the feeds are written to")
    path: str = Field("/news", description="their path below the folder and below the site's address")
    entries: int = Field(30, ge=1, le=1000, description="how many posts the feeds hold, newest first")
    archive: int = Field(
        30, ge=0, le=1000, description="how many posts a page of the archive holds, at most `entries`; 0: no archive"
    )
    categories: bool = Field(False, description="whether each category has feeds of its own")
    tags: bool = Field(False, description="whether each tag has feeds of its own")
    ids: Literal["permalink", "tag"] = Field(
        "permalink", description='id of newly released posts without `id:`: their permalink, or a "tag" address of it'
    )
    rights: str = Field("", description='who holds the rights, for example "© 2027 The conference, CC BY 4.0"')
    hubs: tuple[HubAddress, ...] = Field(
        (), description="WebSub hubs that the feeds name, and that are told of each change"
    )
    import_: str = Field(
        "",
        alias="import",
        description="a feed that the site had before, file or address: its ids and dates are taken over, once",
    )
    gzip: bool = Field(True, description="whether a compressed copy, .gz, is kept beside each file of the feeds")

    @field_validator("path")
    @classmethod
    def _path_stays_inside(cls, value: str) -> str:
        if not value.startswith("/") or ".." in value.split("/"):
            raise ValueError('it must begin with "/" and hold no "..", for example "/news"')
        return value.rstrip("/")


class Account(_Table):
    """A Mastodon account that the bot publishes to."""

    server: WebAddress = Field(description="the server's address; https, unless it is on loopback")
    acct: str | None = Field(
        None, description='the account\'s address, "@conf@example.social"; required unless on loopback'
    )
    token_file: Path | None = Field(
        None, description="private file with the token; else the environment's ANNOUNCE_TOKEN_<NAME>"
    )
    visibility: Visibility = Field(
        Visibility.PUBLIC, description="public, unlisted, private or direct, unless the post says otherwise"
    )
    hashtags: tuple[str, ...] = Field((), description="hashtags for every toot, with or without #")
    language: str | None = Field(
        None,
        pattern=LANGUAGE,
        description="language of the toots of posts that name none; else the site's",
    )
    sensitive: bool = Field(
        False, description="whether pictures are hidden behind a click, unless the post says otherwise"
    )
    link_card: bool = Field(
        False, description="true: no pictures, so that the server shows the page's card, unless the post says otherwise"
    )
    quote_policy: QuotePolicy | None = Field(
        None, description="who may quote a toot: public, followers or nobody; else as the account's preferences say"
    )

    @field_validator("acct")
    @classmethod
    def _acct_is_an_address(cls, value: str | None) -> str | None:
        import re

        if value is not None and not re.match(ACCT, value):
            raise ValueError(f'"{value}" is not an account\'s address; write "@name@server", as its profile shows it')
        return value

    @model_validator(mode="after")
    def _real_servers_are_checked(self) -> Self:
        if is_loopback(self.server):
            return self
        if self.server.startswith("http:"):
            raise ValueError(f"server: {self.server} is not on this machine, so it must begin with https://")
        if self.acct is None:
            raise ValueError(
                'acct: is missing; write the account\'s address, for example acct = "@conf@example.social"'
            )
        return self

    def address(self, name: str) -> str:
        """The account's identity in the ledger: its address, or for a loopback server its section and host."""
        if self.acct is not None:
            return self.acct.lstrip("@").lower()
        return f"{name}@{urlsplit(self.server).netloc}"


class Release(_Table):
    """When and how posts are released."""

    catch_up: Duration = Field(timedelta(hours=72), description="a post later than this is not tooted")
    spacing: Duration = Field(timedelta(minutes=2), description="pause between two late toots of one account")
    brake: int = Field(4, ge=1, description="more new toots than this within an hour are held until `announce resume`")
    give_up_after: Duration = Field(
        timedelta(hours=24), description="a toot that could not be sent for this long is held, with an alert"
    )
    daytime: Hours = Field(
        None, description='late toots go out within these hours only, for example "08:00-21:00"; on time at any hour'
    )
    edits: bool = Field(True, description="whether a changed post edits its toot")
    edit_window: Duration = Field(timedelta(days=30), description="a toot older than this is not edited any more")
    default_time: ClockTime = Field(time(9), description="the hour meant by a bare date")
    hashtags: tuple[str, ...] = Field((), description="hashtags for every toot of every account")
    require_alt: bool = Field(False, description="whether a toot with a picture without alt text is held")
    if_no_picture: Literal["post", "hold"] = Field(
        "post", description='a toot whose picture cannot be used: "post" it without, or "hold" it; an alert either way'
    )
    wait_for_page: Duration = Field(
        timedelta(), description='"off"; the page check comes in a later version, any other value is refused'
    )

    @field_validator("give_up_after")
    @classmethod
    def _trying_takes_time(cls, value: timedelta) -> timedelta:
        if not value:
            raise ValueError('a toot is tried for some time; write for example give_up_after = "24h"')
        return value

    @field_validator("wait_for_page")
    @classmethod
    def _page_check_is_not_there_yet(cls, value: timedelta) -> timedelta:
        if value:
            raise ValueError('this version cannot wait for a page yet; write wait_for_page = "off"')
        return value


class Delivery(_Table):
    """Times of the delivery protocol. Only a server on loopback may have shorter ones than the defaults."""

    timeout: Duration = Field(timedelta(seconds=25), description="longest wait for one answer of a server")
    lease: Duration = Field(
        timedelta(seconds=60), description="how long a process that died keeps others from an account"
    )
    settle: Duration = Field(
        timedelta(seconds=120), description="how long a toot without answer is looked for before it is sent again"
    )
    send_within: Duration = Field(
        timedelta(seconds=5), description="longest time between writing down an intent and sending it"
    )

    @model_validator(mode="after")
    def _times_fit_each_other(self) -> Self:
        if self.lease <= self.timeout + self.send_within:
            raise ValueError("lease: must be longer than timeout and send_within together")
        if self.settle < self.timeout + self.send_within:
            raise ValueError("settle: must not be shorter than timeout and send_within together")
        return self


class Alerts(_Table):
    """Who is told when something is wrong."""

    webhook: str | None = Field(
        None, description='address that gets a JSON POST; better "env:NAME", for it often holds a secret'
    )
    mail_to: tuple[str, ...] = Field((), description="addresses that get a mail")
    mail_from: str | None = Field(None, description="sender of the mails; else the first of `mail_to`")
    smtp: str = Field(
        "smtp://localhost", description='mail server, "smtp://" or "smtps://"; "env:NAME" if it holds a password'
    )
    embargoed: bool = Field(False, description="whether alerts may name posts that are not released yet")

    @field_validator("smtp")
    @classmethod
    def _password_is_no_setting(cls, value: str) -> str:
        if not value.startswith("env:") and urlsplit(value).password:
            raise ValueError('a password does not belong into the settings file; write "env:NAME"')
        if not value.startswith(("env:", "smtp://", "smtps://")):
            raise ValueError("it must begin with smtp://, smtps:// or env:")
        return value


class Serve(_Table):
    """What the bot itself shows to the public over HTTP."""

    listen: str = Field(
        "",
        description='where `announce run` serves the public folder, for example "127.0.0.1:8080"; empty: it does not',
    )

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        if value:
            listen_address(value)
        return value


class Ledger(_Table):
    """The durable memory."""

    url: str = Field("sqlite:///var/ledger.db", description="where the ledger is kept")

    @field_validator("url")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        if not value.startswith("sqlite:///") or value == "sqlite:///":
            # Not quoted: it may hold a password.
            raise ValueError('it is not a ledger that this version knows; write for example "sqlite:///var/ledger.db"')
        return value


class _Settings(_Table):
    """The tables of `bot.toml`."""

    example: bool = Field(False, description="true: a worked example, refuses every server that is not on loopback")
    site: Site
    feeds: Feeds = Feeds()
    accounts: dict[str, Account] = Field(default_factory=dict)
    release: Release = Release()
    delivery: Delivery = Delivery()
    alerts: Alerts = Alerts()
    ledger: Ledger = Ledger()
    serve: Serve = Serve()


class Config(_Settings):
    """All settings, and the folder that relative paths count from."""

    root: Path = Field(exclude=True)
    path: Path = Field(exclude=True)

    @property
    def posts_folder(self) -> Path:
        return self.root / self.site.posts

    @property
    def assets_folder(self) -> Path:
        return self.root / self.site.assets

    @property
    def public_folder(self) -> Path:
        return self.root / self.feeds.folder

    @property
    def templates_folder(self) -> Path:
        return self.path.parent / "templates"

    @property
    def people_file(self) -> Path:
        return self.path.parent / "people.toml"

    @property
    def ledger_path(self) -> Path:
        return self.root / self.ledger.url.removeprefix("sqlite:///")

    def account_addresses(self) -> dict[str, str]:
        """Section name → the account's identity in the ledger."""
        return {name: account.address(name) for name, account in self.accounts.items()}


def load_config(path: Path = DEFAULT_PATH) -> Config:
    """Read and check the settings file.

    Raises ConfigError with everything that is wrong in it.
    """
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        fault = Fault(
            where="settings",
            problem="there is no such file.",
            remedy="Run the command in the project's folder, or name the file with --config FILE.",
        )
        raise ConfigError(path, [fault]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, [Fault(where="settings", problem=f"cannot be read: {error}.")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [Fault(where="settings", problem=f"is not valid TOML: {error}.")]) from None
    secrets = list(_planted_secrets(table))
    if secrets:
        raise ConfigError(path, secrets)
    # The settings' own names for where they lie are no settings.
    faults = [_unknown_key(key) for key in ("root", "path") if key in table]
    absolute = path.absolute()
    config: Config | None = None
    try:
        config = Config.model_validate({**table, "root": absolute.parent.parent, "path": absolute})
    except ValidationError as error:
        faults += _faults(error)
    faults += _faults_between(_sound_tables(table))
    if faults or config is None:
        raise ConfigError(path, faults)
    return config


def _sound_tables(table: Mapping[str, Any]) -> dict[str, Any]:
    """Those tables, and those accounts, that are right by themselves."""
    sound: dict[str, Any] = {"example": False, "accounts": {}}
    with suppress(ValidationError):
        sound["example"] = TypeAdapter(bool).validate_python(table.get("example", False))
    models: dict[str, type[_Table]] = {"feeds": Feeds, "delivery": Delivery, "ledger": Ledger}
    for name, model in models.items():
        with suppress(ValidationError):
            sound[name] = model.model_validate(table.get(name, {}))
    accounts = table.get("accounts")
    for name, account in accounts.items() if isinstance(accounts, dict) else ():
        with suppress(ValidationError):
            sound["accounts"][name] = Account.model_validate(account)
    return sound


def _faults_between(sound: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with tables that are right by themselves but do not go together."""
    accounts: Mapping[str, Account] = sound["accounts"]
    real = [name for name, account in accounts.items() if not is_loopback(account.server)]
    if real and sound["example"]:
        yield Fault(
            where=f"accounts.{real[0]}.server",
            problem="this is the worked example (example = true), which publishes to servers on this machine only; "
            "start your own settings instead.",
        )
    addresses: dict[str, str] = {}
    for name, account in accounts.items():
        other = addresses.setdefault(account.address(name), name)
        if other != name:
            yield Fault(where=f"accounts.{name}.acct", problem=f"is the same account as accounts.{other}; keep one.")
    ledger, feeds, delivery = sound.get("ledger"), sound.get("feeds"), sound.get("delivery")
    if ledger and feeds and Path(ledger.url.removeprefix("sqlite:///")).is_relative_to(feeds.folder):
        yield Fault(where="ledger.url", problem="lies in the public folder, where everybody could read it.")
    for field in ("lease", "settle") if real and delivery else ():
        if getattr(delivery, field) < getattr(Delivery(), field):
            yield Fault(
                where=f"delivery.{field}",
                problem="shorter than the default is only safe with servers on this machine.",
            )


def token_variable(name: str) -> str:
    """The environment variable that holds the token of the account in section `name`."""
    return "ANNOUNCE_TOKEN_" + "".join(letter if letter.isalnum() else "_" for letter in name).upper()


def _may_be_secret(where: str, value: object) -> bool:
    # A value that stands where an account's table should be may be a token; an address may carry a password.
    misplaced = where.startswith("accounts") and where.count(".") < 2
    misplaced = misplaced or where in ("alerts.webhook", "alerts.smtp")
    return misplaced or not isinstance(value, str | int | float) or "@" in str(value)


def _planted_secrets(table: Mapping[str, object]) -> Iterator[Fault]:
    accounts = table.get("accounts")
    for name, account in accounts.items() if isinstance(accounts, dict) else ():
        for key in account if isinstance(account, dict) else ():
            if key in ("token", "access_token", "password", "secret", "client_secret"):
                yield Fault(
                    where=f"accounts.{name}.{key}",
                    problem="secrets do not belong into the settings file, which ends up in a repository.",
                    remedy=f"Revoke it on the server, then set {token_variable(name)} or token_file instead.",
                )


def _faults(error: ValidationError) -> Iterator[Fault]:
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            yield _unknown_key(where)
        elif item["type"] == "missing":
            yield Fault(where=where, problem="is missing.", remedy=_description(where))
        elif item["type"] == "value_error" and not isinstance(item["input"], str):
            yield _fault_of_a_table(where, message)
        else:
            shown = "" if _may_be_secret(where, item["input"]) else f" (it is {item['input']!r})"
            words = _in_plain_words(item["type"], where, item.get("ctx", {}), message)
            yield Fault(where=where, problem=f"{words}{shown}.")


#: pydantic's kinds of error → words for people. {name} is what its context calls it.
_PLAIN_WORDS: Final = {
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false, without quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "tuple_type": 'must be a list such as ["one", "two"]',
    "path_type": "must be a path in quotes",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": 'must be a language\'s tag, for example "en" or "pt-BR"',
    "enum": "must be one of {expected}",
    "dict_type": "must be a table, written [{where}]",
    "model_type": "must be a table, written [{where}]",
    "model_attributes_type": "must be a table, written [{where}]",
}


def _in_plain_words(kind: str, where: str, context: Mapping[str, Any], message: str) -> str:
    if kind not in _PLAIN_WORDS:
        return f"{message[:1].lower()}{message[1:]}"
    return _PLAIN_WORDS[kind].format(where=where, **context)


def _fault_of_a_table(where: str, message: str) -> Fault:
    # Checks that compare several settings name theirs in front: "acct: is missing; ...".
    setting, colon, problem = message.partition(": ")
    if not colon or " " in setting:
        return Fault(where=where, problem=message + ".")
    return Fault(where=".".join(filter(None, (where, setting))), problem=problem + ".")


def _unknown_key(where: str) -> Fault:
    table, _, key = where.rpartition(".")
    known = list(_fields_of(table))
    near = difflib.get_close_matches(key, known, n=1)
    places = _tables_with(key) if not table else []
    if places:
        return Fault(where=where, problem="is not a setting.", remedy=f"It belongs under {' or '.join(places)}.")
    remedy = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(sorted(known))}."
    return Fault(where=where, problem="is not a setting.", remedy=remedy)


def _tables_with(key: str) -> list[str]:
    """The tables that know a setting of this name, as they are written."""
    return sorted(
        f"[{'accounts.NAME' if table == 'accounts' else table}]"
        for table in _Settings.model_fields
        if table != "example" and key in _fields_of(table)
    )


def _fields_of(table: str) -> Mapping[str, Any]:
    model: type[BaseModel] = _Settings
    for part in table.split(".") if table else ():
        field = model.model_fields.get(part)
        if part == "accounts" or field is None:
            return Account.model_fields
        assert isinstance(field.annotation, type)
        model = field.annotation
    # "import" is a word of Python's.
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _description(where: str) -> str:
    table, _, key = where.rpartition(".")
    field = _fields_of(table).get(key)
    return f"It is {field.description}." if field is not None and field.description else ""
