"""Moderators at the desk: one-time sign-in links and sessions; only digests are stored."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from greenroom.ledger.entries import digest
from greenroom.ledger.store import Store

LINK_LIFETIME_S = 15 * 60.0
SESSION_LIFETIME_S = 14 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in moderator. ``csrf`` must come back with every change."""

    moderator: str
    csrf: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun; ``cookie`` is shown once and never stored."""

    cookie: str
    session: Session


class People:
    """Who may work the queue.

    Args:
        store: The ledger's store.
        now_s: The time, in seconds since the epoch.
    """

    def __init__(self, store: Store, *, now_s: Callable[[], float]) -> None:
        self._store = store
        self._now_s = now_s

    async def invite(self, moderator: str, *, lifetime_s: float = LINK_LIFETIME_S) -> str:
        """A one-time sign-in token for ``moderator``."""
        token = secrets.token_urlsafe(24)
        expires_at = self._now_s() + lifetime_s
        await self._store.write(
            lambda c: c.execute(
                "INSERT INTO sign_ins (token, moderator, expires_at) VALUES (?, ?, ?)",
                (digest(token), moderator, expires_at),
            )
        )
        return token

    async def sign_in(self, token: str) -> NewSession | None:
        """Use a sign-in token up; None if it is unknown, used or expired."""
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        now_s = self._now_s()
        moderator = await self._store.write(lambda c: _redeem(c, token, cookie, csrf, now_s))
        return None if moderator is None else NewSession(cookie, Session(moderator, csrf))

    async def session(self, cookie: str) -> Session | None:
        """The session behind a cookie; None if it is unknown or expired."""
        now_s = self._now_s()
        row = await self._store.read(
            lambda c: c.execute(
                "SELECT moderator, csrf FROM sessions WHERE token = ? AND expires_at > ?",
                (digest(cookie), now_s),
            ).fetchone()
        )
        return None if row is None else Session(row["moderator"], row["csrf"])

    async def sign_out(self, cookie: str) -> None:
        """End a session."""
        await self._store.write(
            lambda c: c.execute("DELETE FROM sessions WHERE token = ?", (digest(cookie),))
        )


def _redeem(
    connection: sqlite3.Connection, token: str, cookie: str, csrf: str, now_s: float
) -> str | None:
    connection.execute("DELETE FROM sign_ins WHERE expires_at <= ?", (now_s,))
    row = connection.execute(
        "DELETE FROM sign_ins WHERE token = ? RETURNING moderator", (digest(token),)
    ).fetchone()
    if row is None:
        return None
    connection.execute(
        "INSERT INTO sessions (token, moderator, csrf, expires_at) VALUES (?, ?, ?, ?)",
        (digest(cookie), row["moderator"], csrf, now_s + SESSION_LIFETIME_S),
    )
    return str(row["moderator"])
