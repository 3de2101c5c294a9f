"""What members do about a reply in Slack finds its way back to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.experiments import FeedbackKind
from greenroom.ledger import Ledger
from greenroom.message import Event
from tests.adapters.exchange import Exchange
from tests.adapters.slack.stage import Running, event_body, said
from tests.platforms.slack.server import CHANNEL, MEMBER

ASKED = "1700000000.000100"


@pytest.fixture
def exchange(stage: Running, tmp_path: Path) -> Iterator[Exchange]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Exchange(ledger, stage.adapter)
    ledger.close()


async def received(stage: Running, event: dict[str, object], number: int) -> Event:
    await stage.deliver(event_body(event, f"Ev{number}"), f"e{number}")
    return await stage.inbox.next()


def reaction(ts: str, emoji: str, kind: str = "reaction_added", at: str = "5") -> dict[str, object]:
    return {
        "type": kind,
        "user": MEMBER,
        "reaction": emoji,
        "item": {"type": "message", "channel": CHANNEL, "ts": ts},
        "event_ts": f"170000000{at}.000200",
    }


async def test_reactions_come_and_go(stage: Running, exchange: Exchange) -> None:
    asked = (await received(stage, said("how?", ASKED), 1)).message
    assert asked is not None
    ts = await exchange.reply(asked, "Like this.")
    (liked,) = await exchange.hear(await received(stage, reaction(ts, "+1::skin-tone-3"), 2))
    assert (liked.kind, liked.value) == (FeedbackKind.REACTION, 1)
    back = reaction(ts, "+1::skin-tone-3", "reaction_removed", at="6")
    assert await exchange.hear(await received(stage, back, 3)) == []


async def test_what_goes_on_in_the_thread_is_an_answer(stage: Running, exchange: Exchange) -> None:
    asked = (await received(stage, said("how?", ASKED), 1)).message
    assert asked is not None
    await exchange.reply(asked, "Like this.")
    answer = said("that worked, thank you", "1700000060.000100", thread_ts=ASKED)
    kinds = [one.kind for one in await exchange.hear(await received(stage, answer, 2))]
    assert kinds == [FeedbackKind.ANSWER, FeedbackKind.THANKS]
    other = said("me too", "1700000070.000100", thread_ts=ASKED, user="U7")
    assert len(await exchange.hear(await received(stage, other, 3))) == 2
