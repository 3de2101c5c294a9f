"""Modmail as a source of news: conversations by their latest message, then what is new in each."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any, Final

from asyncpraw.endpoints import API_PATH

from greenroom.adapters.base import Clock
from greenroom.adapters.recent import Recent
from greenroom.adapters.reddit.fields import as_table, moment_of, rows_of, table_of, text_of
from greenroom.adapters.reddit.watching import Look, News
from greenroom.errors import DropMessage

log = logging.getLogger(__name__)

PAGE: Final = 25  # conversations a request; each comes with all who ever wrote in it
MOST_PAGES: Final = 4
SEEN: Final = 5_000

Conversation = Mapping[str, Any]


class Modmail:
    """The conversations of one state, in all subreddits that the account moderates.

    Args:
        state: ``all``, or ``appeals``: of members who are banned, which ``all`` leaves out.
        places: The subreddits' names.
        every: See ``Source``.
        clock: The time now, in UTC.
    """

    def __init__(self, state: str, places: str, *, every: int, clock: Clock) -> None:
        self.name = f"{API_PATH['modmail_conversations'].strip('/')} ({state})"
        self.every = every
        self._state = state
        self._places = places
        self._known: Recent[str, str] = Recent(size=SEEN, clock=clock)  # conversation: its update
        self._told: Recent[str, None] = Recent(size=SEEN, clock=clock)  # messages
        self._from: datetime | None = None  # what was written before is history
        self._is_primed = False

    async def poll(self, look: Look) -> AsyncGenerator[News, None]:
        """What members wrote, oldest first; see ``Source``."""
        changed = await self._changed(look)
        is_late = look.is_first or not self._is_primed
        if not self._is_primed:
            self._from = look.since or _latest(changed)
            self._is_primed = True
            if look.since is None:
                self._mark(*changed)
                return
        for conversation in sorted(changed, key=_updated):
            if not self._is_news(conversation):
                self._mark(conversation)
                continue
            for message in await self._fresh(conversation, look):
                yield News(look.teller.written(conversation, message), is_late)
                self._told[str(message.get("id"))] = None
            self._mark(conversation)

    async def _changed(self, look: Look) -> list[Conversation]:
        """The conversations with something new, newest first."""
        found: list[Conversation] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._page(look, after)
            fresh = [one for one in page if self._is_fresh(one)]
            found += fresh
            is_all_new = len(page) >= PAGE and len(fresh) == len(page)
            if not is_all_new or not self._is_news(page[-1]) or not self._wants_more(look):
                return found
            after = text_of(page[-1], "id")
        look.miss(1)
        log.warning("%s: more conversations than are looked at; one gap is lost", self.name)
        return found

    def _wants_more(self, look: Look) -> bool:
        return self._is_primed or look.since is not None

    async def _page(self, look: Look, after: str | None) -> list[Conversation]:
        asked: dict[str, str | int] = {
            "entity": self._places, "limit": PAGE, "sort": "recent", "state": self._state,
        }  # fmt: skip
        if after is not None:
            asked["after"] = after
        path = API_PATH["modmail_conversations"]
        answer = await look.web.read("list modmail", path, **asked)
        listed = table_of(answer, "conversations")
        order = [name for name in rows_of(answer, "conversationIds") if isinstance(name, str)]
        names = [*dict.fromkeys([*order, *listed])]
        found = [{**as_table(listed.get(name)), "id": name} for name in names if name in listed]
        return [one for one in found if one.get("isInternal") is not True]

    async def _fresh(self, conversation: Conversation, look: Look) -> list[Mapping[str, Any]]:
        """The messages of a conversation that were not told of, oldest first."""
        path = API_PATH["modmail_conversation"].format(id=conversation["id"])
        try:
            whole = await look.web.read("read modmail", path)
        except DropMessage as error:  # gone meanwhile
            log.info("%s", error)
            return []
        messages = table_of(whole, "messages")
        found = [{**as_table(one), "id": name} for name, one in messages.items()]
        fresh = [one for one in found if one["id"] not in self._told and self._is_after(one)]
        return sorted(fresh, key=lambda one: str(moment_of(one, "date") or ""))

    def _is_fresh(self, conversation: Conversation) -> bool:
        return self._known.get(conversation["id"], "") != _stamp(conversation)

    def _is_news(self, conversation: Conversation) -> bool:
        updated = moment_of(conversation, "lastUpdated")
        return self._from is None or updated is None or updated >= self._from

    def _is_after(self, message: Mapping[str, Any]) -> bool:
        when = moment_of(message, "date")
        return self._from is None or when is None or when > self._from

    def _mark(self, *conversations: Conversation) -> None:
        for one in conversations:
            self._known[one["id"]] = _stamp(one)


def _stamp(conversation: Conversation) -> str:
    """Changes with each message."""
    return f"{conversation.get('numMessages')}@{conversation.get('lastUpdated')}"


def _updated(conversation: Conversation) -> str:
    return str(moment_of(conversation, "lastUpdated") or "")


def _latest(conversations: list[Conversation]) -> datetime | None:
    times = [when for one in conversations if (when := moment_of(one, "lastUpdated"))]
    return max(times, default=None)
