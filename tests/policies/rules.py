"""Short ways to write a rule, a message, and to see what comes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import ConfigErrors
from greenroom.message import Message, Signals
from greenroom.policies import (
    Evaluation,
    Known,
    Policy,
    Situation,
    as_json,
    evaluate,
    parse_policy,
)
from greenroom.policies.incoming import message_of
from greenroom.policies.shelf import Shelf

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KNOWN = Known(
    heads=("toxicity", "insult", "threat", "self_harm", "spam", "scam", "injection"),
    intents=("question", "help", "chat"),
    shelf=Shelf(Path("nowhere")),
)
NOTHING = Signals()


def policy(text: str, *, name: str = "rules", strict: bool = True) -> Policy:
    """A compiled rule file."""
    return parse_policy(text, path=Path(f"{name}.yaml"), known=KNOWN, strict=strict)


def faults(text: str) -> list[str]:
    """What is wrong with a rule file, a line a fault."""
    with pytest.raises(ConfigErrors) as caught:
        policy(text)
    return [str(fault) for fault in caught.value.faults]


def remarks(text: str) -> list[str]:
    """The warnings about a rule file that loads."""
    return [str(warning) for warning in policy(text).warnings]


def post(title: str = "a title", **values: Any) -> Message:
    """A text submission."""
    return message_of({"kind": "text submission", "title": title, **_whole(values)}, now=NOW)


def link(url: str = "https://example.com/a", **values: Any) -> Message:
    """A link submission."""
    shown = {"kind": "link submission", "title": "a link", "url": url}
    return message_of({**shown, **_whole(values)}, now=NOW)


def comment(body: str = "a comment", **values: Any) -> Message:
    """A comment."""
    return message_of({"kind": "comment", "body": body, **_whole(values)}, now=NOW)


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    author = {"name": "mika", **(values.pop("author", None) or {})}
    return {"id": "abc", "subreddit": "harbour", "author": author, **values}


def decided(
    text: str, message: Message, signals: Signals = NOTHING, **circumstances: Any
) -> Evaluation:
    """What some rules make of a message."""
    situation = Situation(**{"now": NOW, **circumstances})
    return evaluate((policy(text),), message, signals, now=NOW, situation=situation)


def fires(checks: str, message: Message, signals: Signals = NOTHING) -> bool:
    """Whether a rule with these checks (a line each) fires."""
    return bool(decided(f"{checks}\nset_locked: true\n", message, signals).fired)


def shown(text: str, message: Message, signals: Signals = NOTHING, **more: Any) -> dict[str, Any]:
    """As `policy try --json` shows it."""
    return as_json(decided(text, message, signals, **more))
