"""Forms, commands, shortcuts, buttons and ``response_url``, as Slack's side keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from .blocks import faults_of_message, faults_of_view

TEAM, APP = "T1", "A1"
USES = 5
REMEMBERED = 1_000  # of each kind of thing that a test may look at


@dataclass(slots=True)
class Opened:
    """A form that somebody has before them."""

    id: str
    user: str
    view: Mapping[str, Any]


@dataclass(slots=True)
class Interactivity:
    """What one workspace knows of what its members do with the app."""

    base: str = ""  # http://host:port
    opened: list[Opened] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)  # what only one member sees
    is_hook_lost: bool = False  # the next answer is shown, and nobody hears of it
    hook_faults: list[int] = field(default_factory=list)  # statuses of the next answers
    _triggers: dict[str, str] = field(default_factory=dict)
    _hooks: dict[str, tuple[str, str]] = field(default_factory=dict)
    _uses: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    # What members do, as payloads.

    def command(
        self, command: str, text: str = "", *, user: str = "U1", channel: str = "C1"
    ) -> dict[str, Any]:
        """A slash command."""
        return {
            "token": "test-verification",
            "team_id": TEAM,
            "team_domain": "acme",
            "channel_id": channel,
            "channel_name": "help",
            "user_id": user,
            "user_name": f"name-of-{user}",
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self.hook("commands", user, channel),
            "trigger_id": self.trigger(user),
        }

    def message_shortcut(
        self, message: Mapping[str, Any], *, user: str = "U1", channel: str = "C1"
    ) -> dict[str, Any]:
        """The shortcut "Report to moderators" on a message."""
        return {
            **self._deed("message_action", user),
            "callback_id": "report_message",
            "message_ts": message["ts"],
            "message": dict(message),
            "channel": {"id": channel, "name": "help"},
            "response_url": self.hook("app", user, channel),
        }

    def shortcut(self, *, user: str = "U1") -> dict[str, Any]:
        """The shortcut "Ask for a person", from anywhere."""
        return {**self._deed("shortcut", user), "callback_id": "ask_human"}

    def press(
        self, message: Mapping[str, Any], label: str, *, user: str = "U1", channel: str = "C9"
    ) -> dict[str, Any]:
        """A press of the button with that label on a message that the app posted."""
        elements = [
            (block, element)
            for block in message["blocks"]
            for element in block.get("elements", ())
            if element.get("type") == "button" and element["text"]["text"] == label
        ]
        block, element = elements[0]
        known = {
            key: element[key]
            for key in ("action_id", "text", "value", "style", "url")
            if key in element
        }
        pressed = {**known, "type": "button", "block_id": block.get("block_id", "b1")}
        return {
            **self._deed("block_actions", user),
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": channel,
                "is_ephemeral": False,
            },
            "channel": {"id": channel, "name": "mods"},
            "message": dict(message),
            "state": {"values": {}},
            "response_url": self.hook("actions", user, channel),
            "actions": [{**pressed, "action_ts": f"1700000900.{self._count:06}"}],
        }

    def submission(self, typed: str | None = None) -> dict[str, Any]:
        """The form opened last, sent with something typed into its field."""
        form = self.opened[-1]
        (block,) = [it for it in form.view["blocks"] if it["type"] == "input"]
        value = {"type": "plain_text_input", "value": typed}
        state = {"values": {block["block_id"]: {block["element"]["action_id"]: value}}}
        view = {**form.view, "id": form.id, "team_id": TEAM, "state": state, "hash": "1.x"}
        return {**self._deed("view_submission", form.user), "view": view, "response_urls": []}

    # What the app asks for.

    def open_view(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """``views.open``: a trigger opens one form."""
        user = self._triggers.pop(str(asked.get("trigger_id")), None)
        if user is None:
            return {"error": "expired_trigger_id"}
        faults = faults_of_view(asked.get("view"))
        if faults:
            return _refused("invalid_arguments", faults)
        del self.opened[:-REMEMBERED]
        self._count += 1
        self.opened.append(Opened(f"V{self._count}", user, asked["view"]))
        return {"view": {**asked["view"], "id": self.opened[-1].id}}

    def post_ephemeral(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """``chat.postEphemeral``: for one member's eyes, and never found again."""
        if not asked.get("user") or not asked.get("channel"):
            return {"error": "invalid_arguments"}
        if not asked.get("text") and not asked.get("blocks"):
            return {"error": "no_text"}
        faults = faults_of_message(asked["blocks"]) if "blocks" in asked else []
        if faults:
            return _refused("invalid_blocks", faults)
        del self.shown[:-REMEMBERED]
        self.shown.append(dict(asked))
        return {"message_ts": f"1700000800.{len(self.shown):06}"}

    async def take_answer(self, request: web.Request) -> web.Response:
        """A post to a ``response_url``."""
        hook = request.match_info["hook"]
        if hook not in self._hooks or self._uses.get(hook, 0) >= USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        if self.hook_faults:
            headers = {"Retry-After": "7"}
            return web.Response(status=self.hook_faults.pop(0), headers=headers, text="no_service")
        self._uses[hook] = self._uses.get(hook, 0) + 1
        user, channel = self._hooks[hook]
        del self.shown[:-REMEMBERED]
        self.shown.append({**await request.json(), "user": user, "channel": channel})
        if self.is_hook_lost:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(text="ok")

    def hook(self, kind: str, user: str, channel: str) -> str:
        """A new ``response_url``."""
        self._count += 1
        self._hooks[f"h{self._count}"] = (user, channel)
        _forget(self._hooks)
        _forget(self._uses)
        return f"{self.base}/{kind}/{TEAM}/h{self._count}"

    def trigger(self, user: str) -> str:
        """A new ``trigger_id``."""
        self._count += 1
        trigger = f"{self._count}.222.test"
        self._triggers[trigger] = user
        _forget(self._triggers)
        return trigger

    def _deed(self, kind: str, user: str) -> dict[str, Any]:
        return {
            "type": kind,
            "token": "test-verification",
            "api_app_id": APP,
            "action_ts": f"1700000900.{self._count:06}",
            "team": {"id": TEAM, "domain": "acme"},
            "user": {
                "id": user,
                "username": f"name-of-{user}",
                "name": f"name-of-{user}",
                "team_id": TEAM,
            },
            "trigger_id": self.trigger(user),
            "is_enterprise_install": False,
            "enterprise": None,
        }


def refusal_of_blocks(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """What Slack says of a post whose blocks are wrong; ``None`` where they are right."""
    faults = faults_of_message(asked["blocks"]) if "blocks" in asked else []
    return _refused("invalid_blocks", faults) if faults else None


def in_envelope(payload: Mapping[str, Any], envelope_id: str) -> dict[str, Any]:
    """What a member did, as Socket Mode carries it."""
    return {
        "type": "slash_commands" if "command" in payload else "interactive",
        "envelope_id": envelope_id,
        "accepts_response_payload": True,
        "payload": payload,
    }


def in_form(payload: Mapping[str, Any]) -> bytes:
    """What a member did, as the body of an HTTP request."""
    fields = payload if "command" in payload else {"payload": json.dumps(payload)}
    return urlencode(fields).encode()


def _refused(error: str, faults: list[str]) -> dict[str, Any]:
    messages = [f"[ERROR] {fault}" for fault in faults]
    return {"error": error, "errors": faults, "response_metadata": {"messages": messages}}


def _forget(kept: dict[str, Any]) -> None:
    """All but the newest."""
    while len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
