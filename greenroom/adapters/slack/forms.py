"""The forms that Slack opens for us, and what comes back: all they need travels in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from greenroom.adapters.slack.payload import Payload, part, parts, word
from greenroom.adapters.slack.text import cut, read_blocks, sendable

REPORT: Final = "report_message"  # callback ids: the manifest's shortcuts, and their forms
HUMAN: Final = "ask_human"
NOTE: Final = "greenroom_note"

BLOCK: Final = "greenroom_said"
FIELD: Final = "text"

TITLE_LIMIT: Final = 24
LABEL_LIMIT: Final = 2_000
TEXT_LIMIT: Final = 3_000
METADATA_LIMIT: Final = 2_900  # Slack's is 3,000
MOST_FILES: Final = 5

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that somebody sent."""

    id: str
    callback: str
    text: str | None = None  # what was typed, if anything
    carried: Payload = field(default_factory=dict)  # what we gave it to carry


def report_form(carried: Mapping[str, Any]) -> View:
    """Asks why a message is reported."""
    return _form(REPORT, "Report to moderators", "What is wrong with it? (optional)", carried)


def human_form(carried: Mapping[str, Any]) -> View:
    """Asks what somebody wants a person for."""
    return _form(HUMAN, "Ask for a person", "What is it about? (optional)", carried)


def note_form(title: str, label: str, carried: Mapping[str, Any]) -> View:
    """Asks what a button asks before it acts."""
    return _form(NOTE, title, label, carried)


def read_form(body: Payload) -> Filled | None:
    """What somebody sent; ``None`` if it is no form of ours."""
    view = part(body.get("view"))
    callback, view_id = word(view, "callback_id"), word(view, "id")
    if view_id is None or callback not in {REPORT, HUMAN, NOTE}:
        return None
    values = part(part(view.get("state")).get("values"))
    typed = word(part(part(values.get(BLOCK)).get(FIELD)), "value")
    text = typed.strip() if typed else None
    return Filled(view_id, callback, text or None, _carried(word(view, "private_metadata")))


def carry_message(message: Payload, rest: Mapping[str, Any]) -> dict[str, Any]:
    """``rest`` with the message in it, as whole as Slack's limit lets it be.

    What had to be left out is marked as ``cut``, so that it is looked up when the form
    comes back; what the form carries serves where that fails.
    """
    whole = _essence(message)
    carried = {**rest, "message": whole}
    if len(_packed(carried)) <= METADATA_LIMIT:
        return carried
    bare = {key: value for key, value in whole.items() if key != "files"}
    for limit in (1_500, 500, 100):
        kept = {**bare, "text": cut(str(whole.get("text", "")), limit)}
        carried = {**rest, "message": kept, "cut": True}
        if len(_packed(carried)) <= METADATA_LIMIT:
            return carried
    return {**rest, "message": {"ts": whole.get("ts")}, "cut": True}


def _form(callback: str, title: str, label: str, carried: Mapping[str, Any]) -> View:
    typed = {
        "type": "plain_text_input",
        "action_id": FIELD,
        "multiline": True,
        "max_length": TEXT_LIMIT,
    }
    return {
        "type": "modal",
        "callback_id": callback,
        "title": _plain(title, TITLE_LIMIT),
        "submit": _plain("Send", TITLE_LIMIT),
        "close": _plain("Cancel", TITLE_LIMIT),
        "private_metadata": _packed(carried),
        "blocks": [
            {
                "type": "input",
                "block_id": BLOCK,
                "optional": True,
                "label": _plain(label, LABEL_LIMIT),
                "element": typed,
            }
        ],
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": cut(sendable(text), limit) or "…", "emoji": False}


def _packed(carried: Mapping[str, Any]) -> str:
    return sendable(json.dumps(carried, ensure_ascii=False, separators=(",", ":")))


def _carried(packed: str | None) -> Payload:
    try:
        return part(json.loads(packed or ""))
    except (ValueError, RecursionError):
        return {}


def _essence(message: Payload) -> dict[str, Any]:
    """What a message's reader reads, and no more."""
    kept = ("ts", "thread_ts", "user", "bot_id", "username", "edited")
    found = {key: message[key] for key in kept if message.get(key)}
    found["text"] = word(message, "text") or read_blocks(message.get("blocks"))
    files = [_file(file) for file in parts(message.get("files"))[:MOST_FILES]]
    return {**found, "files": files} if files else found


def _file(file: Payload) -> dict[str, Any]:
    kept = ("name", "url_private", "mimetype", "size")
    return {key: file[key] for key in kept if file.get(key)}
