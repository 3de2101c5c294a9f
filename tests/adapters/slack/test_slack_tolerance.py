"""Whatever field of a real payload is missing or mistyped: it is acknowledged, and all goes on."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from tests.adapters.slack.stage import PAYLOADS, Running, event_body, said
from tests.adapters.slack.test_slack_payloads import needs_payloads
from tests.platforms.slack.server import envelope

WRONG: tuple[Any, ...] = (None, 5, "x", [], {}, True, [None], {"id": 5}, -1.5, "")
ENDING = frozenset({"app_uninstalled", "tokens_revoked"})  # what ends the run, as it should
BATCH = 200


def _spoiled(rounds: int) -> Iterator[dict[str, Any]]:
    """Each payload without each of its fields, and with something else in its place."""
    wrong = cycle(WRONG)
    for item in json.loads(PAYLOADS.read_text()):
        body = item["payload"]
        if (body.get("event") or {}).get("type") in ENDING:
            continue
        for path in _paths(body):
            yield _changed(body, path, delete=True)
            for _ in range(rounds):
                yield _changed(body, path, value=next(wrong))


def _paths(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from _paths(value, (*above, key))


def _changed(
    body: dict[str, Any], path: tuple[Any, ...], *, value: Any = None, delete: bool = False
) -> dict[str, Any]:
    spoiled = copy.deepcopy(body)
    node = spoiled
    for key in path[:-1]:
        node = node[key]
    if delete:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return spoiled


@needs_payloads
async def test_no_field_is_needed_to_go_on(
    stage: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    base = stage.server.interactivity.base
    bodies = [
        json.loads(json.dumps(body).replace("https://hooks.slack.com", base))
        for body in _spoiled(rounds=3)
    ]
    for start in range(0, len(bodies), BATCH):
        batch = bodies[start : start + BATCH]
        for number, body in enumerate(batch, start):
            kind = "events_api" if body.get("type") == "event_callback" else "interactive"
            await stage.socket.send_json(envelope(body, f"e{number}") | {"type": kind})
        async with asyncio.timeout(30):
            acks = {await stage.server.acks.get() for _ in batch}
        assert acks == {f"e{number}" for number in range(start, start + len(batch))}
    failed = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in failed] == []
    while not stage.inbox.events.empty():
        stage.inbox.events.get_nowait()
    await stage.deliver(event_body(said("still here", ts="1700009999.000100")), "last")
    message = (await stage.inbox.next()).message
    assert message is not None
    assert message.text == "still here"
    assert stage.adapter.health().is_connected


ODD_BLOCKS: tuple[Any, ...] = (
    5,
    {},
    [None, 5, "x", []],
    [{"type": ["section"], "text": {"type": {}, "text": ["x"]}}],
    [{"type": "rich_text", "elements": [{"type": ["link"], "url": 5, "text": {}}]}],
    [{"type": "section", "fields": {"text": 5}, "accessory": [[[]]]}],
)


@pytest.mark.parametrize("blocks", ODD_BLOCKS)
@pytest.mark.parametrize("text", [None, "", 5, [], {}])
async def test_odd_blocks_are_read_as_far_as_they_go(
    stage: Running, blocks: Any, text: Any
) -> None:
    await stage.deliver(event_body(said("", blocks=blocks) | {"text": text}))
    message = (await stage.inbox.next()).message
    assert message is not None
    assert isinstance(message.text, str)
