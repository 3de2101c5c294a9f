"""A desk to test: the real application on a loopback port, and what one does there."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

import aiohttp

from greenroom.adapters.base import Health
from greenroom.desk import Explain, Patience, RunningBot, make_desk, serve, sign_in_address
from greenroom.experiments import Experiment
from greenroom.ledger import Case, Change, Handled, Ledger, Planned
from greenroom.message import ActionKind, Message, Precedent, Severity
from greenroom.senses import text_of
from greenroom.triage.base import EVERYTHING, Reading, Wants
from greenroom.triage.encoder import Encoder
from greenroom.triage.explain import Explanation, Turning, Word, explain
from tests.samples import NOON, a_message, an_event, handled

CAN = frozenset(
    {
        ActionKind.APPROVE,
        ActionKind.REMOVE,
        ActionKind.FILTER,
        ActionKind.REPLY,
        ActionKind.RETRACT,
        ActionKind.TIMEOUT,
        ActionKind.BAN,
        ActionKind.UNBAN,
    }
)
_SEEN = re.compile(r'data-seen="([0-9a-f]+)"')
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Reader:
    """Triage by the real model, loaded once for all tests, on the event loop."""

    digest = ""

    async def read(self, text: str, wants: Wants = EVERYTHING) -> Reading:
        return _encoder().read(text, wants)


@cache
def _encoder() -> Encoder:
    return Encoder()


async def explained(message: Message, head: str, threshold: float | None) -> Explanation:
    return await explain(Reader(), text_of(message), head, threshold=threshold)


async def blame_it_all(message: Message, head: str, threshold: float | None) -> Explanation:
    """An `Explain` that names the whole text, from before its beginning to beyond its end."""
    word = Word(-9, 9**9, message.text, 1.0)
    return Explanation(head, 0.9, (word,), 0.5, Turning((word,), message.text, 0.1))


@dataclass(slots=True)
class House:
    """A served desk, its ledger, and an HTTP client that keeps cookies."""

    ledger: Ledger
    clock: Clock
    stop: Callable[[], Awaitable[None]]
    address: str
    client: aiohttp.ClientSession
    bots: dict[str, RunningBot]
    precedents: list[Precedent] = field(default_factory=list)
    precedents_error: Exception | None = None
    precedents_wait: asyncio.Event | None = None
    explain: Explain = explained
    cast: dict[str, dict[str, Experiment]] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @staticmethod
    @asynccontextmanager
    async def open(
        ledger: Ledger,
        clock: Clock,
        *,
        public_url: str | None = None,
        mode: str = "live",
        patience: Patience | None = None,
        public_keys: Callable[[], Sequence[str]] = tuple,
    ) -> AsyncIterator[House]:
        bots = {"b": RunningBot("b", "discord", mode, CAN)}
        opened: list[House] = []
        cast: dict[str, dict[str, Experiment]] = {}

        async def precedents(message: Message) -> Sequence[Precedent]:
            if opened[0].precedents_wait is not None:
                await opened[0].precedents_wait.wait()
            if opened[0].precedents_error is not None:
                raise opened[0].precedents_error
            return opened[0].precedents

        async def words(message: Message, head: str, threshold: float | None) -> Explanation:
            return await opened[0].explain(message, head, threshold)

        app = make_desk(
            ledger,
            bots=bots,
            precedents=precedents,
            explain=words,
            health=lambda: {"b": Health(is_connected=True)},
            cast=cast,
            clock=clock,
            public_url=public_url,
            public_keys=public_keys,
            patience=patience or Patience(precedents_s=0.2, words_s=100),
        )
        jar = aiohttp.CookieJar(unsafe=True)  # cookies for an IP address
        async with AsyncExitStack() as server:
            address = await server.enter_async_context(serve(app, port=0))
            async with aiohttp.ClientSession(address, cookie_jar=jar) as client:
                opened.append(House(ledger, clock, server.aclose, address, client, bots))
                opened[0].cast = cast
                yield opened[0]

    async def sign_in(self, moderator: str = "kim") -> None:
        """Open a link and press its button."""
        token = await self.ledger.people.invite(moderator)
        async with self.client.post(
            "/sign-in", data={"token": token}, allow_redirects=False
        ) as answer:
            assert answer.status == 303, await answer.text()

    async def get(self, path: str, *, status: int = 200) -> str:
        async with self.client.get(path) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text

    async def csrf(self) -> str:
        found = _CSRF.search(await self.get("/"))
        assert found is not None
        return found[1]

    async def seen(self, case: int) -> str:
        """What the case's form says of the text that one reads there."""
        found = _SEEN.search(await self.get(f"/cases/{case}"))
        assert found is not None
        return found[1]

    async def judge(
        self, case: int, choice: str, *, note: str = "", seen: str | None = None, status: int = 303
    ) -> aiohttp.ClientResponse:
        """Press a verdict's button."""
        seen = seen or await self.seen(case)
        data = {"csrf": await self.csrf(), "seen": seen, "choice": choice, "note": note}
        async with self.client.post(
            f"/cases/{case}/verdict", data=data, allow_redirects=False
        ) as answer:
            await answer.read()
            assert answer.status == status, await answer.text()
            return answer

    async def arrive(
        self,
        message: Message | None = None,
        *planned: Planned,
        severity: Severity = Severity.MEDIUM,
        **changes: object,
    ) -> int:
        """A message becomes a case, as the loop does it; returns its number."""
        number = next(self.numbers)
        message = message or a_message(id=f"m{number}")
        event = an_event(message)
        await self.ledger.inbox.put(event)
        (pending,) = await self.ledger.inbox.pending(after=0, limit=1)
        made: Handled = handled(pending.seq, event, *planned, case=True, severity=severity)
        made = replace(made, **changes)  # type: ignore[arg-type]  # field by field, as tests name them
        recorded = await self.ledger.record.handled(made, self.clock())
        assert recorded.case is not None
        self.ledger.feed.publish(Change("case", message.key, recorded.case))
        return recorded.case

    async def case(self, number: int) -> Case:
        found = await self.ledger.cases.get(number)
        assert found is not None
        return found

    async def link(self, moderator: str = "kim") -> str:
        """A whole sign-in link, as the command line prints it."""
        return sign_in_address(self.address, await self.ledger.people.invite(moderator))
