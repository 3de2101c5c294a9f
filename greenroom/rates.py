"""How much was said lately: messages, copies, mentions, links and joins in sliding windows.

Kept in memory, since a flood is over before it could be read back: a count holds every message
that the loop took up before, recorded or not. Of texts only a keyed digest is kept, whose key ends
with the process.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Final

from greenroom.fold import fold
from greenroom.message import Message
from greenroom.policies import Count
from greenroom.policies.fields import links_of

MOST_WINDOWS: Final = 50_000
"""Windows that are kept; the longest unused goes first."""

MOST_EVENTS: Final = 10_000
"""Events of one window; a count of so many says "at least"."""

_SPACES: Final = re.compile(r"\s+")

Key = tuple[str, ...]
Event = tuple[float, int]
"""When, in seconds, and how many."""


@dataclass(slots=True)
class Rates:
    """Counts what the loop saw.

    Attributes:
        longest_s: How far back anybody asks; older events are dropped.
    """

    longest_s: int
    _windows: OrderedDict[Key, deque[Event]] = field(default_factory=OrderedDict)
    _secret: bytes = field(default_factory=lambda: os.urandom(32))

    def saw(self, message: Message, at: datetime) -> None:
        """Count a new message in all windows that it is part of."""
        seconds = at.timestamp()
        amounts = {
            "messages": 1,
            "mentions": len(message.mentions),
            "links": len(links_of(message)),
        }
        for scope in _scopes(message):
            for kind, amount in amounts.items():
                if amount:
                    self._add((kind, *scope), seconds, amount)
            self._add(("copies", *scope, self._digest(message)), seconds, 1)

    def joined(self, community: str, at: datetime) -> None:
        """Count a member who joined."""
        self._add(("joins", "community", community), at.timestamp(), 1)

    def tell(self, message: Message, count: Count, at: datetime) -> float:
        """A count as of now; the message itself is in it."""
        scope = next(one for one in _scopes(message) if one[0] == count.per)
        key: Key = (count.kind, *scope)
        if count.kind == "copies":
            key = (*key, self._digest(message))
        if count.kind == "joins":
            key = ("joins", "community", message.community.id)
        since = at.timestamp() - count.within_s
        window = self._windows.get(key, ())
        recent = takewhile(lambda event: event[0] > since, reversed(window))
        return float(sum(amount for _, amount in recent))

    def _add(self, key: Key, seconds: float, amount: int) -> None:
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = deque(maxlen=MOST_EVENTS)
            if len(self._windows) > MOST_WINDOWS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(key)
        if window and window[-1][0] > seconds:  # clocks of platforms go back now and then
            seconds = window[-1][0]
        window.append((seconds, amount))
        while window[0][0] <= seconds - self.longest_s:
            window.popleft()

    def _digest(self, message: Message) -> str:
        said = f"{message.title or ''}\n{message.text}"
        plain = _SPACES.sub(" ", fold(said).text).strip().lower()
        data = plain.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=16, key=self._secret).hexdigest()


def _scopes(message: Message) -> Iterable[Key]:
    community = message.community.id
    return (
        ("member", community, message.author.id),
        ("channel", community, message.channel.id),
        ("community", community),
    )
