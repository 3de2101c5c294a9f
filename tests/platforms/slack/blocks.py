"""Block Kit's rules, as Slack holds an app to them: what is wrong with blocks, in its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

MOST_BLOCKS = 50
MOST_CHARACTERS = 13_200  # of all blocks of one message

Faults = Iterator[str]


def faults_of_message(blocks: Any) -> list[str]:
    """What Slack says against a message's blocks; nothing where they are right."""
    if not isinstance(blocks, list):
        return ["must be an array"]
    found = [] if len(blocks) <= MOST_BLOCKS else ["no more than 50 items allowed"]
    ids = [block.get("block_id") for block in blocks if isinstance(block, dict)]
    given = [block_id for block_id in ids if block_id]
    if len(given) != len(set(given)):
        found.append("block_id must be unique")
    return [*found, *(fault for block in blocks for fault in _of_block(block))]


def faults_of_view(view: Any) -> list[str]:
    """What Slack says against a modal."""
    if not isinstance(view, dict) or view.get("type") != "modal":
        return ["unsupported type: view"]
    found = [*_text(view.get("title"), 24), *faults_of_message(view.get("blocks"))]
    found += [fault for key in ("submit", "close") if key in view for fault in _text(view[key], 24)]
    if len(str(view.get("private_metadata", ""))) > 3_000:
        found.append("must be less than 3001 characters [json-pointer:/view/private_metadata]")
    if len(str(view.get("callback_id", ""))) > 255:
        found.append("must be less than 256 characters [json-pointer:/view/callback_id]")
    has_input = any(block.get("type") == "input" for block in view.get("blocks") or [])
    if has_input and "submit" not in view:
        found.append("missing required field: submit")
    return found


def _of_block(block: Any) -> Faults:
    check = _BLOCKS.get(block.get("type")) if isinstance(block, dict) else None
    if check is None:
        yield f"unsupported type: {block!r:.40}"
        return
    yield from check(block)


def _header(block: Mapping[str, Any]) -> Faults:
    yield from _text(block.get("text"), 150)


def _section(block: Mapping[str, Any]) -> Faults:
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        yield "missing required field: text or fields"
    if "text" in block:
        yield from _text(block["text"], 3_000, plain_only=False)
    if len(fields) > 10:
        yield "no more than 10 items allowed [json-pointer:/fields]"
    for field in fields:
        yield from _text(field, 2_000, plain_only=False)


def _context(block: Mapping[str, Any]) -> Faults:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 10:
        yield "must have 1 to 10 items [json-pointer:/elements]"
    for element in elements:
        yield from _text(element, 3_000, plain_only=False)


def _rich_text(block: Mapping[str, Any]) -> Faults:
    kinds = {
        "rich_text_section",
        "rich_text_preformatted",
        "rich_text_quote",
        "rich_text_list",
    }
    for element in block.get("elements") or [{}]:
        if element.get("type") not in kinds:
            yield "unsupported type: rich text element"
        for piece in element.get("elements") or [{}]:
            if piece.get("type") == "text" and not piece.get("text"):
                yield "must be more than 0 characters [json-pointer:/text]"


def _actions(block: Mapping[str, Any]) -> Faults:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 25:
        yield "must have 1 to 25 items [json-pointer:/elements]"
    ids = [element.get("action_id") for element in elements]
    if len(ids) != len(set(ids)):
        yield "action_id must be unique in its block"
    for element in elements:
        yield from _button(element)


def _button(button: Mapping[str, Any]) -> Faults:
    if button.get("type") != "button":
        yield f"unsupported type: {button.get('type')}"
    yield from _text(button.get("text"), 75)
    for key, limit in (("value", 2_000), ("action_id", 255), ("url", 3_000)):
        if len(str(button.get(key, ""))) > limit:
            yield f"must be less than {limit + 1} characters [json-pointer:/{key}]"
    if button.get("style", "primary") not in {"primary", "danger"}:
        yield "invalid style"


def _input(block: Mapping[str, Any]) -> Faults:
    yield from _text(block.get("label"), 2_000)
    element = block.get("element") or {}
    if element.get("type") != "plain_text_input":
        yield f"unsupported type: {element.get('type')}"
    if not 1 <= element.get("max_length", 3_000) <= 3_000:
        yield "must be 1 to 3000 [json-pointer:/element/max_length]"


def _text(text: Any, limit: int, *, plain_only: bool = True) -> Faults:
    kinds = {"plain_text"} if plain_only else {"plain_text", "mrkdwn"}
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield "missing or wrong text object"
        return
    said = text.get("text")
    if not isinstance(said, str) or not 1 <= len(said) <= limit:
        yield f"must be 1 to {limit} characters [json-pointer:/text]"
    if text["type"] == "mrkdwn" and "emoji" in text:
        yield "additional property: emoji"


_BLOCKS: Mapping[Any, Callable[[Mapping[str, Any]], Faults]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "rich_text": _rich_text,
    "actions": _actions,
    "input": _input,
    "divider": lambda _: iter(()),
}
