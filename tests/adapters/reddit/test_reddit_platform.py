"""The Reddit on loopback with whatever can go wrong: all is heard, and said once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import aiohttp
import pytest

from greenroom.adapters.reddit import RedditAdapter
from greenroom.adapters.settings import RedditSettings
from greenroom.errors import RetryLater
from greenroom.message import Action, ActionKind, Event, EventKind, Order, Outcome
from greenroom.supervisor import Backoff, supervise
from tests.adapters.reddit.stage import WAIT_S
from tests.platforms.faults import Fault
from tests.platforms.reddit.platform import RedditPlatform, platform
from tests.platforms.reddit.server import MOST_CALLS, MOST_KEPT, RedditServer
from tests.platforms.reddit.things import ME

BACKOFF = Backoff(first_s=0.02, cap_s=0.05)


@dataclass(slots=True)
class Heard:
    """An intake that keeps what is new."""

    events: list[Event] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, event: Event) -> bool:
        is_new = event.key not in self.keys
        self.keys.add(event.key)
        if is_new:
            self.events.append(event)
            self.came.set()
        return is_new

    async def until(self, ids: list[str]) -> list[str]:
        """Wait until as many messages came; their ids."""
        async with asyncio.timeout(WAIT_S):
            while len(found := self.ids()) < len(ids):
                self.came.clear()
                await self.came.wait()
        return found

    def ids(self) -> list[str]:
        """Of what was posted, and not by the bot."""
        return [
            event.message.id
            for event in self.events
            if event.kind is EventKind.MESSAGE_POSTED
            and event.message is not None
            and not event.message.author.is_self
        ]


@dataclass(slots=True)
class Live:
    """The platform, and a supervised adapter on it."""

    platform: RedditPlatform
    adapter: RedditAdapter
    heard: Heard

    async def perform(self, order: Order) -> Outcome:
        """As the sender does: again, with a look, until it is done."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    return await self.adapter.perform(order)
                except RetryLater as error:
                    order = replace(order, maybe_done=error.maybe_done)
                    await asyncio.sleep(min(0.02, error.after_s or 0.02))


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    async with platform() as found:
        assert isinstance(found, RedditPlatform)
        keys = {key: value for key, value in found.bot.items() if key != "adapter"}
        settings = RedditSettings.model_validate(keys | {"poll_s": 0.01})
        adapter, heard = RedditAdapter("garden", settings), Heard()
        async with asyncio.TaskGroup() as group:
            run = group.create_task(supervise(adapter, heard, backoff=BACKOFF))
            async with asyncio.timeout(WAIT_S):
                while not adapter.health().is_connected:
                    await asyncio.sleep(0.01)
            yield Live(found, adapter, heard)
            run.cancel()


@pytest.mark.parametrize("fault", list(Fault))
async def test_all_is_heard_and_said_once_whatever_goes_wrong(live: Live, fault: Fault) -> None:
    live.platform.server.ordered.delay_s = 0.05
    said = [await live.platform.say(f"before {n}") for n in range(3)]
    await live.heard.until(said)
    await live.platform.order(fault)
    said += [await live.platform.say(f"hello {n}", author=f"m{n}") for n in range(20)]
    assert await live.heard.until(said) == said
    message = live.heard.events[0].message
    assert message is not None
    await live.platform.order(fault)
    outcome = await live.perform(Order("k1", Action(ActionKind.REPLY, text="Hi."), message))
    (reply,) = live.platform.said_by_bot()
    assert (reply.id, reply.answers, reply.author) == (outcome.ref, said[0], ME)
    said.append(await live.platform.say("after"))
    assert await live.heard.until(said) == said


async def test_token_that_ran_out_is_renewed_within_a_run(live: Live) -> None:
    for _ in range(3):
        await live.platform.order(Fault.INVALID_SESSION)
        said = await live.platform.say("hello")
        assert said in await live.heard.until([*live.heard.ids(), said])
    assert live.platform.server.tokens.issued >= 4
    assert live.adapter.health().is_connected


async def test_letters_of_the_bot_are_said_by_it(live: Live) -> None:
    server = live.platform.server
    server.letters.write("/human", author="ada", at=server.now())
    async with asyncio.timeout(WAIT_S):
        while not any(event.kind is EventKind.COMMAND_GIVEN for event in live.heard.events):
            await asyncio.sleep(0.01)
    event = live.heard.events[-1]
    assert event.message is not None
    answer = Action(ActionKind.ANSWER, text="Somebody comes.", ref=event.respond)
    await live.perform(Order("k1", answer, event.message))
    assert [said.text for said in live.platform.said_by_bot()] == ["Somebody comes."]


async def test_stranger_is_kept_out(live: Live) -> None:
    url = live.platform.server.url
    agent = {"User-Agent": "a stranger of a test"}
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/api/v1/me", headers=agent) as answer:
            assert answer.status == 401
            assert "invalid_token" in answer.headers["WWW-Authenticate"]
            assert float(answer.headers["x-ratelimit-remaining"]) > 0
        async with session.get(f"{url}/api/v1/me") as answer:
            assert answer.status == 429  # no user agent of its own
        form = {"grant_type": "password", "username": ME, "password": "test-password"}
        path = f"{url}/api/v1/access_token"
        async with session.post(path, data=form, headers=agent) as answer:
            assert answer.status == 401  # no client's id and secret


def test_server_forgets_what_is_old() -> None:
    server = RedditServer()
    post = server.submit()
    for n in range(MOST_KEPT + 10):
        server.comment(f"c{n}", under=post)
    assert len(server.things) == MOST_KEPT
    assert post["name"] in server.things
    assert len(server.calls) <= MOST_CALLS
