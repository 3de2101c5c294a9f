"""Interactions: acknowledged in time whatever the load, answered once, and never fatal."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from greenroom.adapters.discord.acts import GONE, THANKS
from greenroom.adapters.discord.custom_ids import Ref, of_report
from greenroom.adapters.discord.interactions import PATIENCE_S, SLOW
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Action, ActionKind, Event, EventKind, Message, Order
from tests.adapters.contract import WAIT_S
from tests.adapters.discord.stage import Running, Sleeps, adapter_for, running
from tests.platforms.discord.interactions import (
    COMMAND,
    COMPONENT,
    DEADLINE_S,
    DEFERRED,
    MODAL,
    SAID,
    Interaction,
)
from tests.platforms.discord.payloads import HELP, MEMBER, USERS, member
from tests.platforms.discord.server import DIRECT, DiscordServer
from tests.platforms.faults import Fault

BUTTON = {"custom_id": "gr.b:case:7:dismiss:0123abcd", "component_type": 2}
WHY = {"id": "1", "name": "why", "type": 1}


async def told(given: Interaction) -> None:
    """Wait until the bot has acknowledged it."""
    async with asyncio.timeout(WAIT_S):
        await given.told.wait()


def answer(given: Interaction, text: str | None = "so", *, key: str = "a1", **more: Any) -> Order:
    """An answer to it; what it is about plays no part."""
    about = Message.__new__(Message)
    action = Action(ActionKind.ANSWER, text=text, ref=given.respond)
    return Order(key, action, about, **more)


# -- in time -------------------------------------------------------------------------------


async def test_press_during_a_slow_intake_is_acknowledged_and_kept(server: DiscordServer) -> None:
    assert PATIENCE_S < DEADLINE_S
    async with running(server, patience_s=0.1) as stage:
        stage.inbox.open.clear()
        for number in range(100):  # a backlog in the very channel
            await server.say(f"message {number}")
        given = await server.interactions.act(COMPONENT, BUTTON)
        await told(given)
        assert given.after_s < DEADLINE_S
        assert given.callback is not None
        assert given.callback["type"] == SAID
        assert given.shown is not None
        assert given.shown["content"] == SLOW
        assert given.is_ephemeral
        assert stage.inbox.events.empty()
        stage.inbox.open.set()
        events = [await stage.inbox.next() for _ in range(101)]
        (pressed,) = [event for event in events if event.kind is EventKind.BUTTON_PRESSED]
        assert pressed.id == given.id
        await stage.adapter.perform(answer(given, "Taken."))
    assert given.shown is not None
    assert given.shown["content"] == "Taken."


async def test_report_that_is_stored_late_is_thanked_for_then(server: DiscordServer) -> None:
    async with running(server, patience_s=0.05) as stage:
        about = await stage.received("free nitro")
        stage.inbox.open.clear()
        reason = {"custom_id": of_report(Ref(HELP, about.id)), "components": []}
        given = await server.interactions.act(MODAL, reason)
        await told(given)
        assert given.shown is not None
        assert given.shown["content"] == SLOW
        stage.inbox.open.set()
        assert (await stage.inbox.next()).kind is EventKind.MESSAGE_REPORTED
        async with asyncio.timeout(WAIT_S):
            await given.answered.wait()
        assert given.shown["content"] == THANKS


async def test_report_of_what_is_found_gone_late_says_so_then(server: DiscordServer) -> None:
    async with running(server, patience_s=0.05) as stage:
        server.gateway.ordered.order(Fault.DELAY)
        reason = {"custom_id": of_report(Ref(HELP, "77")), "components": []}
        given = await server.interactions.act(MODAL, reason)
        async with asyncio.timeout(WAIT_S):
            await given.answered.wait()
        assert given.shown is not None
        assert given.shown["content"] == GONE
        assert stage.inbox.events.empty()


async def test_acknowledgement_waits_for_the_intake(stage: Running) -> None:
    stage.inbox.open.clear()
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await stage.inbox.entered.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    assert given.callback is None
    stage.inbox.open.set()
    await told(given)
    assert given.callback is not None


@pytest.mark.parametrize("status", [500, 503])
async def test_acknowledgement_that_fails_is_tried_again(stage: Running, status: int) -> None:
    for _ in range(2):
        stage.server.fail(status)
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    assert given.after_s < DEADLINE_S - 1


async def test_acknowledgement_whose_answer_is_lost_is_enough(
    stage: Running, caplog: pytest.LogCaptureFixture
) -> None:
    stage.server.lose()
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    await stage.inbox.next()
    await stage.adapter.perform(answer(given))
    assert given.shown is not None
    assert "does not take" not in caplog.text


async def test_acknowledgement_needs_no_token_and_no_global_limit(server: DiscordServer) -> None:
    async with running(server, call_timeout_s=2.0) as stage:
        about = await stage.received("hello")
        server.fail(429, text="slow down", retry_after=20.0, **{"global": True})
        reply = Order("k1", Action(ActionKind.REPLY, text="so"), about)
        waiting = asyncio.ensure_future(stage.adapter.perform(reply))
        while server.faults:
            await asyncio.sleep(0)
        given = await server.interactions.act(COMPONENT, BUTTON)
        await told(given)
        assert given.after_s < 1
        assert not waiting.done()
        await stage.adapter.perform(answer(given))
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_cancelling_stores_and_acknowledges_what_was_pressed(server: DiscordServer) -> None:
    async with running(server) as stage:
        stage.inbox.open.clear()
        given = await server.interactions.act(COMPONENT, BUTTON)
        await stage.inbox.entered.wait()
        stage.run.cancel()
        for _ in range(100):  # turns of the loop in which it could end too early
            await asyncio.sleep(0)
        stage.inbox.open.set()
        await asyncio.wait([stage.run])
    assert stage.inbox.events.get_nowait().id == given.id
    assert given.callback is not None


async def test_failing_intake_ends_the_run_with_its_error(server: DiscordServer) -> None:
    async def full(_: Event) -> bool:
        raise OSError("disk full")

    adapter = adapter_for(server, Sleeps())
    run = asyncio.ensure_future(adapter.run(full))
    await adapter.ready.wait()
    await server.interactions.act(COMPONENT, BUTTON)
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(OSError, match="disk full"):
            await run


# -- answers -------------------------------------------------------------------------------


async def test_answer_takes_the_acknowledgements_place_and_twice_is_once(stage: Running) -> None:
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    assert given.callback is not None
    assert given.callback["type"] == DEFERRED
    assert given.is_ephemeral
    first = await stage.adapter.perform(answer(given, "Taken. @everyone"))
    again = await stage.adapter.perform(answer(given, "Taken. @everyone", key="a2"))
    assert first == again
    assert given.shown is not None
    assert given.shown["content"] == "Taken. @everyone"
    assert given.shown["allowed_mentions"] == {"parse": []}
    assert given.more == []


async def test_answer_waits_for_the_acknowledgement(server: DiscordServer) -> None:
    """The loop may be quicker than the acknowledgement."""
    outcome: list[str] = []

    async def intake(event: Event) -> bool:
        order = Order("a1", Action(ActionKind.ANSWER, text="so", ref=event.respond), _ANY)
        sending.append(asyncio.ensure_future(adapter.perform(order)))
        await asyncio.sleep(0.05)
        outcome.append("stored")
        return True

    sending: list[asyncio.Future[Any]] = []
    adapter = adapter_for(server, Sleeps())
    run = asyncio.ensure_future(adapter.run(intake))
    await adapter.ready.wait()
    given = await server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    await asyncio.wait_for(sending[0], WAIT_S)
    assert outcome == ["stored"]
    assert given.shown is not None
    assert given.shown["content"] == "so"
    run.cancel()
    await asyncio.wait([run])


async def test_answer_waits_no_longer_than_discord_would(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom.adapters.discord.callbacks.DEADLINE_S", 0.05)
    async with running(server, patience_s=60.0) as stage:
        stage.inbox.open.clear()
        given = await server.interactions.act(COMPONENT, BUTTON)
        await stage.inbox.entered.wait()
        async with asyncio.timeout(WAIT_S):
            with pytest.raises(DropMessage, match="never open"):
                await stage.adapter.perform(answer(given))
        stage.inbox.open.set()
        await told(given)


async def test_long_answer_is_one_message_cut_at_a_sentence(stage: Running) -> None:
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    text = "This is a sentence of thirty-six... " * 120
    await stage.adapter.perform(answer(given, text))
    assert given.shown is not None
    (embed,) = given.shown["embeds"]
    assert f"{given.shown['content']} {embed['description']}" == text.strip()
    assert given.shown["content"].endswith("...")
    await stage.adapter.perform(answer(given, "x" * 10_000, key="a2"))
    assert len(given.shown["content"]) == 2_000
    assert given.shown["embeds"][0]["description"].endswith("…")


async def test_answer_after_fifteen_minutes_is_dropped(stage: Running) -> None:
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    given.is_dead = True
    with pytest.raises(DropMessage, match="fifteen minutes"):
        await stage.adapter.perform(answer(given))


async def test_answer_to_what_was_never_acknowledged_is_dropped(stage: Running) -> None:
    payload = {"id": "5", "token": "test-interaction-5"}
    with pytest.raises(DropMessage, match="fifteen minutes"):
        await stage.adapter.perform(answer(Interaction(payload)))


async def test_answer_without_an_acknowledgement_to_change_is_a_message_of_its_own(
    stage: Running,
) -> None:
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    stage.server.fail(404, code=10008, text="Unknown Message")
    await stage.adapter.perform(answer(given, "so"))
    (sent,) = given.more
    assert (sent["content"], sent["flags"]) == ("so", 64)
    stage.server.fail(404, code=10008, text="Unknown Message")
    again = await stage.adapter.perform(answer(given, "so", key="a2", maybe_done=True))
    assert "earlier try" in again.detail
    assert len(given.more) == 1


@pytest.mark.parametrize("ref", [None, "", "interaction:1:2", "view:1:2:3", "interaction::2:t"])
async def test_answer_to_nobody_is_dropped(stage: Running, ref: str | None) -> None:
    order = Order("a1", Action(ActionKind.ANSWER, text="so", ref=ref), _ANY)
    with pytest.raises(DropMessage, match="nobody to answer"):
        await stage.adapter.perform(order)


@pytest.mark.parametrize("text", [None, "", " \n"])
async def test_answer_without_words_is_dropped(stage: Running, text: str | None) -> None:
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    with pytest.raises(DropMessage, match="no text"):
        await stage.adapter.perform(answer(given, text))


async def test_answer_while_discord_is_busy_is_tried_later(server: DiscordServer) -> None:
    async with running(server, call_timeout_s=0.5) as stage:
        given = await server.interactions.act(COMPONENT, BUTTON)
        await told(given)
        server.fail(502)
        with pytest.raises(RetryLater) as caught:
            await stage.adapter.perform(answer(given))
        assert not caught.value.maybe_done
        await stage.adapter.perform(answer(given))
    assert given.shown is not None


async def test_tokens_stay_out_of_the_log(stage: Running, caplog: pytest.LogCaptureFixture) -> None:
    given = await stage.server.interactions.act(COMPONENT, BUTTON)
    await told(given)
    stage.server.fail(400, code=50035, text="Invalid Form Body")
    with pytest.raises(DropMessage) as caught:
        await stage.adapter.perform(answer(given))
    stage.server.fail(400, code=50035, text="Invalid Form Body")
    caplog.set_level("INFO")
    await stage.server.interactions.act(COMPONENT, BUTTON)
    async with asyncio.timeout(WAIT_S):
        while "does not take" not in caplog.text:
            await asyncio.sleep(0.01)
    assert "test-interaction" not in f"{caplog.text}{caught.value}"


# -- what cannot be read -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "data", "more"),
    [
        (1, {}, {}),
        (4, {**WHY, "options": [{"name": "message", "value": "x", "focused": True}]}, {}),
        (99, {}, {}),
        (COMMAND, {"id": "1", "name": "music", "type": 1}, {}),
        (COMMAND, {"id": "1", "name": "why", "type": 2}, {}),
        (COMMAND, {}, {}),
        (COMMAND, WHY, {"member": None, "guild_id": None}),
        (COMMAND, WHY, {"member": {"roles": None}}),
        (COMMAND, WHY, {"member": {"user": {"id": "who?"}}}),
        (COMMAND, WHY, {"channel_id": None, "channel": None}),
        (COMMAND, WHY, {"token": None}),
        (COMMAND, WHY, {"id": "x"}),
        (COMMAND, WHY, {"data": None}),
        (COMPONENT, {"custom_id": "other:button", "component_type": 2}, {}),
        (COMPONENT, {"custom_id": 5, "component_type": 2}, {}),
        (COMPONENT, {"component_type": 17}, {}),
        (COMPONENT, BUTTON, {"application_id": "999"}),
        (MODAL, {"custom_id": "other", "components": []}, {}),
        (MODAL, {"custom_id": None, "components": "odd"}, {}),
    ],
)
async def test_what_is_none_of_ours_or_broken_is_left_alone(
    stage: Running, kind: int, data: dict[str, Any], more: dict[str, Any]
) -> None:
    given = await stage.server.interactions.act(kind, data, **more)
    assert (await stage.received("next")).text == "next"
    assert given.callback is None


@pytest.mark.parametrize("payload", [{}, {"type": COMMAND}, {"type": "odd", "data": []}])
async def test_interaction_without_anything_stops_nothing(
    stage: Running, payload: dict[str, Any]
) -> None:
    await stage.server.gateway.dispatch("INTERACTION_CREATE", payload)
    assert (await stage.received("next")).text == "next"


@pytest.mark.parametrize(
    ("kind", "custom_id"),
    [
        (COMPONENT, "gr."),
        (COMPONENT, "gr.b:"),
        (COMPONENT, "gr.a:99:short"),
        (COMPONENT, "gr.a:0:x"),
        (COMPONENT, "gr.a:x:y"),
        (COMPONENT, "gr.r:1/2"),
        (MODAL, "gr.b:case:7:dismiss:0123abcd"),
        (MODAL, "gr.r:1/"),
        (MODAL, "gr.r:a/b"),
        (MODAL, "gr.m:1/2:"),
    ],
)
async def test_button_that_means_nothing_any_more_says_so(
    stage: Running, kind: int, custom_id: str
) -> None:
    given = await stage.server.interactions.act(kind, {"custom_id": custom_id})
    await told(given)
    assert given.is_ephemeral
    assert given.shown is not None
    assert "none that I know" in given.shown["content"]
    assert (await stage.received("next")).text == "next"


async def test_select_menu_with_our_prefix_is_as_good_as_a_button(stage: Running) -> None:
    data = {**BUTTON, "component_type": 3, "values": ["a"]}
    await stage.server.interactions.act(COMPONENT, data)
    assert (await stage.inbox.next()).command == "case:7:dismiss:0123abcd"


async def test_press_in_a_direct_message_has_a_user_and_no_member(stage: Running) -> None:
    given = await stage.server.interactions.act(COMPONENT, BUTTON, channel=DIRECT, in_guild=False)
    event = await stage.inbox.next()
    assert event.actor is not None
    assert (event.actor.id, event.actor.is_moderator, event.actor.roles) == (MEMBER, None, None)
    assert event.message_key is None
    await told(given)


async def test_ids_as_numbers_and_missing_extras_are_understood(stage: Running) -> None:
    """A compatible server need not send what Discord's own client library wants."""
    bare = {
        "id": 123456789012345678,
        "type": COMMAND,
        "token": "test-interaction-bare",
        "guild_id": 1000,
        "channel_id": int(HELP),
        "member": {**member(MEMBER), "user": USERS[MEMBER]},
        "data": {"name": "human", "options": [{"name": "message", "value": "hi"}]},
    }
    await stage.server.gateway.dispatch("INTERACTION_CREATE", bare)
    event = await stage.inbox.next()
    assert (event.command, event.text) == ("human", "hi")
    assert event.respond == "interaction:2001:123456789012345678:test-interaction-bare"
    assert event.actor is not None
    assert event.actor.is_moderator is False
    await stage.received("next")


async def test_flood_past_the_bound_is_shed_and_nothing_else(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("greenroom.adapters.discord.interactions.MOST", 3)
    async with running(server, patience_s=0.01) as stage:
        stage.inbox.open.clear()
        given = [await server.interactions.act(COMPONENT, BUTTON) for _ in range(5)]
        await asyncio.gather(*(told(one) for one in given[:3]))
        assert [one.callback is None for one in given] == [False] * 3 + [True] * 2
        stage.inbox.open.set()
        events = [await stage.inbox.next() for _ in range(3)]
        assert [event.id for event in events] == [one.id for one in given[:3]]
        assert "passed over: 3 are under way" in caplog.text


async def test_pressing_twice_is_two_events(stage: Running) -> None:
    for _ in range(2):
        await stage.server.interactions.act(COMPONENT, BUTTON)
    events = [await stage.inbox.next() for _ in range(2)]
    assert len({event.key for event in events}) == 2


_ANY: Message = Message.__new__(Message)
