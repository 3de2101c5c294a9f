"""The SQLite file: one writing thread, free readers, one process."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock, Timeout
from sqlite_utils import Database

from greenroom.errors import ConfigError
from greenroom.ledger.schema import migrate
from greenroom.ledger.writer import Job, T, Writer

_READERS = 2
_CACHE_KIB = 8_000


class Store:
    """Opens, migrates and locks a ledger file; ``read`` and ``write`` cross to its threads.

    Args:
        path: The SQLite file; its folder is made if it is missing.
        queue_size: Writes that may wait before ``write`` itself waits.
        is_owner: False opens the file beside the process that runs on it, for a short
            errand such as a sign-in link.

    Raises:
        ConfigError: Another process has it open, a newer version wrote it, or it is no
            SQLite file.
    """

    def __init__(self, path: Path, *, queue_size: int = 1024, is_owner: bool = True) -> None:
        self.path = path
        _make_folder(path)
        self._lock = _locked(path) if is_owner else None
        try:
            _prepare(path)
        except BaseException:
            self._unlock()
            raise
        self._writer = Writer(lambda: _connect(path), queue_size=queue_size)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="ledger-reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    @property
    def writes_waiting(self) -> int:
        """Writes that no transaction has taken yet."""
        return self._writer.waiting

    async def write(self, job: Job[T]) -> T:
        """Run ``job`` in the next transaction; returns once it is on disk."""
        return await self._writer.submit(job)

    async def read(self, job: Job[T]) -> T:
        """Run ``job`` on a read-only connection; it sees every committed write.

        Raises:
            ConfigError: The file is damaged.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self._read(job))

    def look(self, job: Job[T]) -> T:
        """Run ``job`` on a read-only connection; blocks, for what is read while opening."""
        return self._readers.submit(lambda: self._read(job)).result()

    def close(self) -> None:
        """Finish the writes that wait, then close; blocks."""
        self._writer.close()
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        self._unlock()

    def _read(self, job: Job[T]) -> T:
        try:
            return job(self._reader())
        except sqlite3.DatabaseError as error:
            raise _unreadable(self.path, error) from error

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connect(self.path)
            connection.execute("PRAGMA query_only = 1")
            self._local.connection = connection
            self._connections.append(connection)
        return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # durable before we acknowledge
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _locked(path: Path) -> FileLock:
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(
            "is open in another Greenroom process",
            file=path,
            accepted="end that process first, or point ledger.path at another file",
        ) from error
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    return lock


def _prepare(path: Path) -> None:
    try:
        connection = _connect(path)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    try:
        migrate(Database(connection), path)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    finally:
        connection.close()


def _unwritable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"cannot be written: {reason}",
        file=path,
        accepted="make the file and its folder writable, or point ledger.path elsewhere",
    )


def _unreadable(path: Path, error: sqlite3.Error) -> ConfigError:
    if "readonly" in str(error):
        return _unwritable(path, str(error))
    return ConfigError(
        f"cannot be used as a ledger: {error}",
        file=path,
        accepted="restore it from a backup, or point ledger.path at another file",
    )
