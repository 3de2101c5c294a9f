"""A Reddit on loopback for the demo, the soak and the benchmark: one subreddit, one thread."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ..base import Platform, Said
from ..faults import Fault
from .access import CLIENT_ID, CLIENT_SECRET, PASSWORD
from .server import RedditServer, reddit_server
from .things import ME, MODERATOR, SUBREDDIT, member_id

POLL_S = 0.2


class RedditPlatform:
    """A subreddit whose members write under one submission."""

    def __init__(self, server: RedditServer) -> None:
        self.server = server
        self._thread = server.submit(title="Welcome", selftext="Say hello.", author=MODERATOR)

    @property
    def bot(self) -> Mapping[str, Any]:
        """The keys of a bot's file that connects to it."""
        return {
            "adapter": "reddit",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "username": ME,
            "password": PASSWORD,
            "subreddits": [SUBREDDIT],
            "poll_s": POLL_S,
            "endpoints": {"oauth": self.server.url, "www": self.server.url},
        }

    async def say(self, text: str, *, author: str = "ada", channel: str = "help") -> str:
        """A comment by a member, who comes to be; a subreddit has no channels."""
        self.server.users.setdefault(author, _member(author))
        under = self.server.things.get(str(self._thread["name"]), self._thread)
        return str(self.server.comment(text, under=under, author=author)["name"])

    async def order(self, fault: Fault) -> None:
        """Let something go wrong at the next request or listing; tokens run out at once."""
        if fault is Fault.INVALID_SESSION:
            self.server.tokens.forget()
            return
        self.server.ordered.order(fault)

    def said_by_bot(self) -> Sequence[Said]:
        """Its comments, its letters and its modmail."""
        server = self.server
        comments = [
            Said(thing["name"], ME, thing["body"], thing["parent_id"])
            for thing in server.things.values()
            if thing["author"] == ME and str(thing["name"]).startswith("t1_")
        ]
        letters = [
            Said(one["name"], ME, one["body"], one["parent_id"]) for one in server.letters.sent
        ]
        modmail = [
            Said(message["id"], ME, message["bodyMarkdown"], conversation["id"])
            for conversation in server.letters.conversations.values()
            for message in conversation["messages"].values()
            if message["author"]["name"] == ME
        ]
        return [*comments, *letters, *modmail]


def _member(name: str) -> dict[str, Any]:
    return {
        "name": name, "id": member_id(name), "created_utc": time.time() - 90 * 86_400.0,
        "comment_karma": 12, "link_karma": 3, "has_verified_email": True, "is_gold": False,
        "is_suspended": False,
    }  # fmt: skip


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """A Reddit on a free port of loopback."""
    async with reddit_server(clock=time.time) as server:
        yield RedditPlatform(server)
