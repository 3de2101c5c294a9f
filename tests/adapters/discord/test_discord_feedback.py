"""What members do about a reply on Discord finds its way back to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.experiments import FeedbackKind
from greenroom.ledger import Ledger
from greenroom.message import ActionKind, Event
from tests.adapters.discord.stage import Running
from tests.adapters.discord.test_events import THUMB, reaction
from tests.adapters.exchange import Exchange
from tests.platforms.discord.payloads import HELP, MEMBER, POST

DOWN = {"id": None, "name": "👎"}


@pytest.fixture
def exchange(stage: Running, tmp_path: Path) -> Iterator[Exchange]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Exchange(ledger, stage.adapter)
    ledger.close()


async def heard(stage: Running) -> Event:
    """What comes in next, beside what we posted ourselves."""
    while True:
        event = await stage.inbox.next()
        if event.message is None or not event.message.author.is_self:
            return event


@pytest.mark.parametrize("channel", [HELP, POST])
async def test_reactions_come_and_go(stage: Running, exchange: Exchange, channel: str) -> None:
    ref = await exchange.reply(await stage.received("how?", channel=channel), "Like this.")
    about = {"channel": channel, "message_id": ref.rpartition("/")[2]}
    gateway = stage.server.gateway
    await gateway.dispatch("MESSAGE_REACTION_ADD", reaction(THUMB, **about))
    (liked,) = await exchange.hear(await heard(stage))
    assert (liked.kind, liked.value) == (FeedbackKind.REACTION, 1)
    await gateway.dispatch("MESSAGE_REACTION_ADD", reaction(DOWN, by=MEMBER, **about))
    assert len(await exchange.hear(await heard(stage))) == 2
    await gateway.dispatch("MESSAGE_REACTION_REMOVE", reaction(THUMB, **about))
    assert [one.value for one in await exchange.hear(await heard(stage))] == [-1]


async def test_each_part_of_a_long_reply_is_the_reply(stage: Running, exchange: Exchange) -> None:
    ref = await exchange.reply(await stage.received("how?"), "A sentence. " * 400)
    ids = ref.rpartition("/")[2].split(",")
    assert len(ids) > 1
    payload = reaction(THUMB, message_id=ids[-1])
    await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", payload)
    assert len(await exchange.hear(await heard(stage))) == 1


async def test_a_reaction_to_something_else_is_none(stage: Running, exchange: Exchange) -> None:
    await exchange.reply(await stage.received("how?"), "Like this.")
    await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", reaction(THUMB))
    assert await exchange.hear(await heard(stage)) == []


async def test_a_direct_message_is_known_again(stage: Running, exchange: Exchange) -> None:
    ref = await exchange.reply(await stage.received("how?"), "Like this.", ActionKind.MESSAGE)
    channel, _, own = ref.partition("/")
    payload = reaction(
        THUMB, by=MEMBER, channel=channel, message_id=own, guild_id=None, member=None
    )
    await stage.server.gateway.dispatch("MESSAGE_REACTION_ADD", payload)
    assert len(await exchange.hear(await heard(stage))) == 1


async def test_a_reply_to_it_is_an_answer(stage: Running, exchange: Exchange) -> None:
    ref = await exchange.reply(await stage.received("how?"), "Like this.")
    own = ref.rpartition("/")[2]
    await stage.server.say("ah, thanks", message_reference={"message_id": own}, type=19)
    event = await heard(stage)
    kinds = [one.kind for one in await exchange.hear(event)]
    assert kinds == [FeedbackKind.ANSWER, FeedbackKind.THANKS]
