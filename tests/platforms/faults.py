"""Faults that a test orders from a platform on loopback, by the same names on all of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong; not every platform's wire has a place for each."""

    DROP = "drop"  # the connection for events is cut without a word
    DELAY = "delay"  # the next answer comes late
    RATE_LIMIT = "rate_limit"  # the next request gets 429 with Retry-After
    SERVER_ERROR = "server_error"  # the next request gets 500, and has no effect
    LOST_ANSWER = "lost_answer"  # the next request works, and its answer never comes
    DUPLICATE = "duplicate"  # the next event is delivered twice
    REORDER = "reorder"  # the next event is delivered after the one that follows it
    INVALID_SESSION = "invalid_session"  # the connection is cut, and its session is forgotten
    HALF_FRAME = "half_frame"  # the next event breaks off in its middle, and the connection ends


EVENT_FAULTS = frozenset({Fault.DUPLICATE, Fault.REORDER, Fault.HALF_FRAME})
"""What befalls an event on its way out; the rest befalls requests or the connection."""


@dataclass(slots=True)
class Ordered:
    """Faults that wait for their moment."""

    requests: deque[Fault] = field(default_factory=deque)
    events: deque[Fault] = field(default_factory=deque)
    delay_s: float = 0.3
    retry_after_s: float = 0.3

    def order(self, fault: Fault) -> None:
        """Put a fault of the next request or event in line."""
        (self.events if fault in EVENT_FAULTS else self.requests).append(fault)

    def next_request(self) -> Fault | None:
        """What befalls this request."""
        return self.requests.popleft() if self.requests else None

    def next_event(self) -> Fault | None:
        """What befalls this event."""
        return self.events.popleft() if self.events else None
