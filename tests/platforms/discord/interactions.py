"""Commands, buttons and modals on a small Discord: what members do, and what the bot answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .payloads import APPLICATION, GUILD, HELP, MEMBER, USERS, channel, member, snowflake

DEADLINE_S = 3.0  # in which an interaction must be answered
COMMAND, COMPONENT, MODAL = 2, 3, 5
SAID, DEFERRED, UPDATED, ASKED = 4, 5, 6, 9
EPHEMERAL = 1 << 6
KEPT = 500

Dispatch = Callable[[str, Mapping[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Interaction:
    """Something that somebody did, and what came back."""

    payload: dict[str, Any]
    at_s: float = field(default_factory=time.monotonic)
    callback: dict[str, Any] | None = None  # what the bot answered first
    after_s: float = 0.0  # how long that took
    shown: dict[str, Any] | None = None  # the answer as it stands now
    more: list[dict[str, Any]] = field(default_factory=list)  # answers after that one
    is_dead: bool = False  # fifteen minutes have passed
    told: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.payload["id"])

    @property
    def respond(self) -> str:
        """What an event carries to answer it."""
        return f"interaction:{APPLICATION}:{self.id}:{self.payload['token']}"

    @property
    def is_ephemeral(self) -> bool:
        """Whether only who acted sees the answer."""
        data = (self.callback or {}).get("data") or {}
        return bool(data.get("flags", 0) & EPHEMERAL)


@dataclass(slots=True)
class Interactions:
    """Everything that members may do with what an application offers."""

    dispatch: Dispatch
    commands: list[dict[str, Any]] = field(default_factory=list)
    refuses_commands: int | None = None  # a status for whoever wants to register them
    acted: dict[str, Interaction] = field(default_factory=dict)
    permissions: dict[str, int] = field(default_factory=dict)  # of members, where they act
    offered: asyncio.Event = field(default_factory=asyncio.Event)

    # -- what members do ----------------------------------------------------------------

    async def command(self, name: str, said: str | None = None, **more: Any) -> Interaction:
        """Somebody gives a command, which must be offered."""
        offered = self._offered(name, 1)
        options = [{"type": 3, "name": "message", "value": said}] if said is not None else []
        known = [option["name"] for option in offered.get("options", [])]
        assert said is None or "message" in known, f"/{name} takes no message"
        data = {"id": offered["id"], "name": name, "type": 1, "options": options}
        return await self.act(COMMAND, data, **more)

    async def on_message(self, name: str, about: Mapping[str, Any], **more: Any) -> Interaction:
        """Somebody picks a command from a message's menu."""
        offered = self._offered(name, 3)
        told = {key: value for key, value in about.items() if key not in ("guild_id", "member")}
        data = {
            "id": offered["id"],
            "name": name,
            "type": 3,
            "target_id": about["id"],
            "resolved": {"messages": {about["id"]: told}},
        }
        return await self.act(COMMAND, data, channel=about["channel_id"], **more)

    async def press(self, card: Mapping[str, Any], label: str, **more: Any) -> Interaction:
        """Somebody presses a button of a message."""
        buttons = [one for row in card["components"] for one in row["components"]]
        (pressed,) = [one for one in buttons if one["label"] == label]
        data = {"custom_id": pressed["custom_id"], "component_type": 2}
        where = {"channel": card["channel_id"], "message": dict(card)}
        return await self.act(COMPONENT, data, **{**where, **more})

    async def submit(self, asked: Interaction, typed: str, **more: Any) -> Interaction:
        """Somebody fills in the modal that an interaction opened."""
        assert asked.callback is not None
        assert asked.callback["type"] == ASKED, "no modal was opened"
        modal = asked.callback["data"]
        rows = [_filled(row, typed) for row in modal["components"]]
        data = {"custom_id": modal["custom_id"], "components": rows}
        same = {"channel": asked.payload["channel_id"], "message": asked.payload.get("message")}
        return await self.act(MODAL, data, **{**same, **more})

    async def act(
        self,
        kind: int,
        data: Mapping[str, Any],
        /,
        *,
        by: str = MEMBER,
        channel: str = HELP,
        in_guild: bool = True,
        message: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Interaction:
        """An interaction, of which everyone is told."""
        made = snowflake()
        payload: dict[str, Any] = {
            "id": made,
            "application_id": APPLICATION,
            "type": kind,
            "token": f"test-interaction-{made}",
            "version": 1,
            "data": dict(data),
            "channel_id": channel,
            "channel": _channel(channel),
            "app_permissions": "442368",
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
            "authorizing_integration_owners": {"0": GUILD},
            "context": 0 if in_guild else 1,
            **self._who(by, in_guild=in_guild),
            **({"message": dict(message)} if message else {}),
            **more,
        }
        payload = {key: value for key, value in payload.items() if value is not None}
        acted = Interaction(payload)
        self.acted[made] = acted
        while len(self.acted) > KEPT:
            del self.acted[next(iter(self.acted))]
        await self.dispatch("INTERACTION_CREATE", payload)
        return acted

    def _offered(self, name: str, kind: int) -> dict[str, Any]:
        found = [one for one in self.commands if (one["name"], one["type"]) == (name, kind)]
        assert found, f"{name!r} is not offered"
        return found[0]

    def _who(self, by: str, *, in_guild: bool) -> dict[str, Any]:
        if not in_guild:
            return {"user": USERS[by]}
        may = str(self.permissions.get(by, 0))
        told = {**member(by), "user": USERS[by], "permissions": may}
        return {"member": told, "guild_id": GUILD, "guild_locale": "en-US"}

    # -- what the bot answers -----------------------------------------------------------

    async def callback(self, request: web.Request) -> web.Response:
        """The first answer, once and in time."""
        found = self.acted.get(request.match_info["id"])
        if found is None or found.payload["token"] != request.match_info["token"]:
            return _refused(404, 10062, "Unknown interaction")
        if found.callback is not None:
            return _refused(400, 40060, "Interaction has already been acknowledged.")
        after_s = time.monotonic() - found.at_s
        if after_s > DEADLINE_S:
            return _refused(404, 10062, "Unknown interaction")
        body = await request.json()
        is_asked_again = body["type"] == ASKED and found.payload["type"] == MODAL
        is_out_of_place = body["type"] == UPDATED and found.payload["type"] == COMMAND
        if is_asked_again or is_out_of_place:
            return _refused(400, 50035, "Invalid Form Body")
        found.callback, found.after_s = body, after_s
        if body["type"] == SAID:
            found.shown = body["data"]
        found.told.set()
        return web.Response(status=204)

    async def edit_answer(self, request: web.Request) -> web.Response:
        """The first answer gets its words, or other ones."""
        found = self._of_token(request)
        if found is None:
            return _refused(404, 10015, "Unknown Webhook")
        if found.is_dead:
            return _refused(401, 50027, "Invalid Webhook Token")
        if found.callback is None or found.callback["type"] == ASKED:
            return _refused(404, 10008, "Unknown Message")
        found.shown = {**(found.shown or {}), **await request.json()}
        found.answered.set()
        return _json({"id": snowflake(), **found.shown})

    async def follow_up(self, request: web.Request) -> web.Response:
        """One answer more."""
        found = self._of_token(request)
        if found is None:
            return _refused(404, 10015, "Unknown Webhook")
        if found.is_dead:
            return _refused(401, 50027, "Invalid Webhook Token")
        found.more.append(await request.json())
        found.answered.set()
        return _json({"id": snowflake(), **found.more[-1]})

    def _of_token(self, request: web.Request) -> Interaction | None:
        """What a token belongs to; before the first answer it opens nothing."""
        if request.match_info["application"] != APPLICATION:
            return None
        for found in self.acted.values():
            if found.payload["token"] == request.match_info["token"] and found.callback:
                return found
        return None

    # -- what the application offers ----------------------------------------------------

    async def get_commands(self, _: web.Request) -> web.Response:
        if self.refuses_commands is not None:
            return _refused(self.refuses_commands, 0, "Missing Access")
        return _json(self.commands)

    async def put_commands(self, request: web.Request) -> web.Response:
        """All at once; whatever is not among them is offered no more."""
        if self.refuses_commands is not None:
            return _refused(self.refuses_commands, 0, "Missing Access")
        self.commands = [_registered(one) for one in await request.json()]
        self.offered.set()
        return _json(self.commands)

    async def post_command(self, request: web.Request) -> web.Response:
        """One; it takes the place of one that is called the same."""
        made = _registered(await request.json())
        others = [
            one
            for one in self.commands
            if (one["name"], one["type"]) != (made["name"], made["type"])
        ]
        self.commands = [*others, made]
        self.offered.set()
        return _json(made, status=201)

    def routes(self) -> list[web.RouteDef]:
        """Everything that it answers."""
        v10 = "/api/v10"
        commands = v10 + "/applications/{application}/commands"
        hook = v10 + "/webhooks/{application}/{token}"
        return [
            web.post(v10 + "/interactions/{id}/{token}/callback", self.callback),
            web.patch(hook + "/messages/@original", self.edit_answer),
            web.post(hook, self.follow_up),
            web.get(commands, self.get_commands),
            web.put(commands, self.put_commands),
            web.post(commands, self.post_command),
        ]


def needs_no_token(path: str) -> bool:
    """Whether a path has its own token in it."""
    return path.startswith(("/interactions/", "/webhooks/"))


def sets_up(path: str) -> bool:
    """Whether a request is about what the application offers, and not about any message."""
    return path.startswith("/applications/") and path.endswith("/commands")


def _registered(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A command as Discord tells it afterwards: with everything that it adds by itself."""
    options = [dict(one) for one in sent.get("options", [])]
    for option in options:
        if not option.get("required"):
            option.pop("required", None)
    whole = {
        "id": snowflake(),
        "application_id": APPLICATION,
        "version": snowflake(),
        "default_member_permissions": None,
        "description": "",
        "nsfw": False,
        "dm_permission": True,
        "type": 1,
        **sent,
        "options": options,
    }
    return whole if options else {key: whole[key] for key in whole if key != "options"}


def _filled(row: Mapping[str, Any], typed: str) -> dict[str, Any]:
    """A modal's row as it comes back, in either of Discord's layouts."""
    if "component" in row:
        field_ = row["component"]
        answer = {"type": 4, "custom_id": field_["custom_id"], "value": typed}
        return {"type": row["type"], "id": 1, "component": {"id": 2, **answer}}
    fields = [{"type": 4, "custom_id": f["custom_id"], "value": typed} for f in row["components"]]
    return {"type": 1, "components": fields}


def _channel(channel_id: str) -> dict[str, Any]:
    return channel(channel_id, "here", permissions="0")


def _json(body: Any, status: int = 200) -> web.Response:
    exact = {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=exact)


def _refused(status: int, code: int, text: str) -> web.Response:
    return _json({"code": code, "message": text}, status=status)
