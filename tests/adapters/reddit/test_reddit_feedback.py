"""What members answer to a reply on Reddit finds its way back to it; nobody tells who voted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.experiments import FeedbackKind
from greenroom.ledger import Ledger
from greenroom.message import Message
from tests.adapters.exchange import Exchange
from tests.adapters.reddit.stage import Running


@pytest.fixture
def exchange(stage: Running, tmp_path: Path) -> Iterator[Exchange]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Exchange(ledger, stage.adapter)
    ledger.close()


async def test_a_comment_under_it_is_an_answer(
    stage: Running, exchange: Exchange, comment: Message
) -> None:
    ref = await exchange.reply(comment, "Like this.")
    ours = stage.server.things[ref]
    stage.server.comment("this helped, thank you", under=ours, author="other")
    events = [
        event
        for event in await stage.look()
        if event.message is not None and event.message.reply_to == ref
    ]
    assert [event.message and event.message.author.name for event in events] == ["other"]
    kinds = [one.kind for one in await exchange.hear(events[0])]
    assert kinds == [FeedbackKind.ANSWER, FeedbackKind.THANKS]
