"""What personas said, each with its signed record. No row holds anybody's words.

A record is made in the transaction that marks its action done, so that neither is without the
other, whenever the process ends.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from greenroom.ledger import entries
from greenroom.ledger.codec import decode_decisions
from greenroom.ledger.store import Store
from greenroom.message import Action, Decision, Message, Order, Outcome

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance that went out, and all that its record is made of.

    Attributes:
        id: Names the record: a random UUID.
        bot: The bot.
        by: ``persona:NAME`` or ``moderator:NAME``.
        action: What was ordered.
        text: What it says, without its footer.
        sent: Each post of it, exactly as the platform got it, as far as the adapter says.
        message: The message it answers.
        ref: The platform's id of what was made.
        at: When the platform had it.
        decided_at: When it was decided, in ISO 8601; None where nothing was decided.
        decision: The persona's decision, if there is one.
        triage: Name and digest of the model that read the message, if one did.
        entry: Its entry in the chain, and that entry's hash.
        salt: What the answered message's digest is keyed with, in hex; forgotten with the member.
    """

    id: str
    bot: str
    by: str
    action: Action
    text: str
    sent: tuple[str, ...]
    message: Message
    ref: str | None
    at: datetime
    decided_at: str | None
    decision: Decision | None
    triage: str | None
    entry: tuple[int, str]
    salt: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """A kept record."""

    id: str
    key: str  # of the order in the outbox
    bot: str
    persona: str
    message: str  # key of the message it answers
    ref: str | None
    salt: str | None
    record: str  # JSON-LD, signed
    created_at: str


Attest = Callable[[Said], str]
"""Makes the signed record of what was said. Runs on the ledger's writer: no I/O in it."""


class Attestations:
    """Reads the records; ``attest`` makes them.

    Attributes:
        attest: Set once the deployment's key is open; without it nothing is recorded.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.attest: Attest | None = None

    async def get(self, id: str) -> Attestation | None:  # noqa: A002 (the column's name)
        """One by its id."""
        query = "SELECT * FROM attestations WHERE id = ?"
        row = await self._store.read(lambda c: c.execute(query, (id,)).fetchone())
        return None if row is None else Attestation(**dict(row))

    async def about(self, message_key: str) -> list[Attestation]:
        """Everything said about one message, oldest first."""
        return await self._store.read(
            lambda c: [
                Attestation(**dict(row))
                for row in c.execute(
                    "SELECT * FROM attestations WHERE message = ? ORDER BY created_at, rowid",
                    (message_key,),
                )
            ]
        )

    async def since(self, start: datetime) -> AsyncIterator[Attestation]:
        """Everything said since then, oldest first."""
        after = 0
        while True:
            last = after
            rows = await self._store.read(lambda c, last=last: _page(c, last, start))  # type: ignore[misc]
            for row in rows:
                values = dict(row)
                after = values.pop("rowid")
                yield Attestation(**values)
            if len(rows) < _PAGE:
                return

    async def count(self) -> int:
        """How many there are."""
        return await self._store.read(
            lambda c: int(c.execute("SELECT count(*) FROM attestations").fetchone()[0])
        )


def keep(
    connection: sqlite3.Connection,
    attest: Attest | None,
    row: sqlite3.Row,
    order: Order,
    outcome: Outcome,
    entry: int,
    at: datetime,
) -> None:
    """Make and store the record of what an outbox row said, inside the caller's transaction."""
    if attest is None or not order.action.text:
        return
    decided = _decided(connection, row)
    persona = row["by"].partition(":")[2]
    said = Said(
        id=str(uuid.uuid4()),
        bot=row["bot"],
        by=row["by"],
        action=order.action,
        text=order.action.text,
        sent=outcome.sent,
        message=order.message,
        ref=outcome.ref,
        at=at,
        decided_at=None if decided is None else decided["decided_at"],
        decision=_decision(decided, persona),
        triage=None if decided is None else json.loads(decided["signals"]).get("model"),
        entry=(entry, entries.hash_of(connection, entry)),
        salt=secrets.token_hex(16),
    )
    connection.execute(
        "INSERT INTO attestations (id, key, bot, persona, message, ref, salt, record, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(said.id, order.key, said.bot, persona, order.message.key, said.ref, said.salt),
            *(attest(said), at.isoformat()),
        ),
    )


def forget_answered(connection: sqlite3.Connection, message_key: str) -> int:
    """Drop what ties records to a message's words, inside the caller's transaction.

    The signed records stay as they are; without its key the digest in them tells nothing.
    """
    return connection.execute(
        "UPDATE attestations SET salt = NULL WHERE message = ?", (message_key,)
    ).rowcount


def _decided(connection: sqlite3.Connection, row: sqlite3.Row) -> Mapping[str, Any] | None:
    """The decision that ordered it: both were written in one transaction, at one time."""
    found: Mapping[str, Any] | None = connection.execute(
        "SELECT * FROM decisions WHERE message = ? AND bot = ? AND decided_at = ?"
        " ORDER BY id DESC LIMIT 1",
        (row["message"], row["bot"], row["created_at"]),
    ).fetchone()
    return found


def _decision(decided: Mapping[str, Any] | None, persona: str) -> Decision | None:
    made = () if decided is None else decode_decisions(decided["decisions"])
    return next((one for one in made if one.persona == persona), None)


def _page(connection: sqlite3.Connection, after: int, start: datetime) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT rowid, * FROM attestations WHERE rowid > ? AND created_at >= ?"
        " ORDER BY rowid LIMIT ?",
        (after, start.isoformat(), _PAGE),
    ).fetchall()
