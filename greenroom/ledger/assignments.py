"""Which variant a conversation got, so that other weights turn nobody around."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from greenroom.experiments import conversations_of
from greenroom.ledger.entries import digest
from greenroom.message import ActionKind, Decision, Message


def keep(
    connection: sqlite3.Connection, decisions: Sequence[Decision], message: Message, at: datetime
) -> None:
    """Note what a conversation gets, inside the caller's transaction; the first note stays.

    A post answers nobody, so it belongs to no conversation that could go on.
    """
    for decision in decisions:
        for action in decision.actions:
            if action.experiment is None or action.variant is None:
                continue
            if action.kind is not ActionKind.POST:
                name = f"{decision.persona}/{action.experiment}"
                rows = [(name, one, action.variant, at.isoformat()) for one in digests_of(message)]
                connection.executemany(
                    "INSERT INTO assignments (experiment, conversation, variant, at)"
                    " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    rows,
                )


def assigned(connection: sqlite3.Connection, message: Message) -> Mapping[str, str]:
    """The variants that the message's conversation has, by ``persona/experiment``."""
    rows = connection.execute(
        "SELECT experiment, variant FROM assignments WHERE conversation = ?",
        (digests_of(message)[0],),
    )
    return {row["experiment"]: row["variant"] for row in rows}


def digests_of(message: Message) -> tuple[str, ...]:
    """The message's conversation, and the one that answers to it begin; nobody's name in them."""
    return tuple(
        digest(one.encode("utf-8", "replace").decode())[:32] for one in conversations_of(message)
    )
