"""The queue: what waits for a person, the most severe first."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from greenroom import backlog
from greenroom.desk.pages import page
from greenroom.desk.room import room_of
from greenroom.ledger import Case, Kept

PAGE_SIZE = 50
STATES = ("open", "closed", "withdrawn")
_LAST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is shown."""

    number: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page, from 1."""
        return max(1, -(-self.total // PAGE_SIZE))


def routes() -> list[web.RouteDef]:
    """The queue, and one row of it for live updates."""
    return [web.get("/", _queue), web.get("/cases/{case:[0-9]{1,18}}/row", _row)]


async def _queue(request: web.Request) -> web.StreamResponse:
    room = room_of(request)
    state = request.query.get("state", "open")
    if state not in STATES:
        raise web.HTTPNotFound(text="The queue has open, closed and withdrawn cases.")
    number = page_number(request)
    offset = (number - 1) * PAGE_SIZE
    counts = await room.ledger.cases.counts()
    return await page(
        request,
        "queue.html",
        state=state,
        states=STATES,
        counts=counts,
        rows=await room.ledger.cases.queue(state=state, limit=PAGE_SIZE, offset=offset),
        paging=Paging(number, counts.get(state, 0)),
        judged=await judged_case(request),
        backlog=backlog.told(await room.ledger.inbox.backlog(), room.clock()),
    )


async def _row(request: web.Request) -> web.StreamResponse:
    case, kept = await find_case(request)
    return await page(request, "row_alone.html", case=case, message=kept.message)


async def find_case(request: web.Request) -> tuple[Case, Kept]:
    """The case that the address names, with its message; 404 if there is none."""
    room = room_of(request)
    number = int(request.match_info["case"])
    case = await room.ledger.cases.get(number)
    kept = None if case is None else await room.ledger.messages.get(case.message)
    if case is None or kept is None:
        raise web.HTTPNotFound(text=f"There is no case {number}.")
    return case, kept


async def judged_case(request: web.Request) -> Case | None:
    """The case that was judged a moment ago, for a word about it on the next page."""
    number = request.query.get("judged", "")
    if not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    return await room_of(request).ledger.cases.get(int(number))


def page_number(request: web.Request) -> int:
    """``?page=``, from 1; whatever else it says is page 1."""
    given = request.query.get("page", "1")
    if not (given.isascii() and given.isdecimal() and len(given) <= 7):
        return 1
    return min(max(1, int(given)), _LAST_PAGE)
