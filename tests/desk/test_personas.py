"""The personas page: figures, experiments, and pauses that count at once."""

from __future__ import annotations

import pytest

from greenroom.experiments import Experiment, FeedbackKind
from tests.desk.house import House
from tests.talk import Talk

K = FeedbackKind


async def press(
    house: House,
    way: str,
    persona: str | None = None,
    *,
    csrf: str | None = None,
    status: int = 303,
) -> str:
    data = {"csrf": csrf if csrf is not None else await house.csrf()}
    if persona is not None:
        data["persona"] = persona
    async with house.client.post(f"/personas/{way}", data=data, allow_redirects=False) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


@pytest.fixture
async def talk(house: House) -> Talk:
    await house.sign_in()
    house.cast |= {"guide": {}, "warden": {}}
    return Talk(house.ledger, house.clock())


async def test_a_stranger_sees_and_pauses_nothing(house: House) -> None:
    house.cast["guide"] = {}
    assert "You are not signed in" in await house.get("/personas", status=401)
    await press(house, "pause", "guide", csrf="", status=401)
    assert await house.ledger.pauses.all() == {}


async def test_a_form_of_another_sign_in_pauses_nothing(house: House, talk: Talk) -> None:
    await press(house, "pause", "guide", csrf="other", status=403)
    assert await house.ledger.pauses.all() == {}


async def test_figures_stand_by_persona_and_version(house: House, talk: Talk) -> None:
    await talk.say((K.ANSWER, 0.8), (K.THANKS, None), version="version-one")
    await talk.say((K.ANSWER, -0.8), version="version-one")
    await talk.say(version="version-two")
    house.clock.move(hours=1)
    shown = await house.get("/personas")
    assert shown.index("version-two") < shown.index("version-one")
    assert "50%" in shown
    assert "9% to 91%" in shown  # Wilson's, of 1 of 2
    assert "+0.00" in shown
    house.clock.move(days=40)
    await house.sign_in()
    assert "Said nothing in 30 days." in await house.get("/personas")
    assert "version-two" in await house.get("/personas?days=all")
    await house.get("/personas?days=1", status=404)


async def test_an_experiment_says_in_plain_words_where_it_stands(house: House, talk: Talk) -> None:
    house.cast["guide"] = {
        "greeting": Experiment(variants={"a": "Hi", "b": "Hello"}, measure="thanks", min_n=20)
    }
    assert "needs 20 conversations, and one has 0" in await house.get("/personas")
    for _ in range(20):
        await talk.say(experiment="greeting", variant="a")
        await talk.say((K.ANSWER, 0.9), (K.THANKS, None), experiment="greeting", variant="b")
    assert "needs 20 conversations" in await house.get("/personas")  # their time is not over
    house.clock.move(hours=1)
    shown = await house.get("/personas")
    assert "Stop: “b” wins on “thanked”." in shown
    assert "points" in shown


async def test_a_persona_is_paused_and_resumed(house: House, talk: Talk) -> None:
    await press(house, "pause", "guide")
    pauses = await house.ledger.pauses.all()
    assert {name: pause.by for name, pause in pauses.items()} == {"guide": "kim"}
    shown = await house.get("/personas")
    assert "It says and does nothing" in shown
    assert "Paused, so saying and doing nothing: guide." in await house.get("/")
    assert "Persona paused" in await house.get("/ledger")
    await press(house, "resume", "guide")
    assert await house.ledger.pauses.all() == {}
    assert "Persona back on stage" in await house.get("/ledger")


async def test_all_are_paused_by_one_button(house: House, talk: Talk) -> None:
    await press(house, "pause")
    assert set(await house.ledger.pauses.all()) == {"guide", "warden"}
    del house.cast["warden"]  # its file is gone: it can still be let go
    await press(house, "resume", "warden")
    await press(house, "resume")
    assert await house.ledger.pauses.all() == {}


async def test_nobody_else_can_be_paused(house: House, talk: Talk) -> None:
    await press(house, "pause", "nobody", status=404)
    await press(house, "resume", "nobody", status=404)
    assert await house.ledger.entries.latest() == []


async def test_hostile_names_are_text(house: House, talk: Talk) -> None:
    bad = "<script>alert(1)</script>"
    await talk.say(persona=bad, version=bad, experiment=bad, variant=bad)
    house.clock.move(hours=1)
    shown = await house.get("/personas")
    assert bad not in shown
    assert "&lt;script&gt;" in shown
