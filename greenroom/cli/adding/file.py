"""``bots/NAME.yaml`` as ``bot add`` writes it: sensible order, short comments, no secret."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from greenroom.message import ActionKind
from greenroom.starter import SCHEMAS, modeline

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

_COLUMN: Final = 29  # where comments start, unless a line is longer
_COMMENTS: Final[Mapping[str, str]] = {
    "mode": "decide and record, do nothing; `live` when you trust it",
    "desk_channel": "where moderators read: cards, and reports",
}
_SIMPLE: Final = re.compile(r"[A-Za-z0-9_./-]+|\$\{[A-Z0-9_]+\}|https?://[A-Za-z0-9_.:/-]+")


@dataclass(slots=True)
class Draft:
    """A bot as far as it has been told.

    Attributes:
        path: Its file.
        folder: The deployment's folder.
        adapter: Its platform.
        title: The file's first comment.
        is_replaced: Whether a file that is there may be written over.
        personas: Who goes on stage, and in which channels.
        needs: What they may ask of the platform.
        desk_channel: Where moderators read.
        settings: The adapter's keys that are no secrets.
        variables: The variable in ``.env`` of each secret key.
        notes: Comments beside keys.
    """

    path: Path
    folder: Path
    adapter: str
    title: str
    is_replaced: bool = False
    personas: Mapping[str, Sequence[str]] = field(default_factory=dict)
    needs: frozenset[ActionKind] = frozenset()
    desk_channel: str | None = None
    settings: dict[str, Value] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The bot's name: the stem of its file."""
        return self.path.stem

    @property
    def channels(self) -> Sequence[str]:
        """All channels that a persona is in by name, once each."""
        named = (one for channels in self.personas.values() for one in channels)
        return list(dict.fromkeys(one for one in named if not set(one) & set("*?[")))


def text_of(draft: Draft) -> str:
    """The file's text."""
    return "\n".join([*_head(draft), f"# {draft.title}", *_lines(draft), ""])


def _head(draft: Draft) -> Iterator[str]:
    """Editors are told where the schema is, if there is one."""
    schemas = draft.folder / SCHEMAS
    if schemas.is_dir():
        place = Path(os.path.relpath(schemas, draft.path.parent)).as_posix()
        yield from (modeline("bot", place), "")


def _lines(draft: Draft) -> Iterator[str]:
    notes = {**_COMMENTS, **draft.notes}
    keys: dict[str, Value] = {"adapter": draft.adapter}
    keys |= {key: f"${{{name}}}" for key, name in draft.variables.items()}
    plain = {key: value for key, value in draft.settings.items() if not isinstance(value, dict)}
    nested = {key: value for key, value in draft.settings.items() if isinstance(value, dict)}
    keys |= plain | {"mode": "shadow"}
    if draft.desk_channel is not None:
        keys["desk_channel"] = draft.desk_channel
    for key, value in keys.items():
        yield _line(key, value, notes.get(key))
    yield "personas:"
    for name, channels in draft.personas.items():
        yield f"  {_flow(name)}: {{in: {_flow(list(channels))}}}"
    for key, value in nested.items():
        dumped = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, width=10_000)
        yield dumped.rstrip("\n")


def _line(key: str, value: Value, note: str | None) -> str:
    line = f"{key}: {_flow(value)}"
    return line if note is None else f"{line.ljust(_COLUMN - 1)} # {note}"


def _flow(value: Value) -> str:
    """A value on one line: bare where that means the same to YAML, else as JSON has it."""
    if isinstance(value, list):
        return f"[{', '.join(_quoted(one) if _is_variable(one) else _flow(one) for one in value)}]"
    if isinstance(value, str) and _SIMPLE.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return _quoted(value)


def _is_variable(value: Value) -> bool:
    return isinstance(value, str) and value.startswith("$")  # its braces end a list


def _quoted(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)
