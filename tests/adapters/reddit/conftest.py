"""A Reddit on loopback, and an adapter that runs on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from greenroom.message import Message
from tests.adapters.reddit.orders import comment_under, post_on
from tests.adapters.reddit.stage import Running, running
from tests.platforms.reddit.server import MEMBER, START, RedditServer, reddit_server


@pytest.fixture
async def server() -> AsyncIterator[RedditServer]:
    async with reddit_server() as found:
        found.users[MEMBER] = {
            "name": MEMBER,
            "created_utc": START - 86_400,
            "comment_karma": 7,
            "link_karma": -2,
            "has_verified_email": True,
            "is_gold": False,
        }
        yield found


@pytest.fixture
async def stage(server: RedditServer) -> AsyncIterator[Running]:
    """It has looked once, and found nothing that it tells of."""
    server.submit(title="old news")
    async with running(server) as found:
        assert found.found() == []
        yield found


@pytest.fixture
def post(stage: Running) -> Message:
    """A member's submission."""
    return post_on(stage)


@pytest.fixture
def comment(stage: Running, post: Message) -> Message:
    """A member's comment under it."""
    return comment_under(stage, post)
