"""What is said while nobody listens is looked up, once, with the keys of live delivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from greenroom.adapters.settings import Backfill
from greenroom.adapters.slack import SlackAdapter
from greenroom.message import Event, EventKind
from greenroom.supervisor import Backoff, supervise
from tests.adapters.slack.stage import Inbox, Running, settings
from tests.platforms.slack.platform import pushing
from tests.platforms.slack.server import BOT_ID, CHANNEL, DESK, MEMBER, SlackServer, slack_server

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(slots=True)
class Time:
    """One clock for Slack and for us."""

    now: datetime = START

    def read(self) -> datetime:
        return self.now

    def go_on(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(slots=True)
class Living:
    """An adapter under supervision, as in a deployment."""

    adapter: SlackAdapter
    server: SlackServer
    inbox: Inbox
    time: Time
    seen: list[Event] = field(default_factory=list)

    async def texts(self, count: int) -> list[str]:
        """What comes in next, in order."""
        found = [await self.inbox.next() for _ in range(count)]
        self.seen += found
        return [event.message.text if event.message else event.kind.value for event in found]

    async def lose(self) -> None:
        """Cut the connection; nothing is heard until :meth:`listens`."""
        self.server.silent.add("apps.connections.open")
        await self.connected()
        async with asyncio.timeout(5):
            while any(link.unacknowledged for link in self.server.connections.links):
                await asyncio.sleep(0.005)
        self.server.connections.cut()
        async with asyncio.timeout(5):
            while self.adapter.health().is_connected:
                await asyncio.sleep(0.005)

    async def listens(self) -> None:
        """Let it connect again, and look back."""
        self.server.silent.clear()
        await self.connected()

    async def connected(self) -> None:
        """Wait until it is."""
        async with asyncio.timeout(5):
            await self.adapter.ready.wait()

    async def settled(self) -> None:
        """Wait until the look back is over."""
        marks = next(iter(self.adapter._marks.values()))
        async with asyncio.timeout(5):
            while marks.hole_from is not None:
                await asyncio.sleep(0.005)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def slack(time: Time) -> AsyncIterator[SlackServer]:
    async with slack_server(clock=lambda: time.read().timestamp()) as server:
        server.users[MEMBER] = {"id": MEMBER, "name": "ada"}
        yield server


@asynccontextmanager
async def living(
    server: SlackServer, time: Time, *, since: datetime | None = None, **more: object
) -> AsyncIterator[Living]:
    adapter = SlackAdapter(
        "acme", settings(server, **more), since=since, clock=time.read, desk_channel="#mods"
    )
    inbox = Inbox()
    async with asyncio.TaskGroup() as group:
        backoff = Backoff(first_s=0.01, cap_s=0.02)
        task = group.create_task(supervise(adapter, inbox, backoff=backoff))
        found = Living(adapter, server, inbox, time)
        try:
            await found.connected()
            yield found
        finally:
            task.cancel()


async def test_what_was_said_in_a_hole_comes_in_once(slack: SlackServer, time: Time) -> None:
    async with living(slack, time) as bot:
        await slack.say("before")
        assert await bot.texts(1) == ["before"]
        await bot.lose()
        time.go_on(minutes=5)
        for number in range(3):
            await slack.say(f"unheard {number}")
        await slack.say("elsewhere", channel=DESK)  # where nothing was heard before
        await bot.listens()
        await bot.settled()
        said = await bot.texts(bot.inbox.events.qsize())
        assert [text for text in said if text.startswith("unheard")] == [
            "unheard 0", "unheard 1", "unheard 2"
        ]  # fmt: skip
        assert said.count("elsewhere") == 1
        await slack.say("after")
        assert await bot.texts(1) == ["after"]
        gaps = bot.adapter.health().gaps
        assert (gaps.backfilled, gaps.missed, gaps.duplicate) == (4, 0, 0)


async def test_first_start_takes_history_for_no_news(slack: SlackServer, time: Time) -> None:
    await slack.say("last week")
    time.go_on(days=7)
    async with living(slack, time) as bot:
        await bot.lose()
        await slack.say("unheard")
        await bot.listens()
        await bot.settled()
        assert await bot.texts(bot.inbox.events.qsize()) == ["unheard"]
        assert bot.adapter.health().gaps.missed == 0


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_start_looks_back_to_the_last_event(
    slack: SlackServer, time: Time, transport: str
) -> None:
    await slack.say("long ago")
    time.go_on(hours=3)
    since = time.now
    time.go_on(minutes=10)
    await slack.say("while we were off")
    async with living(slack, time, since=since, transport=transport) as bot:
        await bot.settled()
        assert await bot.texts(bot.inbox.events.qsize()) == ["while we were off"]
        assert bot.adapter.health().gaps.backfilled == 1


async def test_redelivered_and_looked_up_have_one_key(slack: SlackServer, time: Time) -> None:
    async with living(slack, time) as bot:
        await slack.say("plain")
        ts = await slack.say("typo")
        edited = await slack.edit(ts, "no typo")
        await slack.say("in the thread", thread_ts=ts)
        assert await bot.texts(4) == ["plain", "typo", "no typo", "in the thread"]
        live = {event.key for event in bot.seen}
        assert any(event.message and event.message.revision == edited for event in bot.seen)
        await bot.lose()
        await bot.listens()
        await bot.settled()
        again = [event async for event in _all(bot)]
        assert again
        assert {event.key for event in again} <= live
        assert bot.adapter.health().gaps.backfilled == 0
        assert bot.adapter.health().gaps.duplicate == 0  # looked up is not delivered twice


async def _all(bot: Living) -> AsyncIterator[Event]:
    for _ in range(bot.inbox.events.qsize()):
        yield await bot.inbox.next()


async def test_answers_edits_and_tombstones_of_older_messages_come_in(
    slack: SlackServer, time: Time
) -> None:
    async with living(slack, time) as bot:
        root = await slack.say("question")
        typo = await slack.say("typo")
        gone = await slack.say("to be deleted")
        slack.post(CHANNEL, {"user": MEMBER, "text": "reply", "thread_ts": gone})
        await bot.texts(3)
        time.go_on(minutes=30)  # so that they are older than what is looked at twice
        await slack.say("since then")
        await bot.texts(1)
        await bot.lose()
        time.go_on(minutes=5)
        slack.post(CHANNEL, {"user": MEMBER, "text": "an answer", "thread_ts": root})
        revision = await slack.edit(typo, "no typo", silent=True)
        await bot.listens()
        await bot.settled()
        found = [event async for event in _all(bot)]
        said = {event.message.text: event for event in found if event.message}
        answer, edit = said["an answer"], said["no typo"]
        assert answer.message is not None
        assert (answer.message.thread, answer.kind) == (root, EventKind.MESSAGE_POSTED)
        assert edit.message is not None
        assert (edit.message.revision, edit.kind) == (revision, EventKind.MESSAGE_EDITED)


async def test_deleted_thread_starter_comes_as_deleted(slack: SlackServer, time: Time) -> None:
    async with living(slack, time) as bot:
        root = await slack.say("question")
        await bot.texts(1)
        await bot.lose()
        slack.post(CHANNEL, {"user": MEMBER, "text": "answer", "thread_ts": root})
        slack.home.remove(CHANNEL, root)
        await bot.listens()
        await bot.settled()
        kinds = [event.kind async for event in _all(bot)]
        assert EventKind.MESSAGE_DELETED in kinds


async def test_bounds_are_kept_and_what_is_beyond_them_is_counted(
    slack: SlackServer, time: Time
) -> None:
    slack.pages["conversations.history"] = 3
    bounds = Backfill(hours=2, messages_per_channel=4)
    async with living(slack, time, backfill=bounds) as bot:
        await bot.lose()
        await slack.say("too long ago")
        time.go_on(hours=3)
        for number in range(9):
            await slack.say(f"unheard {number}")
        await bot.listens()
        await bot.settled()
        said = await bot.texts(bot.inbox.events.qsize())
        assert said == ["unheard 5", "unheard 6", "unheard 7", "unheard 8"]  # the newest
        assert bot.adapter.health().gaps.missed == 2  # one for the time, one for the number


async def test_nothing_is_looked_up_where_that_is_not_wanted(
    slack: SlackServer, time: Time
) -> None:
    async with living(slack, time, backfill=Backfill(hours=0)) as bot:
        await bot.lose()
        await slack.say("unheard")
        await bot.listens()
        await bot.settled()
        assert bot.inbox.events.empty()
        assert not slack.called("conversations.history")
        assert bot.adapter.health().gaps.missed == 1


async def test_live_events_do_not_wait_for_a_look_back(slack: SlackServer, time: Time) -> None:
    async with living(slack, time) as bot:
        await bot.lose()
        await slack.say("unheard")
        slack.silent.add("conversations.history")
        slack.silent.discard("apps.connections.open")
        await bot.connected()
        await slack.say("live")
        assert await bot.texts(1) == ["live"]
        slack.silent.clear()
        await bot.settled()
        assert "unheard" in await bot.texts(bot.inbox.events.qsize())


async def test_a_hole_in_a_hole_is_looked_through_again(slack: SlackServer, time: Time) -> None:
    async with living(slack, time) as bot:
        await slack.say("before")
        await bot.texts(1)
        await bot.lose()
        time.go_on(minutes=5)
        await slack.say("first hole")
        slack.silent.add("conversations.history")  # the look back does not get far
        slack.silent.discard("apps.connections.open")
        await bot.connected()
        time.go_on(minutes=5)
        await slack.say("live between")
        assert await bot.texts(1) == ["live between"]
        await bot.lose()
        slack.silent.discard("conversations.history")
        time.go_on(minutes=5)
        await slack.say("second hole")
        await bot.listens()
        await bot.settled()
        said = await bot.texts(bot.inbox.events.qsize())
        assert {"first hole", "second hole"} <= set(said)
        assert bot.adapter.health().gaps.backfilled == 2


async def test_busy_slack_is_asked_again_and_refusals_are_passed_over(
    slack: SlackServer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom.adapters.slack.backfill.FIRST_PAUSE_S", 0.01)
    async with living(slack, time) as bot:
        await bot.lose()
        await slack.say("unheard")
        slack.fail("users.conversations", error="internal_error")
        slack.fail("conversations.history", error="channel_not_found")
        slack.fail("conversations.history", status=503)
        await slack.say("elsewhere", channel=DESK)
        await bot.listens()
        await bot.settled()
        said = await bot.texts(bot.inbox.events.qsize())
        assert len(said) == 1  # the other channel's was refused
        assert bot.adapter.health().is_connected


async def test_channels_are_known_though_slack_does_not_list_them(
    slack: SlackServer, time: Time
) -> None:
    async with living(slack, time) as bot:
        await slack.say("before")
        await bot.texts(1)
        await bot.lose()
        await slack.say("unheard")
        slack.fail("users.conversations", error="missing_scope", needed="mpim:read")
        await bot.listens()
        await bot.settled()
        assert "unheard" in await bot.texts(bot.inbox.events.qsize())
        assert bot.adapter.health().gaps.missed == 1  # of channels that nobody knows


async def test_handover_that_slack_asks_for_leaves_no_hole(stage: Running) -> None:
    server, old = stage.server, stage.socket
    await server.connections.refresh()
    async with asyncio.timeout(5):
        await server.sockets.get()
        while len(server.connections.links) < 2:
            await asyncio.sleep(0.005)
    first, second = server.connections.links
    assert not old.closed  # the new one is open before the old one ends
    for link, text in ((first, "on the old one"), (second, "on the new one")):
        server.connections.links = [link]
        await server.say(text)
        event = await stage.inbox.next()
        assert event.message is not None
        assert event.message.text == text
    server.connections.links = [first, second]
    assert stage.adapter.health().is_connected
    assert not server.called("conversations.history")
    assert next(iter(stage.adapter._marks.values())).hole_from is None


async def test_connection_that_goes_before_its_successor_is_there_leaves_a_hole(
    slack: SlackServer, time: Time
) -> None:
    async with living(slack, time) as bot:
        slack.silent.add("apps.connections.open")
        await slack.connections.disown()
        async with asyncio.timeout(5):
            while slack.connections.links:
                await asyncio.sleep(0.005)
        await slack.say("unheard")
        await bot.listens()
        async with asyncio.timeout(5):
            assert await bot.texts(1) == ["unheard"]
        assert bot.adapter.health().gaps.backfilled == 1


async def test_event_that_slack_gives_up_over_http_is_looked_up(
    slack: SlackServer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom.adapters.slack.http.ANSWER_TIMEOUT_S", 0.1)
    async with living(slack, time, transport="http") as bot:
        assert bot.adapter.address is not None
        host, port = bot.adapter.address
        async with pushing(slack, f"http://{host}:{port}/slack/events") as pusher:
            await slack.say("fine")
            assert await bot.texts(1) == ["fine"]
            bot.inbox.open.clear()
            await slack.say("not stored")
            async with asyncio.timeout(5):
                while pusher.given_up == 0:
                    await asyncio.sleep(0.005)
            assert list(pusher.answers) == [200, 503, 503, 503, 503]
            bot.inbox.open.set()
            await bot.settled()
            assert "not stored" in await bot.texts(bot.inbox.events.qsize())
            assert bot.adapter.health().gaps.backfilled == 1


async def test_own_posts_are_looked_up_as_own(slack: SlackServer, time: Time) -> None:
    async with living(slack, time) as bot:
        await bot.lose()
        slack.post(CHANNEL, {"user": "UBOT", "bot_id": BOT_ID, "text": "from before"})
        await bot.listens()
        await bot.settled()
        (event,) = [event async for event in _all(bot)]
        assert event.message is not None
        assert event.message.author.is_self


ODD_MESSAGES: tuple[object, ...] = (
    None, 5, "x", [], {}, {"ts": 5}, {"ts": "nan"}, {"ts": "inf"}, {"ts": "-1"}, {"ts": "x.y"},
    {"ts": "1767323999.000100", "subtype": ["x"], "text": 5, "user": {}, "edited": [], "files": 5},
    {"ts": "1767323999.000200", "latest_reply": 5, "reply_count": "many", "edited": {"ts": []}},
    {"ts": "1767323999.000300", "subtype": "tombstone", "latest_reply": "1767323999.000900"},
)  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        {"messages": list(ODD_MESSAGES), "response_metadata": {"next_cursor": 5}},
        {"messages": {"ts": "1"}, "response_metadata": []},
        {"messages": None},
        {},
    ],
)
async def test_odd_answers_end_nothing(
    slack: SlackServer, time: Time, answer: dict[str, object]
) -> None:
    async with living(slack, time) as bot:
        await bot.lose()
        time.go_on(hours=1)
        for method in ("conversations.history", "conversations.replies", "users.conversations"):
            slack.faults[method].append(lambda: web.json_response({"ok": True, **answer}))
        await slack.say("elsewhere", channel=DESK)
        await bot.listens()
        await bot.settled()
        await slack.say("after")
        said = await bot.texts(bot.inbox.events.qsize() + 1)
        assert "after" in said
        assert bot.adapter.health().is_connected
