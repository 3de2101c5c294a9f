"""A Slack workspace on loopback, and adapters that run in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.slack.deeds import Doing, doing
from tests.adapters.slack.stage import ADMIN, Inbox, Running, running
from tests.platforms.slack.server import MEMBER, SlackServer, slack_server


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with slack_server() as found:
        found.users[MEMBER] = {
            "id": MEMBER,
            "name": "ada",
            "is_admin": True,
            "is_bot": False,
            "profile": {"display_name": "Ada"},
        }
        yield found


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def stage(server: SlackServer, inbox: Inbox) -> AsyncIterator[Running]:
    """Socket Mode, with an admin's token."""
    async with running(server, inbox, user_token=ADMIN) as found:
        yield found


@pytest.fixture
async def http_stage(server: SlackServer, inbox: Inbox) -> AsyncIterator[Running]:
    """HTTP events."""
    async with running(server, inbox, transport="http") as found:
        yield found


@pytest.fixture(params=["socket", "http"])
async def members(request: pytest.FixtureRequest, server: SlackServer) -> AsyncIterator[Doing]:
    """Members who do something with the app, over each transport."""
    async with doing(server, request.param) as found:
        yield found
