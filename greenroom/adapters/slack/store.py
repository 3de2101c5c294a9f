"""The tokens of the workspaces that installed the app, encrypted in one file."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from greenroom.adapters.slack.payload import Payload, part, word
from greenroom.adapters.slack.web import Tokens
from greenroom.errors import ConfigError

KEY_HINT: Final = (
    "32 random bytes as `openssl rand -base64 32` makes them; with several, the newest first"
)
KEY_BYTES: Final = 32
MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Installed:
    """One workspace that installed the app."""

    team_id: str
    team: str
    tokens: Tokens
    installer: str | None = None  # whose admin token it is


class InstallStore:
    """Reads and writes the file; each change is on disk before it counts.

    Each workspace is one Fernet token (AES-CBC with HMAC), in which its id stands as well,
    so that entries cannot change places.
    """

    def __init__(self, path: Path, keys: str) -> None:
        """Open it with its keys.

        Raises:
            ConfigError: A key is none.
        """
        self._path = path
        fernets = [Fernet(key) for key in read_keys(keys)]
        self._fernet = MultiFernet(fernets)
        self._is_changing_keys = len(fernets) > 1
        self._known: dict[str, Installed] = {}
        self._lock = asyncio.Lock()

    async def load(self) -> list[Installed]:
        """All workspaces; none where there is no file yet. Old keys are not needed after it.

        Raises:
            ConfigError: The file cannot be read, with these keys or at all.
        """
        async with self._lock:
            self._known = await asyncio.to_thread(self._read)
            if self._known and self._is_changing_keys:
                await asyncio.to_thread(self._write)
            return list(self._known.values())

    async def put(self, installed: Installed) -> None:
        """Add a workspace, or give it other tokens.

        Raises:
            ConfigError: The file cannot be written.
        """
        async with self._lock:
            self._known[installed.team_id] = installed
            await asyncio.to_thread(self._write)

    async def remove(self, team_id: str) -> None:
        """Forget a workspace and its tokens.

        Raises:
            ConfigError: The file cannot be written.
        """
        async with self._lock:
            if self._known.pop(team_id, None) is not None:
                await asyncio.to_thread(self._write)

    async def forget_admin(self, team_id: str, users: frozenset[str]) -> bool:
        """Forget the token of whoever lent it, if it is one of ``users``."""
        known = self._known.get(team_id)
        if known is None or known.tokens.admin is None or known.installer not in users:
            return False
        await self.put(replace(known, tokens=replace(known.tokens, admin=None), installer=None))
        return True

    def _read(self) -> dict[str, Installed]:
        try:
            written = json.loads(self._path.read_bytes())
            entries = part(part(written).get("installs"))
            found = [self._decrypted(team_id, entry) for team_id, entry in entries.items()]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, InvalidToken) as error:
            raise ConfigError(
                f"the store of Slack installs cannot be read: {type(error).__name__} {error}",
                file=self._path,
                accepted="install.key with which it was written; or move the file away and let "
                "the workspaces install anew",
            ) from error
        return {installed.team_id: installed for installed in found}

    def _decrypted(self, team_id: str, entry: object) -> Installed:
        if not isinstance(entry, str):
            raise ValueError(f"the entry {team_id!a} is no text")  # noqa: TRY004 (as json's)
        known = part(json.loads(self._fernet.decrypt(entry)))
        bot = word(known, "bot")
        if word(known, "team_id") != team_id or bot is None:
            raise ValueError(f"the entry {team_id!a} is another workspace's")
        return Installed(
            team_id,
            word(known, "team") or team_id,
            Tokens(bot, word(known, "admin")),
            word(known, "installer"),
        )

    def _write(self) -> None:
        entries = {team_id: self._encrypted(one) for team_id, one in self._known.items()}
        whole = json.dumps({"version": 1, "installs": entries}, indent=1).encode()
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
            with os.fdopen(number, "wb") as file:
                file.write(whole)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            raise ConfigError(
                f"the store of Slack installs cannot be written: {error.strerror or error}",
                file=self._path,
                accepted="a folder that Greenroom may write to (install.store)",
            ) from error

    def _encrypted(self, installed: Installed) -> str:
        known: Payload = {
            "team_id": installed.team_id,
            "team": installed.team,
            "bot": installed.tokens.bot,
            "admin": installed.tokens.admin,
            "installer": installed.installer,
        }
        return self._fernet.encrypt(json.dumps(known).encode()).decode()


def read_keys(keys: str) -> list[bytes]:
    """Fernet's keys, from one or several with commas between them.

    Raises:
        ConfigError: One is none.
    """
    found = [_key(given.strip()) for given in keys.split(",") if given.strip()]
    if not found:
        raise ConfigError("install.key is empty", accepted=KEY_HINT)
    return found


def _key(given: str) -> bytes:
    try:
        raw = base64.b64decode(given.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ConfigError("install.key is no key", accepted=KEY_HINT)
    return base64.urlsafe_b64encode(raw)
