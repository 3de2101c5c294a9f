"""A ledger file that cannot be used says why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from greenroom.errors import ConfigError
from greenroom.ledger import Ledger


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger.db")
    with pytest.raises(ConfigError, match="open in another Greenroom"):
        Ledger(tmp_path / "ledger.db")
    first.close()
    Ledger(tmp_path / "ledger.db").close()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.db").close()
    db = Database(tmp_path / "ledger.db")
    db["_sqlite_migrations"].insert(  # type: ignore[union-attr]
        {"migration_set": "greenroom", "name": "from_the_future", "applied_at": "2030-01-01"}
    )
    db.close()
    with pytest.raises(ConfigError, match=r"newer Greenroom.*from_the_future"):
        Ledger(tmp_path / "ledger.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("not a database at all, just some text" * 100)
    with pytest.raises(ConfigError, match="cannot be used as a ledger"):
        Ledger(tmp_path / "ledger.db")


async def test_a_file_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match="cannot be used as a ledger"):
        await Ledger(path).inbox.depth()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match=r"cannot be written: .*\n.*writable"):
        Ledger(tmp_path / "data" / "ledger.db")
