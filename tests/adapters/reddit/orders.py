"""Messages on the Reddit on loopback, and orders about them, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from greenroom.message import (
    Action,
    ActionKind,
    Author,
    Channel,
    Community,
    Message,
    MessageKind,
    Order,
)
from tests.adapters.reddit.stage import Running
from tests.platforms.reddit.server import MEMBER, PLACE, SUBREDDIT


def post_on(stage: Running) -> Message:
    """A member's submission."""
    made = stage.server.submit()
    return Message(
        platform="reddit",
        community=Community(PLACE, SUBREDDIT),
        channel=Channel(PLACE, SUBREDDIT),
        id=made["name"],
        author=Author("t2_ada", MEMBER),
        text="",
        title="A title",
        kind=MessageKind.TEXT_SUBMISSION,
    )


def comment_under(stage: Running, post: Message) -> Message:
    """A member's comment."""
    made = stage.server.comment("buy now", under=stage.server.things[post.id])
    return replace(post, id=made["name"], kind=MessageKind.COMMENT, thread=post.id, title=None)


def order(kind: ActionKind, message: Message, text: str | None = None, **more: Any) -> Order:
    """An order about a message."""
    key, maybe_done = more.pop("key", "k1"), more.pop("maybe_done", False)
    return Order(key, Action(kind, text=text, **more), message, maybe_done)


def last(stage: Running, path: str) -> Mapping[str, Any]:
    """What the latest call of a path sent."""
    return stage.server.called(path)[-1].data
