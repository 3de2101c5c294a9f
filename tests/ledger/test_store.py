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
