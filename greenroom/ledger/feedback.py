"""What members made of what personas said: kinds, values and times, and no word of theirs."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from greenroom.experiments import FeedbackKind
from greenroom.ledger.codec import scrub
from greenroom.ledger.entries import digest


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a member did about an utterance.

    Attributes:
        kind: What they did.
        community: Where: ``platform:id``.
        member: The author's id.
        source: The key of their message; of a reaction, the emoji, of which a digest is kept.
        utterance: What it is about, if that was looked up.
        key: Else the message that the utterance became; nothing is kept if it became none.
        value: A reaction's, 1, 0 or -1; an answer's sentiment, -1 to 1.
        is_back: A reaction that was taken back.
        at: When; None is when it is recorded.
    """

    kind: FeedbackKind
    community: str
    member: str
    source: str
    utterance: int | None = None
    key: str | None = None
    value: float | None = None
    is_back: bool = False
    at: datetime | None = None


def keep(connection: sqlite3.Connection, notes: Sequence[Note], at: datetime) -> None:
    """Keep what is about an utterance, inside the caller's transaction."""
    for note in notes:
        utterance = note.utterance or _said_as(connection, note.key)
        if utterance is None:
            continue
        is_reaction = note.kind is FeedbackKind.REACTION
        source = digest(scrub(note.source))[:16] if is_reaction else scrub(note.source)
        who = (utterance, note.kind, scrub(note.member), source)
        if note.is_back:
            connection.execute(
                "DELETE FROM feedback WHERE utterance = ? AND kind = ? AND member = ?"
                " AND source = ?",
                who,
            )
            continue
        connection.execute(
            "INSERT INTO feedback (utterance, kind, member, source, community, value, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*who, scrub(note.community), note.value, (note.at or at).isoformat()),
        )


def _said_as(connection: sqlite3.Connection, key: str | None) -> int | None:
    if key is None:
        return None
    row = connection.execute(
        "SELECT utterance FROM utterance_keys WHERE key = ?", (scrub(key),)
    ).fetchone()
    return None if row is None else int(row["utterance"])
