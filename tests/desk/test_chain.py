"""The ledger page shows the record and checks the chain when asked."""

from __future__ import annotations

from tests.desk.house import House
from tests.samples import a_message


async def check(house: House) -> str:
    async with house.client.post("/ledger/check", data={"csrf": await house.csrf()}) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_the_newest_entries_come_first_by_hundreds(house: House) -> None:
    await house.sign_in()
    for _ in range(60):
        await house.arrive()  # two entries each
    newest = await house.get("/ledger")
    assert newest.index(">120</td>") < newest.index(">21</td>")
    assert ">20</td>" not in newest
    assert 'href="/ledger?before=21">Older entries' in newest
    older = await house.get("/ledger?before=21")
    assert older.index(">20</td>") < older.index(">1</td>")
    assert "Older entries" not in older


async def test_the_record_of_one_message_can_be_asked_for(house: House) -> None:
    await house.sign_in()
    first, _ = await house.arrive(), await house.arrive()
    key = (await house.case(first)).message
    page = await house.get(f"/ledger?about={key}")
    assert page.count("<tr>") == 3  # its head and two entries
    assert "m2" not in page
    assert "No entry about that message" in await house.get("/ledger?about=nothing")


async def test_a_whole_chain_is_said_to_be_whole(house: House) -> None:
    await house.sign_in()
    await house.arrive()
    assert "The chain is whole" not in await house.get("/ledger")
    assert "The chain is whole" in await check(house)


async def test_a_changed_entry_is_found(house: House) -> None:
    await house.sign_in()
    await house.arrive()
    await house.arrive(a_message(id="other"))
    store = house.ledger.record._store
    await store.write(lambda c: c.execute("UPDATE entries SET by = 'someone' WHERE seq = 3"))
    assert "broken at entry 3" in await check(house)
