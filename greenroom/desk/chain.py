"""The ledger page: the newest entries, and whether the chain holds."""

from __future__ import annotations

from aiohttp import web

from greenroom.desk.pages import page
from greenroom.desk.room import room_of

_ENTRIES = 100


def routes() -> list[web.RouteDef]:
    """``/ledger``."""
    return [web.get("/ledger", _entries), web.post("/ledger/check", _check)]


async def _entries(request: web.Request) -> web.StreamResponse:
    return await _show(request)


async def _check(request: web.Request) -> web.StreamResponse:
    """Read the whole chain; on demand, since that grows with the ledger."""
    room = room_of(request)
    async with room.chain_check:
        broken = await room.ledger.entries.first_broken()
    return await _show(request, is_checked=True, broken=broken)


async def _show(
    request: web.Request, *, is_checked: bool = False, broken: int | None = None
) -> web.StreamResponse:
    room = room_of(request)
    about = request.query.get("about", "").strip()
    if about:
        entries = list(reversed(await room.ledger.entries.about(about)))[:_ENTRIES]
    else:
        entries = await room.ledger.entries.latest(limit=_ENTRIES, before=_before(request))
    return await page(
        request,
        "ledger.html",
        entries=entries,
        about=about,
        older=entries[-1].seq if len(entries) == _ENTRIES and not about else None,
        is_checked=is_checked,
        broken=broken,
        checked_at=room.clock(),
    )


def _before(request: web.Request) -> int | None:
    given = request.query.get("before", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= 18 else None
