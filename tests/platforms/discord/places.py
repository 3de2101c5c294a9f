"""Servers, channels, threads and members that come to be by name."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .payloads import (
    EPOCH_MS,
    GUILD,
    ME,
    USERS,
    channel,
    guild,
    member,
    message,
    thread,
    user,
)

DAYS_OLD = 90  # of members' accounts
KEPT = 2_000  # messages of a channel

Tell = Callable[[str, Mapping[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Places:
    """What there is, and each channel's messages; ``tell`` lets everyone know of what is new."""

    tell: Tell
    servers: dict[str, dict[str, Any]] = field(default_factory=lambda: {GUILD: guild()})
    threads: dict[str, dict[str, Any]] = field(default_factory=dict)  # that were opened later
    users: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(USERS))
    messages: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    pins: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    where: dict[str, str] = field(default_factory=dict)  # channels' and threads' servers
    made: int = 0

    def __post_init__(self) -> None:
        for guild_id, one in self.servers.items():
            self.where |= {found["id"]: guild_id for found in (*one["channels"], *one["threads"])}

    def whole(self, guild_id: str) -> dict[str, Any]:
        """One server as it is now, each channel with its newest message."""
        found = dict(self.servers[guild_id])
        opened = [one for one in self.threads.values() if one["guild_id"] == guild_id]
        found["channels"] = [self._newest(one) for one in found["channels"]]
        found["threads"] = [self._newest(one) for one in (*found["threads"], *opened)]
        return found

    def active(self, guild_id: str) -> Sequence[dict[str, Any]]:
        """The threads that are not archived."""
        threads: Sequence[dict[str, Any]] = self.whole(guild_id)["threads"]
        return [one for one in threads if not one["thread_metadata"]["archived"]]

    def guild_of(self, channel_id: str) -> str | None:
        """The server of a channel or thread; None for what is none."""
        return self.where.get(channel_id)

    def channel(self, channel_id: str) -> dict[str, Any] | None:
        """A channel or a thread as the API tells it."""
        guild_id = self.guild_of(channel_id)
        whole = self.whole(guild_id) if guild_id else {"channels": (), "threads": ()}
        ours: Iterator[dict[str, Any]] = iter((*whole["channels"], *whole["threads"]))
        return next((one for one in ours if one["id"] == channel_id), None)

    async def server_named(self, name: str) -> str:
        """The id of a server, which is made if it is not there."""
        for one in self.servers.values():
            if one["name"] == name:
                return str(one["id"])
        made = {**guild(), "id": self._id(), "name": name, "threads": [], "channels": []}
        everyone, *others = made["roles"]
        made["roles"] = [{**everyone, "id": made["id"]}, *others]
        self.servers[made["id"]] = made
        await self.channel_named("help", guild_id=made["id"], is_quiet=True)
        await self.tell("GUILD_CREATE", self.whole(made["id"]))
        return str(made["id"])

    async def channel_named(
        self, name: str, *, guild_id: str = GUILD, kind: int = 0, is_quiet: bool = False
    ) -> str:
        """The id of a channel, which is made if it is not there."""
        for one in self.servers[guild_id]["channels"]:
            if one["name"] == name:
                return str(one["id"])
        made = {**channel(self._id(), name, kind), "guild_id": guild_id}
        self.servers[guild_id]["channels"].append(made)
        self.where[made["id"]] = guild_id
        if not is_quiet:
            await self.tell("CHANNEL_CREATE", made)
        return str(made["id"])

    async def thread_named(self, name: str, *, parent: str) -> str:
        """The id of a thread under a channel, which is opened if it is not there."""
        guild_id = self.guild_of(parent) or GUILD
        for one in self.active(guild_id):
            if (one["name"], one["parent_id"]) == (name, parent):
                return str(one["id"])
        made = {**thread(self._id(), name, parent), "guild_id": guild_id}
        self.threads[made["id"]] = made
        self.where[made["id"]] = guild_id
        await self.tell("THREAD_CREATE", {**made, "newly_created": True})
        return str(made["id"])

    def member_named(self, name: str) -> str:
        """The id of a member, who comes to be; the account is older than most rules ask for."""
        for one in self.users.values():
            if one["username"] == name:
                return str(one["id"])
        at_ms = int(time.time() * 1000) - DAYS_OLD * 86_400_000
        member_id = str(((at_ms - EPOCH_MS) << 22) + len(self.users))
        self.users[member_id] = user(member_id, name)
        return member_id

    def member(self, user_id: str) -> dict[str, Any] | None:
        """A member as the API tells it."""
        found = self.users.get(user_id)
        return {**member(user_id), "user": found} if found else None

    def posted(self, channel_id: str, author: str, text: str, **more: Any) -> dict[str, Any]:
        """A message that now stands there."""
        where = {"guild_id": self.guild_of(channel_id) or GUILD}
        made = message(channel_id, author, text, **{**where, **more})
        if author in self.users:
            made["author"] = self.users[author]
        kept = self.messages[channel_id]
        kept[made["id"]] = made
        while len(kept) > KEPT:
            del kept[next(iter(kept))]
        return made

    def page(self, channel_id: str, query: Mapping[str, str]) -> Sequence[dict[str, Any]]:
        """Messages of a channel, newest first, as Discord pages them."""
        limit = int(query.get("limit", 50))
        kept = sorted(self.messages.get(channel_id, {}).values(), key=lambda one: int(one["id"]))
        if "after" in query:
            found = [one for one in kept if int(one["id"]) > int(query["after"])][:limit]
        elif "around" in query:
            middle, half = int(query["around"]), limit // 2
            older = [one for one in kept if int(one["id"]) < middle][-half:]
            newer = [one for one in kept if int(one["id"]) >= middle][: limit - len(older)]
            found = older + newer
        else:
            until = int(query.get("before", 1 << 63))
            found = [one for one in kept if int(one["id"]) < until][-limit:]
        return [_asked(one) for one in reversed(found)]

    def permissions(self, guild_id: str) -> int:
        """What the bot may in all of a server."""
        roles = {one["id"]: int(one["permissions"]) for one in self.servers[guild_id]["roles"]}
        mine = [guild_id, *member(ME)["roles"]]
        total = 0
        for one in mine:
            total |= roles.get(one, 0)
        return total

    def grant(self, permissions: int, *, guild_id: str = GUILD) -> None:
        """The bot's own role has these permissions from now on."""
        mine = member(ME)["roles"][0]
        for one in self.servers[guild_id]["roles"]:
            if one["id"] == mine:
                one["permissions"] = str(permissions)

    def _newest(self, one: dict[str, Any]) -> dict[str, Any]:
        ids = self.messages.get(one["id"])
        return {**one, "last_message_id": max(ids, key=int) if ids else None}

    def _id(self) -> str:
        """An id of now; two of one millisecond differ."""
        self.made += 1
        return str(((int(time.time() * 1000) - EPOCH_MS + self.made) << 22) + self.made % 4096)


def _asked(one: Mapping[str, Any]) -> dict[str, Any]:
    """Of a message that is asked for, less is told."""
    return {key: value for key, value in one.items() if key not in ("guild_id", "member")}
