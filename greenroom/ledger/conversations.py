"""The session between a member and a persona: what both said lately, as the ledger has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from greenroom.ledger.codec import decode, scrub
from greenroom.ledger.store import Store
from greenroom.message import Action, Message, Turn

MEMBER: Final = "member"
"""Who a turn is by, if it is not by the persona."""

_LOOKED_AT: Final = 60  # the member's newest messages in the channel


@dataclass(frozen=True, slots=True)
class Said:
    """A persona's own words, with the platform's id of them."""

    text: str
    at: datetime
    ref: str | None


class Conversations:
    """Reads sessions; nothing is kept for them besides the messages."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def lately(
        self, message: Message, persona: str, *, since: datetime, turns: int
    ) -> list[Turn]:
        """The last turns before ``message``, oldest first, in its channel and thread.

        A member's message belongs to it if ``persona`` answered it, or if it was said to the
        bot or in reply to ``persona``. What was deleted or removed does not.
        """
        if turns < 1:
            return []
        found = await self._store.read(lambda c: _lately(c, message, persona, since))
        return found[-turns:]


def _lately(
    connection: sqlite3.Connection, message: Message, persona: str, since: datetime
) -> list[Turn]:
    rows = connection.execute(
        "SELECT key, body, recorded_at FROM messages WHERE community = ? AND author = ?"
        " AND recorded_at >= ? AND platform = ? AND channel = ? AND key != ?"
        " AND state = 'visible' ORDER BY recorded_at DESC, position DESC LIMIT ?",
        (
            *(scrub(message.community.id), scrub(message.author.id), since.isoformat()),
            *(scrub(message.platform), scrub(message.channel.id), scrub(message.key), _LOOKED_AT),
        ),
    ).fetchall()
    heard = [(decode(Message, row["body"]), row["recorded_at"]) for row in reversed(rows)]
    heard = [(one, at) for one, at in heard if _is_same_place(one, message)]
    answers = {one.key: _answers(connection, one.key, persona) for one, _ in heard}
    refs = {said.ref for several in answers.values() for said in several if said.ref}
    turns: list[Turn] = []
    for one, at in heard:
        if answers[one.key] or one.mentions_me or one.reply_to in refs:
            turns.append(Turn(MEMBER, one.text, datetime.fromisoformat(at), one.key))
            turns.extend(Turn(persona, said.text, said.at, one.key) for said in answers[one.key])
    return sorted(turns, key=lambda turn: turn.at)


def _answers(connection: sqlite3.Connection, key: str, persona: str) -> Sequence[Said]:
    rows = connection.execute(
        "SELECT action, ref, finished_at FROM outbox WHERE message = ? AND by = ?"
        " AND state = 'done' AND kind = 'reply' ORDER BY id",
        (key, f"persona:{persona}"),
    )
    return [
        Said(decode(Action, row["action"]).text or "", _time(row["finished_at"]), row["ref"])
        for row in rows
    ]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_same_place(one: Message, message: Message) -> bool:
    """The same thread, or the message that the thread hangs on."""
    return one.thread == message.thread or (message.thread is not None and one.id == message.thread)
