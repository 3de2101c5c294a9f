"""The ledger as the rest of Greenroom holds it: one file, its noun by noun."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from greenroom.ledger.attestations import Attestations
from greenroom.ledger.cases import Cases
from greenroom.ledger.consents import Consents
from greenroom.ledger.contacts import Contacts
from greenroom.ledger.conversations import Conversations
from greenroom.ledger.entries import Entries
from greenroom.ledger.feed import Feed
from greenroom.ledger.history import History
from greenroom.ledger.inbox import Inbox
from greenroom.ledger.memories import Memories
from greenroom.ledger.messages import Messages
from greenroom.ledger.outbox import Outbox
from greenroom.ledger.past import Past
from greenroom.ledger.pauses import Pauses
from greenroom.ledger.people import People
from greenroom.ledger.record import Record
from greenroom.ledger.store import Store
from greenroom.ledger.tokens import Tokens
from greenroom.ledger.utterances import Utterances


class Ledger:
    """Everything that one deployment remembers, in one SQLite file.

    Args:
        path: The file; made if it is missing.
        queue_size: Writes that may wait before a writer waits.
        now_s: The time in seconds since the epoch, for sign-in links and sessions.
        is_owner: False for a short errand beside the process that runs on the file.

    Raises:
        ConfigError: The file is in use, damaged, or from a newer version.
    """

    def __init__(
        self,
        path: Path,
        *,
        queue_size: int = 1024,
        now_s: Callable[[], float] = time.time,
        is_owner: bool = True,
    ) -> None:
        self._store = Store(path, queue_size=queue_size, is_owner=is_owner)
        self.path = path
        self.inbox = Inbox(self._store)
        self.consents = Consents(self._store)
        self.contacts = Contacts(self._store)
        self.memories = Memories(self._store)
        self.conversations = Conversations(self._store)
        self.record = Record(self._store, self.consents)
        self.messages = Messages(self._store)
        self.past = Past(self._store)
        self.history = History(self._store)
        self.cases = Cases(self._store)
        self.attestations = Attestations(self._store)
        self.outbox = Outbox(self._store, self.attestations)
        self.entries = Entries(self._store)
        self.utterances = Utterances(self._store)
        self.pauses = Pauses(self._store)
        self.people = People(self._store, now_s=now_s)
        self.tokens = Tokens(self._store)
        self.feed = Feed()

    @property
    def writes_waiting(self) -> int:
        """Writes that no transaction has taken yet."""
        return self._store.writes_waiting

    def close(self) -> None:
        """Finish what waits and close the file; blocks."""
        self._store.close()
