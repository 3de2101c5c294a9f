"""What whoever holds a record can find out about it from the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from greenroom.company import gather, key_folder
from greenroom.ledger import Attestation, Ledger
from greenroom.provenance import Binder, Keyring, fingerprint, read_record, sign
from tests.cli.conftest import Greenroom
from tests.provenance.spoken import SECRET, WORDS, notary, say
from tests.samples import NOON, a_message

Said = tuple[Attestation, Keyring, Path]


@pytest.fixture
def said(greenroom: Greenroom, tmp_path: Path) -> Said:
    """A deployment in which a persona said something."""
    folder = tmp_path / "mine"
    assert greenroom("init", folder).code == 0
    deployment = gather(folder / "config.yaml", secrets=False).deployment
    keys = Keyring(key_folder(deployment))
    ledger = Ledger(deployment.path(deployment.config.ledger.path))
    ledger.attestations.attest = notary(keys)
    try:
        (one,) = asyncio.run(say(ledger))
    finally:
        ledger.close()
    return one, keys, folder


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_a_stranger_verifies_offline(greenroom: Greenroom, said: Said, tmp_path: Path) -> None:
    one, keys, _ = said
    record = written(tmp_path / "record.json", one.record)
    text = written(tmp_path / "said.txt", WORDS)
    pem = keys.folder / "public" / f"{keys.name}.pem"
    for key in (pem, f"did:key:{keys.name}", keys.name, fingerprint(keys.name)):
        ended = greenroom("provenance", "verify", record, "--text", text, "--key", key)
        assert ended.code == 0, ended.out
        assert [line[:5] for line in ended.out.splitlines()] == ["holds"] * 3
    ended = greenroom("provenance", "verify", record)
    assert (ended.code, "was not checked" in ended.out) == (0, True)


def test_what_does_not_hold_is_told(greenroom: Greenroom, said: Said, tmp_path: Path) -> None:
    one, _, _ = said
    record = written(tmp_path / "record.json", one.record)
    other = Keyring(tmp_path / "other")
    wrong_text = written(tmp_path / "other.txt", WORDS.replace("kind", "rude"))
    ended = greenroom("provenance", "verify", record, "--text", wrong_text)
    assert (ended.code, "FAILS  text: is not what was said" in ended.out) == (1, True)
    for key in (other.name, fingerprint(other.name)):
        ended = greenroom("provenance", "verify", record, "--key", key)
        assert (ended.code, "FAILS  key: is none of those" in ended.out) == (1, True)
    changed = written(tmp_path / "changed.json", one.record.replace("Harbour", "Harbor"))
    ended = greenroom("provenance", "verify", changed)
    assert (ended.code, "FAILS  signature" in ended.out) == (1, True)
    ended = greenroom("provenance", "verify", written(tmp_path / "no.json", "\x1b[31m{"))
    assert (ended.code, "FAILS  record: it is no JSON" in ended.out) == (1, True)
    assert greenroom("provenance", "verify", tmp_path / "missing.json").code == 2


def test_in_its_deployment_key_and_files_are_compared(
    greenroom: Greenroom, said: Said, tmp_path: Path
) -> None:
    one, keys, folder = said
    config = folder / "config.yaml"
    right = gather(config, secrets=False).versions["guide"]
    record = {k: v for k, v in read_record(one.record).items() if k != "proof"}
    record["prov:wasAttributedTo"]["schema:softwareVersion"] = right
    signed = sign(record, keys.current, created=NOON)
    file = written(tmp_path / "record.json", json.dumps(signed, indent=3))
    ended = greenroom("provenance", "verify", file, "--config", config)
    assert ended.code == 0, ended.out
    assert [line[:5] for line in ended.out.splitlines()] == ["holds"] * 3
    guide = folder / "personas" / "guide.yaml"
    guide.write_text(guide.read_text() + "\n# changed\n")
    ended = greenroom("provenance", "verify", file, "--config", config)
    assert (ended.code, "open   persona: the files of guide here have changed" in ended.out) == (
        0,
        True,
    )


def test_show_gives_the_record_and_the_salt(
    greenroom: Greenroom, said: Said, tmp_path: Path
) -> None:
    one, _, folder = said
    config = folder / "config.yaml"
    for what in (one.id, a_message().key, f"https://desk.example/provenance/{one.id}"):
        ended = greenroom("provenance", "show", what, "--config", config)
        assert ended.code == 0
        assert json.loads(ended.out) == json.loads(one.record)
        assert f"--salt {one.salt}" in ended.err
    file = written(tmp_path / "shown.json", ended.out)
    answered = written(tmp_path / "answered.txt", SECRET)
    ended = greenroom("provenance", "verify", file, "--answered", answered, "--salt", one.salt)
    assert (ended.code, "holds  answered message" in ended.out) == (0, True)
    assert greenroom("provenance", "verify", file, "--answered", answered).code == 2
    ended = greenroom("provenance", "show", "discord:1:2:3", "--config", config)
    assert (ended.code, "nothing was said" in ended.err) == (1, True)


def test_export_is_one_record_a_line(greenroom: Greenroom, said: Said) -> None:
    one, _, folder = said
    config = folder / "config.yaml"
    assert greenroom("provenance", "export", "--config", config).out == f"{one.record}\n"
    assert greenroom("provenance", "export", "--since", "1h", "--config", config).code == 0
    assert greenroom("provenance", "export", "--since", "soon", "--config", config).code == 2


def test_keys_are_shown_and_rotated(greenroom: Greenroom, said: Said, tmp_path: Path) -> None:
    one, keys, folder = said
    config = folder / "config.yaml"
    assert fingerprint(keys.name) in greenroom("provenance", "key", "--config", config).out
    fresh = greenroom("provenance", "rotate", "--config", config).out
    assert keys.name not in fresh
    listed = greenroom("provenance", "key", "--config", config).out.splitlines()
    assert [line.split()[0] for line in listed] == [fresh.split()[0], f"did:key:{keys.name}"]
    record = written(tmp_path / "record.json", one.record)
    ended = greenroom("provenance", "verify", record, "--config", config)
    assert "holds  key: is the one" in ended.out


def test_a_text_alone_is_checked_by_its_manifest(
    greenroom: Greenroom, said: Said, tmp_path: Path
) -> None:
    _, keys, folder = said
    bound = Binder(keys).bind(WORDS, title="Guide")
    text = written(tmp_path / "bound.txt", bound)
    ended = greenroom("provenance", "verify", "--text", text, "--config", folder / "config.yaml")
    assert (ended.code, [line[:5] for line in ended.out.splitlines()]) == (0, ["holds", "holds"])
    ended = greenroom("provenance", "verify", "--text", written(tmp_path / "nl.txt", f"{bound}\n"))
    assert (ended.code, "on no trust list" in ended.out) == (0, True)
    ended = greenroom("provenance", "verify", "--text", written(tmp_path / "x.txt", f"{bound}x"))
    assert (ended.code, "FAILS  C2PA: the manifest does not fit" in ended.out) == (1, True)
    ended = greenroom("provenance", "verify", "--text", written(tmp_path / "no.txt", WORDS))
    assert (ended.code, "no manifest in the text" in ended.out) == (1, True)
    assert greenroom("provenance", "verify").code == 2


def test_before_the_first_run_there_is_no_key(greenroom: Greenroom, tmp_path: Path) -> None:
    greenroom("init", tmp_path)
    for command in ("key", "rotate"):
        ended = greenroom("provenance", command, "--config", tmp_path / "config.yaml")
        assert (ended.code, "no signing key yet" in ended.err) == (2, True)
    ended = greenroom("provenance", "export", "--config", tmp_path / "config.yaml")
    assert (ended.code, "no ledger yet" in ended.err) == (2, True)


def test_a_record_is_read_from_its_address(greenroom: Greenroom, said: Said) -> None:
    one, _, _ = said

    def check(address: str) -> None:
        ended = greenroom("provenance", "verify", f"{address}/there")
        assert (ended.code, "holds  signature" in ended.out) == (0, True)
        ended = greenroom("provenance", "verify", f"{address}/gone")
        assert (ended.code, "answers 404" in ended.out) == (1, True)

    asyncio.run(_served(one.record, check))


async def _served(record: str, check: Callable[[str], None]) -> None:
    async with _site(record) as address:
        await asyncio.to_thread(check, address)


@asynccontextmanager
async def _site(record: str) -> AsyncIterator[str]:
    async def there(request: web.Request) -> web.Response:
        assert request.headers["Accept"] == "application/ld+json"
        return web.Response(text=record, content_type="application/ld+json")

    app = web.Application()
    app.router.add_get("/there", there)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
