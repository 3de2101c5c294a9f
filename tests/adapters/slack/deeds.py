"""What members do in Slack, sent to a running adapter over either transport."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from greenroom.message import Action, ActionKind, Button, Card, Order
from tests.adapters.slack.stage import Inbox, Running, running
from tests.platforms.slack.interactivity import Interactivity, in_envelope, in_form
from tests.platforms.slack.server import DESK, SlackServer, signed


@dataclass(slots=True)
class Doing:
    """A running adapter, and members who do something with it."""

    running: Running
    transport: str
    done: int = 0

    @property
    def slack(self) -> Interactivity:
        """What Slack keeps of what members do."""
        return self.running.server.interactivity

    @property
    def inbox(self) -> Inbox:
        """Where the adapter's events go."""
        return self.running.inbox

    @property
    def server(self) -> SlackServer:
        """The workspace."""
        return self.running.server

    async def do(self, payload: Mapping[str, Any], *, path: str = "/slack/events") -> Any:
        """Send what somebody did; returns what the acknowledgement shows, None if nothing."""
        if self.transport == "socket":
            return await self._through_socket(payload)
        status, said = await self.post(in_form(payload), path=path)
        assert status == 200, (status, said)
        return json.loads(said) if said else None

    async def post(self, body: bytes, *, path: str) -> tuple[int, str]:
        """Post a signed form."""
        assert self.running.adapter.address is not None
        host, port = self.running.adapter.address
        headers = {**signed(body), "Content-Type": "application/x-www-form-urlencoded"}
        url = f"http://{host}:{port}{path}"
        async with self.running.http.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def _through_socket(self, payload: Mapping[str, Any]) -> Any:
        self.done += 1
        envelope = f"deed-{self.done}"
        await self.running.socket.send_json(in_envelope(payload, envelope))
        assert await self.running.acknowledged() == envelope
        return self.server.ack_payloads[envelope]


@asynccontextmanager
async def doing(server: SlackServer, transport: str, **more: Any) -> AsyncIterator[Doing]:
    """An adapter that runs, over one transport."""
    async with running(server, Inbox(), transport=transport, **more) as found:
        yield Doing(found, transport)


CARD = Card(
    title="Case 1: high",
    text="buy now",
    buttons=(
        Button("case:1:dismiss:0123abcd", "Leave it", style="good"),
        Button("case:1:remove:0123abcd", "Remove", style="bad", asks="Note for the record"),
    ),
    link="https://desk.example/cases/1",
)


async def show_card(members: Doing) -> dict[str, Any]:
    """A card in the desk channel, as the workspace keeps it."""
    await members.do(members.slack.command("/human"))
    message = (await members.inbox.next()).message
    assert message is not None
    order = Order("card-1", Action(ActionKind.CARD, card=CARD), message)
    outcome = await members.running.adapter.perform(order)
    assert outcome.ref is not None
    return members.server.messages[DESK][outcome.ref.rpartition("/")[2]]


async def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.01)
