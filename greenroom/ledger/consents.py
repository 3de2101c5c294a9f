"""What members agreed to and what they refused; the newest word on a subject counts.

Two subjects are asked for. ``memory`` must be given before anything is remembered, by one
community's personas. ``answers`` counts as given until it is withdrawn (``/optout``); that
holds for the account on its whole platform, since a direct message has no community, and takes
back all that was agreed to before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from greenroom.ledger import entries
from greenroom.ledger.codec import scrub
from greenroom.ledger.store import Store
from greenroom.message import Member

Subject = Literal["memory", "answers"]
ConsentState = Literal["given", "withdrawn", "asked"]

EVERY: Final = "*"
"""All personas."""

_Account = tuple[str, str]  # platform and id


@dataclass(frozen=True, slots=True)
class Consent:
    """One word of a member's, or that they were asked for it.

    Attributes:
        member: Who.
        subject: To what.
        state: What they said; ``asked``: nothing yet.
        persona: For which persona; ``*``: for all.
        source: Key of the message that says so.
        at: When, in ISO 8601; empty before it is recorded.
    """

    member: Member
    subject: Subject
    state: ConsentState
    persona: str = EVERY
    source: str | None = None
    at: str = ""


class Consents:
    """The newest words, kept in memory: asking costs no look at the disk.

    A word counts from the moment it is about to be written. All writes are in one line, so
    nothing that is written after it can have been decided without it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory: dict[_Account, dict[tuple[str, str], tuple[int, ConsentState]]] = {}
        self._opted_out: set[_Account] = set()
        self._said = 0
        self.reload()

    def has_opted_out(self, member: Member) -> bool:
        """Whether no persona may answer, profile or remember this account."""
        return bool(self._opted_out) and _account(member) in self._opted_out

    def may_remember(self, member: Member, persona: str) -> bool:
        """Whether ``persona`` may remember what this member says of themselves."""
        return not self.has_opted_out(member) and self.memory(member, persona) == "given"

    def memory(self, member: Member, persona: str) -> ConsentState | None:
        """What the member said when asked for memory; None: nobody has asked."""
        found = self._memory.get(_account(member), {})
        asked = [(scrub(member.community), one) for one in (persona, EVERY)]
        words = [found[one] for one in asked if one in found]
        answers = [word for word in words if word[1] != "asked"]
        return max(answers or words)[1] if words else None

    async def of(self, member: Member) -> list[Consent]:
        """Everything that an account said on its platform, oldest first."""
        return await self._store.read(lambda c: _of(c, member))

    async def unsettled(self, *, limit: int = 100) -> list[tuple[int, Member]]:
        """Opt-outs of whom Qdrant may still hold something, with the row's number."""
        rows = await self._store.read(
            lambda c: c.execute(
                "SELECT * FROM consents WHERE is_settled = 0 ORDER BY id LIMIT ?", (limit,)
            ).fetchall()
        )
        return [(row["id"], _consent(row).member) for row in rows]

    async def settled(self, number: int) -> None:
        """Note that Qdrant has forgotten who opted out there."""
        await self._store.write(
            lambda c: c.execute("UPDATE consents SET is_settled = 1 WHERE id = ?", (number,))
        )

    def note(self, said: Sequence[Consent]) -> None:
        """Let these words count; whoever notes them writes them next."""
        for consent in said:
            self._said += 1
            account = _account(consent.member)
            if consent.subject == "memory":
                place = (scrub(consent.member.community), consent.persona)
                self._memory.setdefault(account, {})[place] = (self._said, consent.state)
            elif _is_refusal(consent):
                self._opted_out.add(account)
                self._memory.pop(account, None)
            else:
                self._opted_out.discard(account)

    def reload(self) -> None:
        """What the file says; blocks."""
        self._memory.clear()
        self._opted_out.clear()
        self.note(self._store.look(_all))


def add(connection: sqlite3.Connection, consent: Consent, bot: str, at: datetime) -> None:
    """Write a word down inside the caller's transaction; the chain names nobody."""
    member = consent.member
    connection.execute(
        "INSERT INTO consents (platform, community, member, subject, state, persona, source, at,"
        " is_settled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(scrub(text) for text in (member.platform, member.community, member.id)),
            *(consent.subject, consent.state, consent.persona),
            *(scrub(consent.source) if consent.source else None, at.isoformat()),
            not (consent.subject == "answers" and _is_refusal(consent)),
        ),
    )
    said = scrub(f"{member.key}\x1f{consent.source or ''}")
    body = {
        "subject": consent.subject,
        "state": consent.state,
        "persona": consent.persona,
        "digest": entries.digest(said),
    }
    entries.append(connection, "consent", at=at, subject="consent", by=f"bot:{bot}", body=body)


def is_given(connection: sqlite3.Connection, member: Member, persona: str) -> bool:
    """Whether memory is agreed to, inside the caller's transaction."""
    refused, words = False, list[Consent]()
    for one in _of(connection, member):
        if one.subject == "answers":
            refused, words = _is_refusal(one), [] if _is_refusal(one) else words
        elif one.member.community == scrub(member.community) and one.persona in (persona, EVERY):
            words += [one] if one.state != "asked" else []
    return not refused and bool(words) and words[-1].state == "given"


def _is_refusal(consent: Consent) -> bool:
    return consent.state == "withdrawn"


def _account(member: Member) -> _Account:
    return (scrub(member.platform), scrub(member.id))


def _of(connection: sqlite3.Connection, member: Member) -> list[Consent]:
    rows = connection.execute(
        "SELECT * FROM consents WHERE platform = ? AND member = ? ORDER BY id",
        _account(member),
    )
    return [_consent(row) for row in rows]


def _all(connection: sqlite3.Connection) -> list[Consent]:
    return [_consent(row) for row in connection.execute("SELECT * FROM consents ORDER BY id")]


def _consent(row: sqlite3.Row) -> Consent:
    member = Member(row["platform"], row["community"], row["member"])
    return Consent(member, row["subject"], row["state"], row["persona"], row["source"], row["at"])
