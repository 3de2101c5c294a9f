"""Request bodies as Slack's own libraries test with them, from outside the project."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from greenroom.adapters.slack.directory import Directory
from greenroom.adapters.slack.events import EventReader
from greenroom.adapters.slack.web import SlackWeb
from tests.adapters.slack.stage import NOW, PAYLOADS, Running, settings
from tests.platforms.slack.server import SlackServer


def _payloads() -> list[dict[str, Any]]:
    if not PAYLOADS.is_file():
        return []
    return [item["payload"] for item in json.loads(PAYLOADS.read_text())]


needs_payloads = pytest.mark.skipif(
    not PAYLOADS.is_file(), reason=f"no {PAYLOADS.name} in shared/platforms beside the repository"
)


@needs_payloads
async def test_every_payload_is_read_or_passed_over(server: SlackServer) -> None:
    async with aiohttp.ClientSession() as session:
        web = SlackWeb(settings(server), session)
        workspace = await web.workspace()
        directory = Directory(web, workspace, clock=lambda: NOW)
        reader = EventReader("acme", workspace, directory, clock=lambda: NOW)
        events = [await reader.read(payload) for payload in _payloads()]
    kinds = [event.kind.value for event in events if event is not None]
    told = [event for body in _payloads() if _is_told(event := body.get("event") or {})]
    assert len(kinds) == len(told)
    assert set(kinds) == {
        "message_posted",
        "message_edited",
        "message_deleted",
        "reaction_added",
    }
    assert len({event.key for event in events if event is not None}) > 5


def _is_told(event: dict[str, Any]) -> bool:
    if event.get("type") in {"reaction_added", "reaction_removed"}:
        return bool(event["item"]["type"] == "message")
    return event.get("type") in {"message", "app_mention"} and "channel" in event


@needs_payloads
async def test_every_event_is_acknowledged(stage: Running) -> None:
    bodies = [
        payload
        for payload in _payloads()
        if payload.get("type") == "event_callback"
        and payload["event"]["type"] not in {"app_uninstalled", "tokens_revoked"}
    ]
    for number, body in enumerate(bodies):
        await stage.deliver(body, f"e{number}")
    acks = {await stage.acknowledged() for _ in bodies}
    assert acks == {f"e{number}" for number in range(len(bodies))}
