"""One case: the message, what surrounds it, why it is here, and the verdict."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from greenroom.desk.guard import read_form
from greenroom.desk.pages import moderator_of, page
from greenroom.desk.queue import find_case, judged_case
from greenroom.desk.room import Room, room_of
from greenroom.desk.text import PAGE_LIMIT, Reading, passages
from greenroom.desk.verdicts import TOO_LATE, choices, judgement, seen, taken
from greenroom.desk.why import Why, spans_in, why
from greenroom.desk.words import Words, words
from greenroom.errors import DropMessage, RetryLater
from greenroom.ledger import Case, Change, Kept
from greenroom.message import Message, Precedent
from greenroom.senses import text_of

log = logging.getLogger(__name__)

_NOTE_LENGTH = 2_000
_DECISIONS = 10  # the newest that a page shows: every report is decided anew
_HISTORY = 50  # entries that a page shows; the ledger page has all
_CASE = "/cases/{case:[0-9]{1,18}}"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Precedents for a page, or why there are none to show."""

    precedents: Sequence[Precedent] = ()
    excuse: str | None = None


def routes() -> list[web.RouteDef]:
    """The case page, the same with a score's words, its verdict, the message as plain text."""
    return [
        web.get(_CASE, _case),
        web.get(f"{_CASE}/text", _text),
        web.get(f"{_CASE}/words", _words),
        web.get(f"{_CASE}/verdict", _back),
        web.post(f"{_CASE}/verdict", _judge),
    ]


async def _case(request: web.Request) -> web.StreamResponse:
    case, kept = await find_case(request)
    return await _show(request, case, kept)


async def _text(request: web.Request) -> web.StreamResponse:
    """The whole message as plain text, for one that is longer than a page holds."""
    case, kept = await find_case(request)
    title = f"{kept.message.title}\n\n" if kept.message.title else ""
    headers = {"Content-Disposition": f'attachment; filename="case-{case.id}.txt"'}
    return web.Response(text=f"{title}{kept.message.text}", headers=headers)


async def _words(request: web.Request) -> web.StreamResponse:
    """The case page with the words that made a score: without the script it is a page, too."""
    case, kept = await find_case(request)
    decided = await _decided(room_of(request), case, kept.message)
    asked = request.query.get("head")
    found = await words(room_of(request), kept.message, decided, asked)
    if found is None:
        raise web.HTTPNotFound(text="The model gives no such score.")
    return await _show(request, case, kept, found=found)


async def _back(request: web.Request) -> web.StreamResponse:
    """The address of an answer to a verdict, reloaded or copied, is the case's."""
    raise web.HTTPSeeOther(f"/cases/{request.match_info['case']}")


async def _judge(request: web.Request) -> web.StreamResponse:
    """Take a verdict, if it is still offered on what the moderator saw."""
    room, form = room_of(request), await read_form(request)
    case, kept = await find_case(request)
    effects = await room.ledger.outbox.about(case.message)
    note = form.get("note", "").strip()[:_NOTE_LENGTH]
    chosen, objection = taken(
        form.get("choice", ""),
        form.get("seen", ""),
        case,
        kept.message,
        effects=effects,
        bot=room.bots.get(case.bot),
    )
    if chosen is None:
        return await _show(request, case, kept, objection=objection, note=note)
    verdict = judgement(
        chosen,
        case,
        kept.message,
        bot=room.bots.get(case.bot),
        by=moderator_of(request),
        note=note,
    )
    try:
        closed = await room.ledger.cases.judge(verdict, room.clock())
    except DropMessage as error:
        case, kept = await find_case(request)
        why_not = str(error) if case.state == "open" else TOO_LATE
        return await _show(request, case, kept, objection=why_not)
    _tell(room, closed, has_orders=bool(verdict.actions))
    raise web.HTTPSeeOther(await _onward(room, case))


def _tell(room: Room, closed: Case, *, has_orders: bool) -> None:
    feed = room.ledger.feed
    feed.publish(Change("verdict", closed.message, closed.id))
    if has_orders:
        feed.publish(Change("effect", closed.message, closed.id))


async def _onward(room: Room, case: Case) -> str:
    """The next open case after this one, then the first, then the empty queue."""
    _, following = await room.ledger.cases.beside(case)
    if following is None:
        first = await room.ledger.cases.queue(limit=1)
        following = first[0][0].id if first else None
    where = "/" if following is None else f"/cases/{following}"
    return f"{where}?judged={case.id}"


async def _show(
    request: web.Request,
    case: Case,
    kept: Kept,
    *,
    objection: str | None = None,
    note: str = "",
    found: Words | None = None,
) -> web.Response:
    room, message = room_of(request), kept.message
    effects = await room.ledger.outbox.about(case.message)
    decided = await _decided(room, case, message)
    bot = room.bots.get(case.bot)
    offered = choices(effects, bot) if case.state == "open" else ()
    before, after = await room.ledger.cases.beside(case)
    return await page(
        request,
        "case.html",
        status=409 if objection else 200,
        address=f"/cases/{case.id}",
        note=note,
        case=case,
        appeal=await room.ledger.messages.get(case.appeal) if case.appeal else None,
        kept=kept,
        message=message,
        seen=seen(message),
        **_marked(message, decided, found),
        words=found,
        page_limit=PAGE_LIMIT,
        decided=decided,
        effects=effects,
        records={one.key: one.id for one in await room.ledger.attestations.about(case.message)},
        bot=bot,
        choices=[choice for choice in offered if not choice.is_sanction],
        sanctions=[choice for choice in offered if choice.is_sanction],
        around=await room.ledger.messages.around(case.message),
        history=(await room.ledger.entries.about(case.message))[-_HISTORY:],
        likeness=await _likeness(request, room, message),
        before=before,
        after=after,
        judged=await judged_case(request),
        objection=objection,
    )


async def _decided(room: Room, case: Case, message: Message) -> list[Why]:
    return why(await room.ledger.record.decisions(case.message), message.revision)[:_DECISIONS]


def _marked(message: Message, decided: Sequence[Why], found: Words | None) -> dict[str, Reading]:
    """Title and text, with the words that made a score, or else those that rules matched."""
    title, text = message.title or "", message.text
    if found is None:
        spans = spans_in(decided, "title", title), spans_in(decided, "body", text)
    else:
        start = len(text_of(message)) - len(text)  # triage reads the title first
        spans = found.spans(0, len(title)), found.spans(start, start + len(text))
    return {"title": passages(title, spans[0]), "reading": passages(text, spans[1])}


async def _likeness(request: web.Request, room: Room, message: Message) -> Likeness:
    """Precedents, if they come in time; a page never waits long for them."""
    if "live" in request.query:
        return Likeness()  # an update of a page that has them already
    try:
        async with asyncio.timeout(room.patience.precedents_s):
            found = await room.precedents(message)
    except (TimeoutError, RetryLater) as error:
        log.warning("no precedents for %s: %s", message.key, error or "they take too long")
        return Likeness(excuse="They cannot be looked up just now. Reload the page to try again.")
    others = [precedent for precedent in found if precedent.message != message.key]
    return Likeness(others)
