"""What members command: a person, a reason, an appeal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.backstage import commands
from greenroom.ledger import Judgement, Verdict
from greenroom.message import ActionKind, EventKind
from tests.backstage.stage import MODERATOR, OTHER_MODERATOR, Rehearsed, rehearsed
from tests.samples import NOON, a_message


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Rehearsed]:
    with rehearsed(tmp_path) as found:
        yield found


async def judge(stage: Rehearsed, case: int, verdict: Verdict, by: str = "kim") -> None:
    await stage.ledger.cases.judge(Judgement(case, verdict, by), NOON)


async def test_human_opens_a_case_about_what_was_said(stage: Rehearsed) -> None:
    assert await stage.command("human", "my post is gone") == commands.HUMAN
    ((case, message),) = await stage.ledger.cases.queue()
    assert (case.reason, message.text) == ("asked for a person", "/human my post is gone")


async def test_an_answer_goes_out_in_shadow_mode_too(tmp_path: Path) -> None:
    with rehearsed(tmp_path, mode="shadow") as stage:
        assert await stage.command("human") == commands.HUMAN


async def test_why_tells_what_was_done_and_the_reason(stage: Rehearsed) -> None:
    await stage.removed(a_message("you fool"))
    told = await stage.command("why")
    assert "you fool" in told
    assert "hold the message back" in told
    assert "insult" in told
    assert "/appeal" in told


async def test_why_knows_of_nothing_where_nothing_was_done(stage: Rehearsed) -> None:
    assert await stage.command("why") == commands.NOTHING
    await stage.removed(is_done=False)
    assert await stage.command("why", by="somebody-else") == commands.NOTHING


async def test_an_appeal_opens_a_case_with_what_the_author_says(stage: Rehearsed) -> None:
    first = await stage.removed()
    await judge(stage, first.id, Verdict.UPHOLD)
    assert await stage.command("appeal", "I was joking") == commands.APPEALED
    ((case, message),) = await stage.ledger.cases.queue()
    assert (message.text, case.severity) == ("you fool", "high")
    assert case.appeal is not None
    said = await stage.ledger.messages.get(case.appeal)
    assert said is not None
    assert said.message.text == "/appeal I was joking"
    assert "joking" not in case.reason


async def test_an_appeal_joins_the_case_that_is_open(stage: Rehearsed) -> None:
    case = await stage.removed()
    await stage.command("appeal", "please")
    ((same, _),) = await stage.ledger.cases.queue()
    assert same.id == case.id
    assert same.appeal is not None


async def test_one_appeal_is_enough(stage: Rehearsed) -> None:
    case = await stage.removed()
    await stage.command("appeal")
    assert await stage.command("appeal") == commands.TWICE
    await judge(stage, case.id, Verdict.UPHOLD)
    assert await stage.command("appeal") == commands.DECIDED.format("upheld")


async def test_nothing_done_is_nothing_to_appeal_against(stage: Rehearsed) -> None:
    assert await stage.command("appeal", "unfair") == commands.NO_APPEAL
    assert await stage.ledger.cases.queue() == []


async def test_a_colleague_decides_the_appeal(stage: Rehearsed) -> None:
    first = await stage.removed()
    await judge(stage, first.id, Verdict.UPHOLD, by="kim (discord u9)")
    other = await stage.removed(a_message("a different thing", id="m2"))
    await judge(stage, other.id, Verdict.UPHOLD, by="lee (discord u8)")
    await stage.command("appeal", "about the newest")
    ((case, _),) = await stage.ledger.cases.queue()
    value = await pressable(stage, "overturn")
    assert "a colleague decides it" in await stage.press(value, by=OTHER_MODERATOR)
    assert (await stage.press(value, by=MODERATOR)).startswith("Taken: Overturn.")
    closed = await stage.ledger.cases.get(case.id)
    assert closed is not None
    assert closed.verdict is Verdict.OVERTURN


async def test_who_is_alone_on_the_team_decides_all(stage: Rehearsed) -> None:
    first = await stage.removed()
    await judge(stage, first.id, Verdict.UPHOLD, by="kim (discord u9)")
    await stage.command("appeal")
    assert (await stage.press(await pressable(stage, "uphold"))).startswith("Taken: Uphold.")


async def test_an_unknown_command_is_told_what_there_is(stage: Rehearsed) -> None:
    assert await stage.command("dance") == commands.UNKNOWN


async def test_a_command_without_an_answer_is_recorded_all_the_same(stage: Rehearsed) -> None:
    said = a_message("/human", id="cmd")
    await stage.act(
        EventKind.COMMAND_GIVEN, said.author, message=said, command="human", respond=None
    )
    assert len(await stage.ledger.cases.queue()) == 1
    assert await stage.send("nothing") == []


async def pressable(stage: Rehearsed, choice: str) -> str:
    """The value of a button on the only open case's card."""
    from greenroom.backstage.cards import card_of

    ((case, message),) = await stage.ledger.cases.queue()
    effects = await stage.ledger.outbox.about(case.message)
    card = card_of(case, message, effects, stage.bot)
    (found,) = [one.value for one in card.buttons if one.value.split(":")[2] == choice]
    return found


def test_every_action_that_weighs_is_one_of_ours() -> None:
    assert ActionKind.REPLY not in commands._AGAINST
    assert ActionKind.BAN in commands._AGAINST
