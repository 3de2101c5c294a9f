"""The key is made once, is the owner's alone, and is never replaced in silence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from greenroom.errors import ConfigError
from greenroom.ledger import Ledger
from greenroom.provenance import Keyring, known_keys, lost_key_warning, verify
from tests.provenance.spoken import a_record


def test_a_key_is_made_once(tmp_path: Path) -> None:
    first, second = Keyring(tmp_path / "keys"), Keyring(tmp_path / "keys")
    assert (first.is_new, second.is_new) == (True, False)
    assert first.name == second.name
    assert second.names == (first.name,)
    mode = (tmp_path / "keys" / "signing.pem").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert not list((tmp_path / "keys").glob("*.new"))


async def test_after_a_rotation_old_records_verify(ledger: Ledger, keys: Keyring) -> None:
    record = await a_record(ledger)
    old = keys.name
    keys.rotate()
    assert keys.name != old
    assert list(keys.names) == [keys.name, old]
    assert set(known_keys(keys.folder)) == {keys.name, old}
    assert verify(record) in keys.names
    assert Keyring(keys.folder).name == keys.name


async def test_a_lost_key_is_told(ledger: Ledger, keys: Keyring) -> None:
    assert lost_key_warning(keys, 0) is None
    record = await a_record(ledger)
    (keys.folder / "signing.pem").unlink()
    again = Keyring(keys.folder)
    warning = lost_key_warning(again, await ledger.attestations.count())
    assert warning is not None
    assert "1 records" in warning
    assert verify(record) in again.names
    assert lost_key_warning(Keyring(keys.folder), 1) is None


def test_a_key_that_others_can_read_is_refused(keys: Keyring) -> None:
    (keys.folder / "signing.pem").chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others"):
        Keyring(keys.folder)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_and_kept(keys: Keyring, text: str) -> None:
    path = keys.folder / "signing.pem"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cannot be read"):
        Keyring(keys.folder)
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        Keyring(tmp_path / "keys")
