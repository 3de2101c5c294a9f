"""One Slack workspace: its channels, members and messages, in bounded memory."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TEAM, CHANNEL, DESK, BOT_USER, BOT_ID, MEMBER = "T1", "C1", "C9", "UBOT", "BBOT", "U1"
APP = "A1"

MOST_MESSAGES = 2_000  # of one channel; the oldest go

Body = dict[str, Any]


@dataclass(slots=True)
class Room:
    """A channel, or a direct message."""

    id: str
    name: str | None = None  # None: a direct message
    is_private: bool = False
    is_archived: bool = False
    members: set[str] = field(default_factory=set)

    @property
    def scope(self) -> str:
        """The first half of the scopes that it needs: ``channels``, ``groups`` or ``im``."""
        if self.name is None:
            return "im"
        return "groups" if self.is_private else "channels"

    def shown(self, user: str) -> Body:
        """As the API shows it to ``user``."""
        if self.name is None:
            return {"id": self.id, "is_im": True, "user": next(iter(self.members), None)}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": user in self.members,
            "num_members": len(self.members),
        }


@dataclass(slots=True)
class Workspace:
    """What stands in one workspace, and who is there."""

    id: str = TEAM
    name: str = "Acme"
    bot_user: str = BOT_USER
    bot_id: str = BOT_ID
    clock: Callable[[], float] | None = None  # None: a second for each message, from 2023 on
    rooms: dict[str, Room] = field(default_factory=dict)
    users: dict[str, Body] = field(default_factory=dict)
    messages: dict[str, dict[str, Body]] = field(default_factory=lambda: defaultdict(dict))
    pins: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    posted: int = 0
    _last_us: int = 0

    @property
    def domain(self) -> str:
        """The first part of its address."""
        return self.name.lower()

    def open(self, channel: str, name: str, **more: Any) -> Room:
        """A channel with the bot in it, unless ``members`` says otherwise."""
        room = Room(channel, name, **{"members": {self.bot_user}, **more})
        self.rooms[channel] = room
        return room

    def room(self, channel: str) -> Room | None:
        """A channel; direct messages come to be when they are asked for."""
        if channel not in self.rooms and channel.startswith("D"):
            self.rooms[channel] = Room(channel, members={self.bot_user})
        return self.rooms.get(channel)

    def room_named(self, name: str) -> Room:
        """The channel of that name, which comes to be."""
        for room in self.rooms.values():
            if room.name == name:
                return room
        return self.open(made_id("C", f"{self.id}/{name}"), name)

    def member_named(self, name: str) -> str:
        """The id of the member of that name, who comes to be."""
        for user_id, user in self.users.items():
            if user.get("name") == name:
                return user_id
        user_id = made_id("U", f"{self.id}/{name}")
        self.users[user_id] = {
            "id": user_id,
            "team_id": self.id,
            "name": name,
            "is_bot": False,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": False,
            "profile": {"display_name": name, "real_name": name.title()},
        }
        return user_id

    def stamp(self) -> str:
        """A new ``ts``, later than all before it."""
        self.posted += 1
        if self.clock is None:
            return f"{1_700_000_000 + self.posted}.000100"
        self._last_us = max(int(self.clock() * 1e6), self._last_us + 100)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06}"

    def post(self, channel: str, body: Mapping[str, Any]) -> str:
        """Keep a message, and return its ``ts``."""
        ts = self.stamp()
        kept = self.messages[channel]
        kept[ts] = {"type": "message", **body, "ts": ts}
        parent = kept.get(str(body.get("thread_ts")))
        if parent is not None:
            self._count_reply(parent, kept[ts])
        while len(kept) > MOST_MESSAGES:
            kept.pop(next(iter(kept)))
        return ts

    def remove(self, channel: str, ts: str) -> Body | None:
        """Delete a message; a thread's first leaves a tombstone, which is returned."""
        gone = self.messages[channel].pop(ts)
        if not gone.get("reply_count"):
            return None
        threads = ("thread_ts", "reply_count", "reply_users", "latest_reply")
        tomb = {
            "type": "message",
            "subtype": "tombstone",
            "text": "This message was deleted.",
            "user": "USLACKBOT",
            "hidden": True,
            "ts": ts,
            **{key: gone[key] for key in threads if key in gone},
        }
        self.messages[channel] = dict(
            sorted({**self.messages[channel], ts: tomb}.items(), key=lambda item: in_time(item[0]))
        )
        return tomb

    def top_level(self, channel: str) -> Iterator[Body]:
        """What ``conversations.history`` knows, oldest first: replies stand in their threads."""
        for ts, body in self.messages[channel].items():
            is_reply = body.get("thread_ts") not in {None, ts}
            if not is_reply or body.get("subtype") == "thread_broadcast":
                yield body

    def thread(self, channel: str, root: str) -> list[Body]:
        """A thread, oldest first; empty if there is none."""
        kept = self.messages[channel]
        return [body for ts, body in kept.items() if ts == root or body.get("thread_ts") == root]

    def _count_reply(self, parent: Body, reply: Body) -> None:
        users = [*dict.fromkeys([*parent.get("reply_users", []), reply.get("user")])]
        parent.update(
            thread_ts=parent["ts"],
            reply_count=parent.get("reply_count", 0) + 1,
            reply_users=users,
            reply_users_count=len(users),
            latest_reply=reply["ts"],
            subscribed=False,
            is_locked=False,
        )


def made_id(letter: str, seed: str) -> str:
    """An id as Slack has them."""
    return letter + hashlib.sha256(seed.encode()).hexdigest()[:10].upper()


def in_time(ts: str) -> tuple[int, str]:
    """For comparing times, which are texts of two numbers."""
    seconds, _, rest = ts.partition(".")
    return (int(seconds) if seconds.isdigit() else 0, rest.ljust(6, "0"))
