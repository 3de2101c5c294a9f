"""Requests as Bolt takes them, made so that no odd field and no odd word loses one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)

UNREADABLE: Final = (TypeError, AttributeError, KeyError, ValueError, RecursionError)
"""What Bolt and Python raise on a payload that is none, or has fields of unexpected types."""


def asked_by_socket(request: SocketModeRequest) -> AsyncBoltRequest:
    """A Socket Mode envelope's payload."""
    return _asked(request.payload, build_headers(request) or {})


async def asked_by_http(request: web.Request) -> AsyncBoltRequest:
    """A JSON body, a form that is a command, or a form with a payload.

    Raises:
        UNREADABLE: The body is none of these.
    """
    raw = await request.text()
    asked = _asked(_parse(raw, request.content_type), dict(request.headers))
    asked.mode, asked.raw_body = "http", raw  # the signature is over the body as it came
    return asked


def _parse(raw: str, content_type: str) -> dict[str, Any]:
    """Bolt's own reading loses a command in whose text the word payload stands."""
    fields: dict[str, Any] = {}
    if content_type != "application/json" and not raw.startswith("{"):
        fields = dict(parse_qsl(raw, keep_blank_values=True))
        if "payload" not in fields:
            return fields
    body = json.loads(fields.get("payload", raw))
    if not isinstance(body, dict):
        raise TypeError(f"a {type(body).__name__} where an object is due")
    return body


def _asked(body: dict[str, Any], headers: Mapping[str, str | Sequence[str]]) -> AsyncBoltRequest:
    """Bolt looks for names in the body at once; where that fails, they stay unknown."""
    try:
        return AsyncBoltRequest(mode="socket_mode", body=body, headers=dict(headers))
    except UNREADABLE as error:
        log.info("Slack sent a payload with a field that Bolt cannot read: %.200r", error)
    asked = AsyncBoltRequest(mode="socket_mode", body={}, headers=dict(headers))
    asked.body = body
    return asked
