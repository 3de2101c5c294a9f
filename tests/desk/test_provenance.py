"""Records are for anybody who has their address; everything else stays closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from greenroom.ledger import Ledger
from greenroom.message import Message
from greenroom.provenance import Keyring, check_signature, read_record
from tests.desk.house import Clock, House
from tests.provenance.spoken import SECRET, WORDS, an_answer, notary, say

JSON_LD = {"Accept": "application/ld+json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def keys(tmp_path: Path, ledger: Ledger) -> Keyring:
    ring = Keyring(tmp_path / "keys")
    ledger.attestations.attest = notary(ring)
    return ring


@pytest.fixture
async def desk(ledger: Ledger, clock: Clock, keys: Keyring) -> AsyncIterator[House]:
    async with House.open(ledger, clock, public_keys=lambda: keys.names) as opened:
        yield opened


async def test_a_record_is_served_to_anybody(desk: House, ledger: Ledger, keys: Keyring) -> None:
    (one,) = await say(ledger)
    async with desk.client.get(f"/provenance/{one.id}", headers=JSON_LD) as answer:
        text = await answer.text()
        headers = answer.headers
    assert answer.status == 200
    assert text == one.record
    assert headers["Content-Type"].startswith("application/ld+json")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Vary"] == "Accept"
    assert all(one.holds for one in check_signature(read_record(text), keys.names))
    async with desk.client.get(
        f"/provenance/{one.id}", headers={**JSON_LD, "If-None-Match": headers["ETag"]}
    ) as again:
        assert (again.status, await again.text()) == (304, "")
        assert again.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_browser_gets_a_page_without_a_members_words(desk: House, ledger: Ledger) -> None:
    (one,) = await say(ledger, an_answer(sponsor="<b>Harbour</b> & Cafe"))
    async with desk.client.get(f"/provenance/{one.id}", headers=BROWSER) as answer:
        text = await answer.text()
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    for shown in ("Guide", "Harbour Team", "rules.md", "&lt;b&gt;Harbour&lt;/b&gt; &amp; Cafe"):
        assert shown in text
    for hidden in (SECRET, "mika", WORDS, "not a key of this desk"):
        assert hidden not in text


@pytest.mark.parametrize("id", ["0" * 8 + "-0000-0000-0000-" + "0" * 12, "x", "..%2fkey", "KEY"])
async def test_there_is_nothing_under_another_name(desk: House, id: str) -> None:  # noqa: A002
    async with desk.client.get(f"/provenance/{id}", headers=JSON_LD) as answer:
        assert answer.status in (401, 404)


@pytest.mark.parametrize("path", ["/", "/ledger", "/cases/1", "/provenance", "/provenance/"])
async def test_everything_else_stays_closed(desk: House, path: str) -> None:
    async with desk.client.get(path, headers=JSON_LD) as answer:
        assert answer.status in (401, 404)
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_record_cannot_be_changed_from_here(desk: House, ledger: Ledger) -> None:
    (one,) = await say(ledger)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        async with desk.client.request(method, f"/provenance/{one.id}") as answer:
            assert answer.status in (401, 403, 405)


async def test_the_keys_are_served_with_the_older_ones(desk: House, keys: Keyring) -> None:
    old = keys.name
    keys.rotate()
    async with desk.client.get("/provenance/key") as answer:
        document = await answer.json(content_type=None)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    named = [one["publicKeyMultibase"] for one in document["verificationMethod"]]
    assert named == [keys.name, old]
    assert document["assertionMethod"][0] == f"did:key:{keys.name}#{keys.name}"


async def test_a_case_links_the_record_of_what_was_said(desk: House, ledger: Ledger) -> None:
    await desk.sign_in()
    (one,) = await say(ledger)
    case = await desk.arrive(await _message(ledger, one.message))
    assert f'href="/provenance/{one.id}"' in await desk.get(f"/cases/{case}")


async def test_another_name_is_refused_here_too(desk: House, ledger: Ledger) -> None:
    (one,) = await say(ledger)
    headers = {**JSON_LD, "Host": "evil.example"}
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{desk.address}/provenance/{one.id}", headers=headers) as answer,
    ):
        assert answer.status == 403


async def _message(ledger: Ledger, key: str) -> Message:
    kept = await ledger.messages.get(key)
    assert kept is not None
    return replace(kept.message, revision="later")
