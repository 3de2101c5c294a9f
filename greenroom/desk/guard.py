"""Who gets in: own address only, signed in, with the session's token on every change."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from greenroom.desk.pages import SESSION, page, session_of
from greenroom.desk.room import room_of

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY_BYTES = 64 * 1024
_MAX_FIELDS = 20
_PUBLIC = frozenset({"sign_in", "static", "record", "record_keys"})  # route names
_FORM = "application/x-www-form-urlencoded"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

_KEPT_HEADERS = frozenset({"Allow", "Retry-After"})
JSON_LD = "application/ld+json"  # records and keys are for anybody, from any site
_FOR_ANYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-cache",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Say on every response what a browser may do with it."""
    response.headers.update(_HEADERS)
    is_static = request.match_info.route.name == "static"
    response.headers["Cache-Control"] = "no-cache" if is_static else "no-store"
    if isinstance(response, web.Response) and response.content_type == JSON_LD:
        response.headers.update(_FOR_ANYBODY)


@web.middleware
async def own_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests meant for another name (DNS rebinding) or made by another site."""
    if request.headers.get("Host", "").lower() not in _own_hosts(request):
        return web.Response(
            status=403,
            text="403: this desk does not answer to that address.\n"
            "Open it at 127.0.0.1, or set desk.public_url in config.yaml.\n",
        )
    if request.method not in ("GET", "HEAD") and not _is_from_here(request):
        return web.Response(status=403, text="403: this request came from another site.\n")
    return await handler(request)


@web.middleware
async def own_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure is a page that says what to do."""
    try:
        return await handler(request)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        said = error.text if error.text != f"{error.status}: {error.reason}" else None
        page_said = await _failure(request, error.status, error.reason, said)
        page_said.headers.update({k: v for k, v in error.headers.items() if k in _KEPT_HEADERS})
        return page_said
    except Exception:
        # One page that fails must not take the desk down; the log has the traceback.
        log.exception("%s %s failed", request.method, request.path)
        said = "Greenroom's log says what happened. Nothing was changed unless you see it here."
        return await _failure(request, 500, "Something went wrong", said)


@web.middleware
async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only moderators in; a change needs the session's token as well."""
    room = room_of(request)
    cookie = request.cookies.get(cookie_name(request))
    if cookie is not None and cookie.isascii():
        found = await room.ledger.people.session(cookie)
        if found is not None:
            request[SESSION] = found
    if request.match_info.route.name in _PUBLIC:
        return await handler(request)
    session = session_of(request)
    if session is None:
        return await page(request, "signed_out.html", status=401)
    if request.method == "POST":
        form = await read_form(request)
        given = form.get("csrf", "")
        if not hmac.compare_digest(given.encode(), session.csrf.encode()):
            raise web.HTTPForbidden(text="This form is from another sign-in. Reload the page.")
    return await handler(request)


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a posted form; of a field given twice, the last."""
    if request.content_type != _FORM:
        raise web.HTTPUnsupportedMediaType(text="Send a form.")
    body = await request.read()
    try:
        fields = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS
        )
    except ValueError as error:
        raise web.HTTPBadRequest(text="This form has too many fields.") from error
    return dict(fields)


def cookie_name(request: web.Request) -> str:
    """Cookies know no ports: the name keeps two desks on one machine apart."""
    return f"greenroom-{_port(request)}"


def _port(request: web.Request) -> int:
    transport = request.transport
    address = transport.get_extra_info("sockname") if transport else None
    return int(address[1]) if address else 0


def _own_hosts(request: web.Request) -> set[str]:
    port = _port(request)
    names = {f"{host}:{port}" for host in _LOOPBACK}
    if port == 80:
        names.update(_LOOPBACK)
    public = room_of(request).public_url
    return names | ({_host_of(public)} if public else set())


def _host_of(address: str) -> str:
    """What a browser sends as ``Host`` for an address: no port where it is the usual one."""
    parts = urlsplit(address.lower())
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    name = parts.netloc.rpartition("@")[2]
    return name.removesuffix(f":{usual}")


def _is_from_here(request: web.Request) -> bool:
    """True unless the browser says that another site made the request.

    Under ``Referrer-Policy: no-referrer`` browsers send ``Origin: null`` with our own
    forms too; ``Sec-Fetch-Site`` then tells them apart. Whatever sends neither still
    needs the session's token.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin", "null").lower()
    public = room_of(request).public_url
    own = {f"http://{host}" for host in _own_hosts(request)}
    if public:
        own.add(f"{urlsplit(public).scheme}://{_host_of(public)}")
    return origin == "null" or origin in own


async def _failure(
    request: web.Request, status: int, title: str, said: str | None
) -> web.StreamResponse:
    return await page(request, "failure.html", status=status, title=title, said=said)
