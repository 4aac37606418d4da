"""Settings and tokens that change while the bot is up: taken up when they are right, told of when they are not."""

from __future__ import annotations

from bot.config import Config, load_config
from bot.errors import ConfigError
from bot.posts.listing import FileState, state_of
from bot.tokens import token_file


class SettingsFile:
    """The file that the settings in force were read from, and the files of the accounts' tokens."""

    def __init__(self, config: Config) -> None:
        self._config = config
        # Not what is there now: it may have changed since it was read.
        self._seen = None if self._bytes() is None else b""
        self._tokens = self._token_states()
        self._broken = ""

    def news(self) -> Config | str:
        """Settings to begin anew with: others that are right, or the same after a new login. Else what to say about
        the file, empty if there is nothing new.
        """
        tokens = self._token_states()
        if tokens != self._tokens:
            self._tokens = tokens
            return self._config
        now = self._bytes()
        if now == self._seen:
            return ""
        self._seen = now
        try:
            config = load_config(self._config.path)
        except ConfigError as error:
            self._broken = f"the settings have changed and cannot be used; the bot goes on with the old ones: {error}"
            return self._broken
        if config != self._config:
            return config
        mended, self._broken = bool(self._broken), ""
        return "the settings are as the bot knows them again" if mended else ""

    def _token_states(self) -> list[FileState | None]:
        root = self._config.root
        return [state_of(root / token_file(name, account)) for name, account in self._config.accounts.items()]

    def _bytes(self) -> bytes | None:
        try:
            return self._config.path.read_bytes()
        except OSError:
            return None
