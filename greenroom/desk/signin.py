"""Signing in by a one-time link, and out again."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from greenroom.desk.guard import cookie_name, read_form
from greenroom.desk.pages import page
from greenroom.desk.room import room_of

_SESSION_S = 14 * 24 * 3600


def sign_in_address(base: str, token: str) -> str:
    """The link that a moderator opens once; ``base`` is the desk's own address."""
    return f"{base.rstrip('/')}/sign-in?token={quote(token, safe='')}"


def routes() -> list[web.RouteDef]:
    """``/sign-in`` and ``/sign-out``."""
    return [
        web.get("/sign-in", _ask, name="sign_in"),
        web.post("/sign-in", _sign_in, name="sign_in"),
        web.post("/sign-out", _sign_out),
    ]


async def _ask(request: web.Request) -> web.StreamResponse:
    """A button, so that a chat program's preview of the link does not use it up."""
    token = request.query.get("token", "")
    if not token:
        return await page(request, "signed_out.html", status=401)
    return await page(request, "sign_in.html", token=token)


async def _sign_in(request: web.Request) -> web.StreamResponse:
    room = room_of(request)
    token = (await read_form(request)).get("token", "")
    begun = await room.ledger.people.sign_in(token)
    if begun is None:
        return await page(request, "signed_out.html", status=401, is_spent=True)
    response = web.HTTPSeeOther("/")
    response.set_cookie(
        cookie_name(request),
        begun.cookie,
        max_age=_SESSION_S,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=(room.public_url or "").startswith("https:"),
    )
    raise response


async def _sign_out(request: web.Request) -> web.StreamResponse:
    room, name = room_of(request), cookie_name(request)
    await room.ledger.people.sign_out(request.cookies[name])
    response = web.HTTPSeeOther("/sign-in")
    response.del_cookie(name, path="/")
    raise response
