"""A case as a card for the desk channel, and what its buttons say when they come back. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from greenroom.desk.room import RunningBot
from greenroom.desk.verdicts import Choice, choices, seen
from greenroom.desk.wording import in_words, platform_name, verdict_in_words
from greenroom.ledger import Case, Effect
from greenroom.message import Author, Button, Card, Message

MOST_BUTTONS: Final = 10
MOST_TEXT: Final = 1_500  # characters of the member's message; the desk has all of it
_NOTE: Final = "Note for the record (optional)"
_GOOD: Final = frozenset({"dismiss", "approve", "overturn"})
_VALUE: Final = re.compile(r"case:([0-9]{1,18}):([a-z0-9_-]{1,40}):([0-9a-f]{8})")
_OUTSIDERS: Final = frozenset({"guest", "external"})


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a card's button stands for."""

    case: int
    choice: str  # the name of a ``Choice``
    seen: str  # names the text that the card showed


def card_of(
    case: Case,
    message: Message,
    effects: Sequence[Effect],
    bot: RunningBot,
    *,
    appeal: str | None = None,
    desk: str | None = None,
) -> Card:
    """The card of a case as it stands; a judged one has no buttons.

    Args:
        case: The case.
        message: What it is about.
        effects: What was ordered for the message.
        bot: The case's bot.
        appeal: What the author says against what was done.
        desk: The desk's address, if members of the team can reach it from elsewhere.
    """
    is_open = case.state == "open"
    offered = choices(effects, bot)[:MOST_BUTTONS] if is_open else ()
    said = f"{message.title}\n{message.text}" if message.title else message.text
    return Card(
        title=_title(case),
        text=said if len(said) <= MOST_TEXT else f"{said[:MOST_TEXT]}…",
        fields=tuple(_fields(case, message, effects, bot, appeal)),
        buttons=tuple(_button(case, message, choice) for choice in offered),
        link=f"{desk}/cases/{case.id}" if desk else None,
    )


def read_value(value: str | None) -> Pressed | None:
    """What a pressed button stands for; None if it is none of ours."""
    found = _VALUE.fullmatch(value or "")
    return Pressed(int(found[1]), found[2], found[3]) if found else None


def may_judge(actor: Author, bot: RunningBot) -> bool:
    """Whether a member may give verdicts by pressing buttons.

    ``moderators:`` in the bot's file says who, by id or role. Without it: on Slack whoever
    is in the desk channel and known to be no guest, elsewhere whoever the platform calls a
    moderator.
    """
    if actor.is_bot or actor.is_self:
        return False
    roles = frozenset(actor.roles or ())
    if bot.moderators:
        return actor.id in bot.moderators or bool(roles.intersection(bot.moderators))
    if bot.platform == "slack":
        return actor.roles is not None and not roles & _OUTSIDERS
    return actor.is_moderator is True


def _title(case: Case) -> str:
    kind = "Appeal" if case.appeal else "Case"
    if case.state == "open":
        return f"{kind} {case.id}: {case.severity}"
    if case.verdict is None:
        return f"{kind} {case.id}: {case.state}"
    return f"{kind} {case.id}: {verdict_in_words(case.verdict)} by {case.moderator}"


def _fields(
    case: Case,
    message: Message,
    effects: Sequence[Effect],
    bot: RunningBot,
    appeal: str | None,
) -> list[tuple[str, str]]:
    place = message.channel.name or message.channel.id
    where = message.permalink or f"{platform_name(message.platform)}, {place}"
    fields = [("Why", case.reason), ("Who", message.author.name), ("Where", where)]
    if appeal is not None:
        fields.insert(1, ("The author says", appeal or "(nothing)"))
    if case.reports:
        fields.append(("Reports", str(case.reports)))
    done = dict.fromkeys(in_words(one.action) for one in effects if one.state == "done")
    if done:
        fields.append(("Done", ", ".join(done)))
    if bot.is_shadow:
        fields.append(("Mode", "shadow: nothing is done on the platform"))
    if case.note:
        fields.append(("Note", case.note))
    return fields


def _button(case: Case, message: Message, choice: Choice) -> Button:
    style = "bad" if choice.is_sanction or choice.name == "remove" else "plain"
    return Button(
        value=f"case:{case.id}:{choice.name}:{seen(message)[:8]}",
        label=choice.label,
        style="good" if choice.name in _GOOD else style,
        asks=_NOTE if choice.is_sanction else None,
    )
