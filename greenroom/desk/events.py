"""Live updates: server-sent events that say what changed; the page then looks again."""

from __future__ import annotations

import asyncio
import json
import time

from aiohttp import web

from greenroom.desk.room import ROOM, Room, room_of
from greenroom.ledger import Change

MAX_WATCHERS = 128  # pages open at once; one more is told to come back later
_LOOK_S = 1.0  # between two looks whether the browser is still there
_HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
_WATCHING = web.AppKey("watching", set[object])


def routes() -> list[web.RouteDef]:
    """``/events``."""
    return [web.get("/events", _events, allow_head=False)]


def set_up(app: web.Application) -> None:
    """Count the watchers of ``app``, and let them go when it shuts down."""
    app[_WATCHING] = set()
    app.on_shutdown.append(_let_go)


async def _let_go(app: web.Application) -> None:
    room = app[ROOM]
    room.closing.set()
    room.ledger.feed.publish(Change("effect"))  # wakes every watcher; each sees `closing`


async def _events(request: web.Request) -> web.StreamResponse:
    watching = request.app[_WATCHING]
    if len(watching) >= MAX_WATCHERS:
        raise web.HTTPServiceUnavailable(
            text="Too many pages are open.", headers={"Retry-After": "30"}
        )
    response = web.StreamResponse(headers=_HEADERS)
    watching.add(response)
    try:
        await response.prepare(request)
        await _watch(request, response)
    except ConnectionError:
        pass  # the browser has left, which is how these streams end
    finally:
        watching.discard(response)
    return response


async def _watch(request: web.Request, response: web.StreamResponse) -> None:
    room = room_of(request)
    with room.ledger.feed.watch() as changes:
        await _write(room, response, b"retry: 2000\n: hello\n\n")
        written_at = time.monotonic()
        while request.transport is not None:
            told = _as_event(await _next_change(changes))
            if room.closing.is_set():
                return
            if told is None and time.monotonic() - written_at < room.patience.keep_alive_s:
                continue
            await _write(room, response, told or b": still here\n\n")
            written_at = time.monotonic()


async def _next_change(changes: asyncio.Queue[Change]) -> Change | None:
    """The next change that a page shows, or None after a while."""
    try:
        async with asyncio.timeout(_LOOK_S):
            while (change := await changes.get()).topic == "message":
                continue  # every message is one; a page has nothing to show for it
            return change
    except TimeoutError:
        return None


async def _write(room: Room, response: web.StreamResponse, data: bytes) -> None:
    """Send, unless the browser takes nothing any more."""
    try:
        async with asyncio.timeout(room.patience.write_s):
            await response.write(data)
    except TimeoutError as error:
        raise ConnectionError("the browser takes nothing") from error


def _as_event(change: Change | None) -> bytes | None:
    if change is None:
        return None
    told = {"topic": change.topic, "case": change.case, "message": change.message}
    return f"event: change\ndata: {json.dumps(told)}\n\n".encode()
