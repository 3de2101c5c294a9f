"""What every page of the desk works with; made once by ``make_desk``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import jinja2
from aiohttp import web

from greenroom.experiments import WITHIN
from greenroom.ledger import Ledger
from greenroom.message import ActionKind, Message, Precedent
from greenroom.report import Experiments, PersonasReport
from greenroom.triage.explain import Explanation

Precedents = Callable[[Message], Awaitable[Sequence[Precedent]]]
"""Judged messages that are like this one. It may be slow, or raise RetryLater."""

Explain = Callable[[Message, str, float | None], Awaitable[Explanation]]
"""Which words made a head's score of this message, and what brings it under a limit. It may be
slow."""


class Missed(Protocol):
    """What an adapter heard late, twice or never; what an adapter's ``Gaps`` says."""

    @property
    def backfilled(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def duplicate(self) -> int: ...


class Fitness(Protocol):
    """How a bot's adapter fares; what an adapter's ``Health`` says."""

    @property
    def is_connected(self) -> bool:
        """True while the platform is reached."""

    @property
    def detail(self) -> str:
        """What is wrong, if something is."""

    @property
    def gaps(self) -> Missed:
        """What came late, twice or never."""


@dataclass(frozen=True, slots=True)
class RunningBot:
    """What the desk must know of a bot: where it is, how far it may go, what it can do."""

    name: str
    platform: str
    mode: str  # shadow | live
    capabilities: frozenset[ActionKind]
    has_desk_channel: bool = False
    moderators: frozenset[str] = frozenset()  # ids and roles that may press verdicts

    @property
    def is_shadow(self) -> bool:
        """True if verdicts are recorded and nothing is done on the platform."""
        return self.mode != "live"

    @property
    def bans_end(self) -> bool:
        """True if a ban can be given for a time; elsewhere it stays until it is lifted."""
        return self.platform == "reddit"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the desk waits for others, in seconds."""

    precedents_s: float = 1.0  # then the case page comes without them
    words_s: float = 20.0  # then whoever asked which words made a score is told to try again
    keep_alive_s: float = 15.0  # between two signs of life to a browser
    write_s: float = 10.0  # for a browser to take what it is sent


@dataclass(frozen=True, slots=True)
class Room:
    """The ledger, the bots and the templates, for the handlers."""

    ledger: Ledger
    bots: Mapping[str, RunningBot]
    precedents: Precedents
    explain: Explain
    health: Callable[[], Mapping[str, Fitness]]
    clock: Callable[[], datetime]
    templates: jinja2.Environment
    notices: Sequence[str] = ()
    cast: Experiments = field(default_factory=dict)
    within: timedelta = WITHIN
    public_url: str | None = None
    public_keys: Callable[[], Sequence[str]] = tuple  # Multikeys, the one that signs first
    patience: Patience = Patience()
    reports: dict[str, PersonasReport] = field(default_factory=dict)  # of late, by span
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    explaining: asyncio.Lock = field(default_factory=asyncio.Lock)  # one at a time: it is long
    chain_check: asyncio.Lock = field(default_factory=asyncio.Lock)  # one at a time: it is long


ROOM = web.AppKey("room", Room)


def room_of(request: web.Request) -> Room:
    """The room that the request came to."""
    return request.app[ROOM]
