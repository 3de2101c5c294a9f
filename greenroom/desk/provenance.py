"""The records of what personas said, for anybody: no sign-in, no member's words."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from aiohttp import ETag, web

from greenroom.desk.guard import JSON_LD
from greenroom.desk.pages import page
from greenroom.desk.room import room_of
from greenroom.provenance import ANSWERED, did_key, fingerprint

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CID: Final = "https://www.w3.org/ns/cid/v1"


def routes() -> list[web.RouteDef]:
    """``/provenance/ID`` and ``/provenance/key``: the guard lets everybody in by their name."""
    return [
        web.get("/provenance/key", _keys, name="record_keys"),
        web.get(f"/provenance/{{id:{_UUID}}}", _record, name="record"),
    ]


async def _record(request: web.Request) -> web.StreamResponse:
    room = room_of(request)
    found = await room.ledger.attestations.get(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound(text="There is no record of that name.")
    if _wants_a_page(request):
        record = json.loads(found.record)
        key = record["proof"]["verificationMethod"].rpartition("#")[2]
        shown = await page(
            request,
            "provenance.html",
            id=found.id,
            record=record,
            agent=record["prov:wasAttributedTo"],
            activity=record["prov:wasGeneratedBy"],
            quoted=_quoted(record),
            fingerprint=fingerprint(key),
            is_ours=key in room.public_keys(),
        )
        shown.headers["Vary"] = "Accept"
        return shown
    return _answer(request, found.record)


def _quoted(record: dict[str, Any]) -> list[Any]:
    used = record["prov:wasGeneratedBy"]["prov:used"]
    return [one for one in used if one["schema:name"] != ANSWERED]


async def _keys(request: web.Request) -> web.StreamResponse:
    """A Controlled Identifier Document: every key that a record may be signed with."""
    room = room_of(request)
    names = room.public_keys()
    methods = [
        {
            "id": f"{did_key(name)}#{name}",
            "type": "Multikey",
            "controller": did_key(name),
            "publicKeyMultibase": name,
        }
        for name in names
    ]
    document: dict[str, Any] = {
        "@context": _CID,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
    if room.public_url is not None:
        document["id"] = f"{room.public_url.rstrip('/')}/provenance/key"
    return _answer(request, json.dumps(document, indent=1))


def _answer(request: web.Request, text: str) -> web.Response:
    """JSON-LD with its ETag; nothing but that where the reader has it already."""
    tag = ETag(hashlib.sha256(text.encode()).hexdigest()[:32])
    known = {one.value for one in request.if_none_match or ()}
    if known & {tag.value, "*"}:
        response = web.Response(status=304, content_type=JSON_LD)
    else:
        response = web.Response(text=text, content_type=JSON_LD)
    response.etag = tag
    response.headers["Vary"] = "Accept"
    return response


def _wants_a_page(request: web.Request) -> bool:
    """A browser names HTML first; what names it not at all, or JSON-LD as well, is a program."""
    accepted = request.headers.get("Accept", "")
    return "text/html" in accepted and "json" not in accepted
