"""The Adapter contract, held by every platform through its real library."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenroom.adapters.base import HasPlaces, KeepsText
from greenroom.adapters.unknown import UNKNOWN
from greenroom.errors import DropMessage, RetryLater
from greenroom.message import Action, ActionKind, Author, EventKind, Message, Order, Signals
from greenroom.policies import Situation
from greenroom.policies.author import THRESHOLDS
from greenroom.policies.scene import Scene
from tests.adapters.contract import ITSELF, PLATFORMS, WAIT_S, Stage

HOSTILE = "<b>hi</b> ${HOME} {{author}} %s\n'; DROP TABLE x; -- \u202e \u200b (a+)+$"


@pytest.fixture(params=PLATFORMS)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """One platform's adapter, connected and running."""
    if not (Path(__file__).parent / request.param / "contract_stage.py").exists():
        pytest.skip(f"{request.param} has no contract_stage.py: it does not hold the contract yet")
    module = importlib.import_module(f"tests.adapters.{request.param}.contract_stage")
    async with module.contract_stage() as found:
        yield found


async def _received(stage: Stage, text: str = "hello there") -> Message:
    message_id = await stage.say(text)
    event = await stage.inbox.next()
    assert event.message is not None
    assert event.message.id == message_id
    return event.message


def _only_remote(stage: Stage) -> None:
    if not stage.is_remote:
        pytest.skip(f"{stage.adapter.platform} is in this process: nothing of it can be lost")


def _order(kind: ActionKind, message: Message, text: str | None = None, key: str = "k1") -> Order:
    return Order(key, Action(kind, text=text, reason="rule 1", duration_s=60), message)


async def test_message_comes_in_as_it_was_written(stage: Stage) -> None:
    message_id = await stage.say(HOSTILE)
    event = await stage.inbox.next()
    message = event.message
    assert message is not None
    assert (event.kind, event.bot) == (EventKind.MESSAGE_POSTED, stage.adapter.bot)
    assert event.platform == message.platform == stage.adapter.platform
    assert (message.id, message.text, message.revision) == (message_id, HOSTILE, "0")
    assert not message.author.is_self
    assert not message.author.is_bot
    assert message.author.name
    assert message.community.id
    assert message.channel.id
    assert message.posted_at is not None
    assert message.posted_at.utcoffset() == timedelta(0)


async def test_nothing_is_given_that_is_said_not_to_be_known(stage: Stage) -> None:
    message = await _received(stage)
    if message.platform not in UNKNOWN:
        pytest.skip(f"{message.platform} may know everything")
    unknown = UNKNOWN[message.platform]
    assert message.kind not in unknown.kinds
    subjects = {"message": message, "author": message.author, "subreddit": message.community}
    names = {"message": unknown.message, "author": unknown.author, "subreddit": unknown.community}
    scene = Scene(message, Signals(), Situation(message.posted_at or datetime.now(UTC)))
    for part, thing in subjects.items():
        for name in sorted(names[part]):
            found = getattr(thing, name, None)
            assert not found, f"{part}.{name} is {found!r}"
    for name in sorted(unknown.author & THRESHOLDS.keys()):
        assert THRESHOLDS[name](message.author, scene.situation.now) is None, name
    for part in sorted(unknown.parts):
        assert scene.subject(part) is None, part


async def test_messages_of_one_channel_come_in_order(stage: Stage) -> None:
    said = [await stage.say(f"message {number}") for number in range(5)]
    events = [await stage.inbox.next() for _ in said]
    assert [event.message and event.message.id for event in events] == said
    assert len({event.key for event in events}) == len(said)


async def test_own_message_is_flagged_as_own_or_kept_away(stage: Stage) -> None:
    own = await stage.say("I said this myself", author=ITSELF)
    other = await stage.say("and I did not")
    events = [await stage.inbox.next()]
    if events[0].message and events[0].message.id == own:
        events.append(await stage.inbox.next())
    assert [e.message.author.is_self for e in events if e.message and e.message.id == own] in (
        [],
        [True],
    )
    assert events[-1].message is not None
    assert events[-1].message.id == other
    assert not events[-1].message.author.is_self


async def test_reply_goes_to_its_message_and_only_once(stage: Stage) -> None:
    message = await _received(stage)
    order = _order(ActionKind.REPLY, message, "Read the rules.")
    first = await stage.adapter.perform(order)
    again = await stage.adapter.perform(order)
    (sent,) = [sent for sent in stage.sent() if sent.kind is ActionKind.REPLY]
    assert sent.target == (message.id if stage.is_remote else None)
    assert sent.text is not None
    assert "Read the rules." in sent.text
    assert first.ref is not None
    assert again.ref == first.ref


@pytest.mark.parametrize("kind", [ActionKind.REMOVE, ActionKind.REPORT])
async def test_action_is_done_if_declared_and_refused_if_not(
    stage: Stage, kind: ActionKind
) -> None:
    message = await _received(stage)
    if kind not in stage.adapter.capabilities:
        with pytest.raises(DropMessage):
            await stage.adapter.perform(_order(kind, message))
        assert stage.sent() == []
        return
    await stage.adapter.perform(_order(kind, message))
    (sent,) = stage.sent()
    assert sent.kind is kind
    assert sent.target in (message.id, None)


async def test_undeclared_actions_are_refused(stage: Stage) -> None:
    message = await _received(stage)
    undeclared = set(ActionKind) - stage.adapter.capabilities
    assert undeclared
    for kind in undeclared:
        with pytest.raises(DropMessage, match=r"\w"):
            await stage.adapter.perform(_order(kind, message, "text", key=kind))
    assert stage.sent() == []


async def test_refused_reply_asks_for_a_later_try_which_works(stage: Stage) -> None:
    _only_remote(stage)
    message = await _received(stage)
    order = _order(ActionKind.REPLY, message, "Read the rules.")
    stage.fail_next(503)
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(order)
    assert stage.sent() == []
    await stage.adapter.perform(replace(order, maybe_done=caught.value.maybe_done))
    assert [sent.kind for sent in stage.sent()] == [ActionKind.REPLY]


async def test_reply_with_a_lost_answer_is_not_doubled(stage: Stage) -> None:
    _only_remote(stage)
    message = await _received(stage)
    order = _order(ActionKind.REPLY, message, "Read the rules.")
    stage.lose_next()
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(order)
    assert caught.value.maybe_done
    outcome = await stage.adapter.perform(replace(order, maybe_done=True))
    assert outcome.ref is not None
    assert [sent.kind for sent in stage.sent()] == [ActionKind.REPLY]


async def test_text_is_kept_to_the_last_invisible_sign_where_the_adapter_says_so(
    stage: Stage,
) -> None:
    if not isinstance(stage.adapter, KeepsText):
        pytest.skip(f"{stage.adapter.platform} does not say that it keeps text unchanged")
    selectors = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
    text = "Ahoy ☺️.\n\nAutomated.\ufeff" + "".join(map(chr, selectors))
    text += "\ufe00" * (stage.adapter.kept_length - len(text))
    message = await _received(stage)
    await stage.adapter.perform(_order(ActionKind.REPLY, message, text))
    (sent,) = stage.sent()
    assert sent.text == text


async def test_post_goes_where_the_adapter_says_and_its_footer_with_it(stage: Stage) -> None:
    order = await _post(stage)
    first = await stage.adapter.perform(order)
    assert (await stage.adapter.perform(order)).ref == first.ref
    (sent,) = stage.sent()
    assert sent.text is not None
    assert sent.text.startswith("This week in short.")
    assert sent.text.endswith("I'm automated. A person: /human")
    if stage.adapter.platform in ("discord", "slack", "reddit"):
        assert first.sent == (sent.text,)  # what its signed record gives the digest of


async def test_post_with_a_lost_answer_is_not_doubled(stage: Stage) -> None:
    _only_remote(stage)
    order = await _post(stage)
    stage.lose_next()
    with pytest.raises(RetryLater) as caught:
        await stage.adapter.perform(order)
    assert caught.value.maybe_done
    outcome = await stage.adapter.perform(replace(order, maybe_done=True))
    assert outcome.ref is not None
    assert len(stage.sent()) == 1


async def _post(stage: Stage) -> Order:
    """An order to post in the first place that the adapter names."""
    if not isinstance(stage.adapter, HasPlaces):
        pytest.skip(f"{stage.adapter.platform} has no places to speak first in")
    places = await stage.adapter.places()
    if not places:
        pytest.skip(f"{stage.adapter.platform} has nothing recorded, so there is no place")
    place = places[0]
    message = Message(
        platform=stage.adapter.platform,
        community=place.community,
        channel=place.channel,
        id="scheduled-1",
        author=Author("persona:herald", "Herald", is_bot=True, is_self=True),
        text="",
    )
    return Order("p1", Action(
        ActionKind.POST, "This week in short.", subject="The week",
        footer="I'm automated. A person: /human",
    ), message)  # fmt: skip


async def test_platform_hears_only_after_the_intake_returned(stage: Stage) -> None:
    if stage.acks is None:
        pytest.skip(f"{stage.adapter.platform} has no acknowledgement on its wire")
    stage.inbox.open.clear()
    message_id = await stage.say("hello")
    async with asyncio.timeout(WAIT_S):
        await stage.inbox.entered.wait()
        assert stage.acks.empty()
        stage.inbox.open.set()
        assert await stage.acks.get() == message_id


async def test_cancelling_ends_the_run_and_its_tasks(stage: Stage) -> None:
    before = stage.adapter.health()
    assert before.is_connected
    assert before.since is not None
    stage.run.cancel()
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(asyncio.CancelledError):
            await stage.run
    assert not stage.adapter.health().is_connected


async def test_perform_while_disconnected_asks_for_a_later_try(stage: Stage) -> None:
    _only_remote(stage)
    message = await _received(stage)
    stage.run.cancel()
    await asyncio.wait([stage.run], timeout=WAIT_S)
    with pytest.raises(RetryLater):
        await stage.adapter.perform(_order(ActionKind.REPLY, message, "Read the rules."))
    assert stage.sent() == []
