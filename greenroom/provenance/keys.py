"""The deployment's signing key, in a folder beside the ledger, and the keys it had before.

``signing.pem`` is the private key (PKCS #8, mode 0600). ``public/`` holds the public key of every
key there ever was, so that what an old one signed can be told from what a stranger signed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from greenroom.errors import ConfigError
from greenroom.provenance.proof import multikey

FILE: Final = "signing.pem"
PUBLIC: Final = "public"
MODE: Final = 0o600


class Keyring:
    """The key that signs, and the public keys of all that did.

    Attributes:
        current: The key that signs.
        is_new: True if it was made just now.
    """

    def __init__(self, folder: Path) -> None:
        """Open the folder; the first time, make a key.

        Raises:
            ConfigError: The key cannot be read or written, is none, or others may read it.
        """
        self.folder = folder
        self.is_new = not (folder / FILE).exists()
        self.current = self._make() if self.is_new else self._read()
        self._publish()

    @property
    def name(self) -> str:
        """The public key that signs, as a Multikey."""
        return multikey(self.current.public_key())

    @property
    def names(self) -> Sequence[str]:
        """Every public key, as Multikeys: the one that signs, then the older ones."""
        return (self.name, *(one for one in known_keys(self.folder) if one != self.name))

    def rotate(self) -> None:
        """Sign with a new key from now on; the old private key is gone for good.

        Raises:
            ConfigError: The folder cannot be written.
        """
        self.current = self._make()
        self._publish()

    def _make(self) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_whole(self.folder / FILE, pem)
        return key

    def _read(self) -> Ed25519PrivateKey:
        path = self.folder / FILE
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise _unusable(path, f"cannot be read: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _unusable(path, "is no Ed25519 key")
        if mode & 0o077:
            raise ConfigError(
                f"can be read by others (mode {mode:o})", file=path, accepted=f"chmod 600 {path}"
            )
        return key

    def _publish(self) -> None:
        path = self.folder / PUBLIC / f"{self.name}.pem"
        if not path.exists():
            pem = self.current.public_key().public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            )
            write_whole(path, pem)


def known_keys(folder: Path) -> list[str]:
    """The Multikeys in a key folder's ``public/``, the newest file first; none without it."""
    files = sorted(
        (folder / PUBLIC).glob("*.pem"), key=lambda path: (-path.stat().st_mtime_ns, path.name)
    )
    return [read_public(path) for path in files]


def read_public(path: Path) -> str:
    """The Multikey of a PEM file.

    Raises:
        ConfigError: It is no public key of Ed25519.
    """
    try:
        return multikey(load_pem_public_key(path.read_bytes()))  # type: ignore[arg-type]  # checked by what it lacks
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"is no public key: {error}", file=path) from error


def write_whole(path: Path, pem: bytes) -> None:
    """Write a PEM file whole or not at all, for its owner alone from the first byte on.

    Raises:
        ConfigError: It cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with os.fdopen(number, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror or error}",
            file=path,
            accepted="make the folder of the ledger writable",
        ) from error


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        why,
        file=path,
        accepted="restore it from a backup; or move it away, and the next start makes a new key",
    )
