"""The grammar of search keys: ``[~]field[+field…][#tag] [(modifier, …)]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

METHODS: Final = (
    "includes-word",
    "includes",
    "starts-with",
    "ends-with",
    "full-exact",
    "full-text",
)
MODIFIERS: Final = (*METHODS, "regex", "case-sensitive")

_KEY = re.compile(r"(?P<not>~?)\s*(?P<name>[^(]*?)\s*(?:\((?P<modifiers>.*)\))?")
_TAG = re.compile(r"#[^\s+]*")


@dataclass(frozen=True, slots=True)
class Key:
    """A key taken apart; nothing in it is checked yet.

    ``name`` is what placeholders call the check: the fields and the tag, without spaces,
    ``~`` and modifiers.
    """

    written: str
    is_negated: bool
    name: str
    fields: tuple[str, ...]
    tag: str
    modifiers: tuple[str, ...] | None  # None: no parentheses at all

    @property
    def is_joined(self) -> bool:
        """True for ``a+b``: the defaults of single fields do not apply."""
        return len(self.fields) > 1

    @property
    def methods(self) -> tuple[str, ...]:
        """The search methods that were given, in the key's order; the first one counts."""
        return tuple(word for word in self.modifiers or () if word in METHODS)


@lru_cache(maxsize=4096)  # files say the same keys over and over
def parse_key(written: str) -> Key | None:
    """Take a key apart; ``None`` when it does not fit the grammar (``title (regex`` …)."""
    match = _KEY.fullmatch(written.strip())
    if match is None or not match["name"]:
        return None
    tags = _TAG.findall(match["name"])
    bare = _TAG.sub("", match["name"])
    tag = tags[0] if tags else ""
    fields = tuple(field.strip() for field in bare.split("+"))
    inside = match["modifiers"]
    modifiers = None if inside is None else tuple(word.strip() for word in inside.split(","))
    name = "+".join(fields) + tag
    return Key(written, match["not"] == "~", name, fields, tag, modifiers)
