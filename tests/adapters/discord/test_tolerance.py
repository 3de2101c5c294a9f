"""Whatever field is missing, of another type or unheard of: the events after it still come."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.discord.stage import Running
from tests.adapters.discord.test_events import ALERT, THUMB, hit, reaction
from tests.platforms.discord.interactions import COMMAND, COMPONENT, MODAL
from tests.platforms.discord.payloads import GUILD, HELP, MEMBER, MODS, USERS, member, message

DOCUMENTED = Path(__file__).parents[4] / "shared" / "platforms" / "discord_payloads.json"
ODD: tuple[Any, ...] = (None, True, -1, 10**30, 1.5, "", "odd", "٣", [], [[]], {}, {"id": []})


def interaction(kind: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "1456484269424640000",
        "application_id": "2001",
        "type": kind,
        "token": "test-interaction",
        "guild_id": GUILD,
        "channel_id": HELP,
        "channel": {"id": HELP, "type": 0},
        "member": {**member(MEMBER), "user": USERS[MEMBER], "permissions": "0"},
        "message": message(MODS, MEMBER, "a card", id="1456484269424640001"),
        "data": data,
    }


FIELD = {"type": 4, "custom_id": "text", "value": "typed"}
ROW = {"type": 18, "component": FIELD}
REPORTED = message(HELP, MEMBER, "hello", id="1456484269424640002")
EVENTS = {
    "command": (
        "INTERACTION_CREATE",
        interaction(COMMAND, {"name": "human", "type": 1, "options": [{"value": "hi"}]}),
    ),
    "report": (
        "INTERACTION_CREATE",
        interaction(
            COMMAND,
            {
                "name": "Report to moderators",
                "type": 3,
                "target_id": REPORTED["id"],
                "resolved": {"messages": {REPORTED["id"]: REPORTED}},
            },
        ),
    ),
    "press": ("INTERACTION_CREATE", interaction(COMPONENT, {"custom_id": "gr.b:case:7"})),
    "asks": ("INTERACTION_CREATE", interaction(COMPONENT, {"custom_id": "gr.a:6:case:7Why?"})),
    "note": (
        "INTERACTION_CREATE",
        interaction(MODAL, {"custom_id": f"gr.m:{MODS}/1:case:7", "components": [ROW]}),
    ),
    "reason": (
        "INTERACTION_CREATE",
        interaction(MODAL, {"custom_id": f"gr.r:{HELP}/1", "components": [ROW]}),
    ),
    "reaction": ("MESSAGE_REACTION_ADD", reaction(THUMB)),
    "automod": (
        "AUTO_MODERATION_ACTION_EXECUTION",
        hit(ALERT, message_id="77", alert_system_message_id="555"),
    ),
}


def mutations(whole: Any) -> Iterator[Any]:
    """The payload with one field after another missing or odd, however deep it lies."""
    for path in paths(whole):
        for odd in (..., *ODD):
            changed = copy.deepcopy(whole)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            if odd is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = odd
            yield changed


def paths(whole: Any) -> Iterator[tuple[Any, ...]]:
    items = whole.items() if isinstance(whole, dict) else enumerate(whole)
    for key, inner in items:
        yield (key,)
        if isinstance(inner, dict | list):
            yield from ((key, *rest) for rest in paths(inner))


async def still_hears(stage: Running) -> None:
    """A message that is posted now comes in, after whatever else there is."""
    posted = await stage.server.say("still here?")
    while True:
        event = await stage.inbox.next()
        if event.message is not None and event.message.id == posted["id"]:
            return


@pytest.mark.parametrize("name", EVENTS)
async def test_odd_field_stops_nothing(stage: Running, name: str) -> None:
    event, payload = EVENTS[name]
    for changed in mutations(payload):
        await stage.server.gateway.dispatch(event, changed)
    await still_hears(stage)
    assert len(stage.server.gateway.asked(2)) == 1


async def test_whatever_discord_documents_stops_nothing(stage: Running) -> None:
    if not DOCUMENTED.exists():
        pytest.skip(f"{DOCUMENTED.name} is not at hand")
    blocks = json.loads(DOCUMENTED.read_text(encoding="utf-8"))
    for block in blocks:
        for event in {name for name, _ in EVENTS.values()}:
            frame = {"op": 0, "t": event, "s": 2, "d": block["payload"]}
            await stage.server.gateway.say(frame)
    await still_hears(stage)
    assert len(stage.server.gateway.asked(2)) == 1
