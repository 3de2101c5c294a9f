"""What is typed is a message; what comes back cannot drive the terminal."""

from __future__ import annotations

import pytest

from greenroom.adapters.settings import TerminalSettings
from greenroom.adapters.terminal import TerminalAdapter
from greenroom.errors import DropMessage
from greenroom.message import Action, ActionKind, Event, Order
from tests.samples import NOON, a_message


async def test_lines_are_taken_in_until_the_input_ends() -> None:
    events: list[Event] = []

    async def intake(event: Event) -> bool:
        events.append(event)
        return True

    adapter = TerminalAdapter(
        "b", TerminalSettings(), lines=["hi\n", "  \n", "there\n"], clock=lambda: NOON
    )
    await adapter.run(intake)
    assert [event.message.text for event in events if event.message] == ["hi", "there"]
    assert len({event.key for event in events}) == 2


async def test_a_reply_is_shown_once_and_cannot_drive_the_terminal() -> None:
    shown: list[str] = []
    adapter = TerminalAdapter("b", TerminalSettings(), lines=[], show=shown.append)
    order = Order("k", Action(ActionKind.REPLY, text="red \x1b[31m\x07"), a_message())
    first = await adapter.perform(order)
    assert await adapter.perform(order) == first
    assert shown == ["red �[31m�"]


async def test_what_it_cannot_do_is_dropped() -> None:
    adapter = TerminalAdapter("b", TerminalSettings(), lines=[])
    with pytest.raises(DropMessage, match="cannot ban"):
        await adapter.perform(Order("k", Action(ActionKind.BAN), a_message()))
