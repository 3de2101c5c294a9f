"""The personas page: how each fares, what experiments say, and who rests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final, NoReturn

from aiohttp import web

from greenroom.desk.guard import read_form
from greenroom.desk.pages import moderator_of, page
from greenroom.desk.room import Room, room_of
from greenroom.ledger import Change
from greenroom.report import EXPERIMENT_NOTE, NOTE, SHARES_IN_WORDS, PersonasReport, personas_report

SPANS: Final = {"7": "7 days", "30": "30 days", "all": "All"}
_SPAN: Final = "30"
_KEPT: Final = timedelta(seconds=10)  # how long figures are shown again


def routes() -> list[web.RouteDef]:
    """``/personas``, and the buttons on it."""
    return [
        web.get("/personas", _personas),
        web.post("/personas/pause", _pause),
        web.post("/personas/resume", _resume),
    ]


async def _personas(request: web.Request) -> web.StreamResponse:
    room = room_of(request)
    span = request.query.get("days", _SPAN)
    if span not in SPANS:
        raise web.HTTPNotFound(text="The page shows 7 days, 30 days or all there is.")
    found = await _report(room, span)
    return await page(
        request,
        "personas.html",
        found=found,
        cast=room.cast,
        span=span,
        spans=SPANS,
        names=SHARES_IN_WORDS,
        note=NOTE,
        experiment_note=EXPERIMENT_NOTE,
    )


async def _report(room: Room, span: str) -> PersonasReport:
    """The report, made anew now and then only: open pages ask at each change. Pauses are as now."""
    now, known = room.clock(), room.reports.get(span)
    if known is None or not known.now <= now < known.now + _KEPT:
        known = await personas_report(
            room.ledger,
            room.cast,
            now=now,
            span=timedelta(days=int(span)) if span.isdecimal() else None,
            within=room.within,
        )
        room.reports[span] = known
        return known
    pauses = await room.ledger.pauses.all()
    names = {*known.personas, *room.cast, *pauses}
    return replace(known, pauses=pauses, personas=tuple(sorted(names)))


async def _pause(request: web.Request) -> web.StreamResponse:
    """Have one persona rest, or all of them."""
    room, by = room_of(request), moderator_of(request)
    persona = (await read_form(request)).get("persona")
    if persona is not None and persona not in room.cast:
        raise web.HTTPNotFound(text="There is no persona of that name.")
    for name in room.cast if persona is None else (persona,):
        await room.ledger.pauses.pause(name, by=by, at=room.clock())
    _back(room)


async def _resume(request: web.Request) -> web.StreamResponse:
    """Let one persona go on, be it in a file or not, or all of them."""
    room, by = room_of(request), moderator_of(request)
    persona = (await read_form(request)).get("persona")
    pauses = await room.ledger.pauses.all()
    if persona is not None and persona not in pauses and persona not in room.cast:
        raise web.HTTPNotFound(text="There is no persona of that name.")
    for name in pauses if persona is None else (persona,):
        await room.ledger.pauses.resume(name, by=by, at=room.clock())
    _back(room)


def _back(room: Room) -> NoReturn:
    room.ledger.feed.publish(Change("persona"))
    raise web.HTTPSeeOther("/personas")
