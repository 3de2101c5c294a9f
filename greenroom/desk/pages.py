"""Renders pages: the templates, their filters, and what stands on every page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from aiohttp import web
from markupsafe import Markup

from greenroom.desk import wording
from greenroom.desk.room import Fitness, Room, RunningBot, room_of
from greenroom.desk.text import clip, visible
from greenroom.ledger import Session
from greenroom.message import Channel, Message
from greenroom.report import advice_in_words, apart_in_words, mean_in_words, share_in_words

HERE = Path(__file__).parent
SESSION = web.RequestKey("session", Session)


@dataclass(frozen=True, slots=True)
class BotLine:
    """One bot in the status strip."""

    bot: RunningBot
    fitness: Fitness | None


@dataclass(frozen=True, slots=True)
class Strip:
    """How the whole deployment fares, on every page."""

    bots: tuple[BotLine, ...]
    inbox_depth: int
    oldest_open: str | None
    counts: Mapping[str, int]
    notices: tuple[str, ...] = ()


def templates() -> jinja2.Environment:
    """The desk's templates, with everything escaped that is not made safe by name."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        visible=visible,
        clip=clip,
        moment=moment,
        place=place,
        safe_link=safe_link,
        in_words=wording.in_words,
        state_in_words=wording.state_in_words,
        verdict_in_words=wording.verdict_in_words,
        told=told,
        actor=wording.actor,
        happening=wording.happening,
        platform_name=wording.platform_name,
        mean=mean_in_words,
        apart=apart_in_words,
        advice=advice_in_words,
        share=share_in_words,
    )
    return environment


def session_of(request: web.Request) -> Session | None:
    """Who is signed in."""
    return request.get(SESSION)


def moderator_of(request: web.Request) -> str:
    """The signed-in moderator's name, where the guard let nobody else in."""
    session = session_of(request)
    assert session is not None, "the guard answers 401 before a page is reached"
    return session.moderator


async def page(
    request: web.Request, template: str, *, status: int = 200, **values: object
) -> web.Response:
    """A whole page, with the status strip for whoever is signed in."""
    room, session = room_of(request), session_of(request)
    strip = None if session is None else await _strip(room)
    values.setdefault("address", request.path_qs)  # where the script reads the page again
    own_path = "/" + request.path.lstrip("/")  # `//name` would be another site
    text = room.templates.get_template(template).render(
        session=session, strip=strip, now=room.clock(), path=own_path, **values
    )
    return web.Response(text=text, status=status, content_type="text/html")


async def _strip(room: Room) -> Strip:
    health = room.health()
    return Strip(
        bots=tuple(BotLine(bot, health.get(name)) for name, bot in room.bots.items()),
        inbox_depth=await room.ledger.inbox.depth(),
        oldest_open=await room.ledger.cases.oldest_open(),
        counts=await room.ledger.cases.counts(),
        notices=(*room.notices, *_paused(await room.ledger.pauses.all())),
    )


def _paused(pauses: Collection[str]) -> Iterator[str]:
    if pauses:
        yield f"Paused, so saying and doing nothing: {wording.listed(sorted(pauses))}."


def moment(at: datetime | str | None) -> Markup:
    """A point in time as ``<time>``; the script shows it relative to now."""
    if at is None:
        return Markup("")
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    utc = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    shown = f"{utc:%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), shown, shown
    )


def place(message: Message) -> str:
    """Where a message was written, as its platform writes it: ``#help``, ``r/gardens``."""
    channel: Channel = message.channel
    name = channel.name or message.community.name or channel.id
    sign = "r/" if message.platform == "reddit" else "#"
    return name if name.startswith(sign) else f"{sign}{name}"


def told(value: object) -> str:
    """A value from an entry's body, for people."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {told(item)}" for name, item in value.items() if item)
    if isinstance(value, list):
        return "; ".join(told(item) for item in value)
    return str(value)


def safe_link(address: str | None) -> str | None:
    """``address`` if it is an ordinary web address, else None; a member may have made it."""
    if not address or not address.isascii():
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None
