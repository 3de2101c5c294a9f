"""The numbers that rules ask for, found before deciding: rates in memory, history in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from greenroom.ledger import Ledger
from greenroom.message import Event, EventKind, Message
from greenroom.policies import Count, Policy
from greenroom.rates import Rates


class Counting:
    """Counts for the loop.

    Args:
        ledger: Where history is.
        policies: All that may ask, for how far back rates must reach.
    """

    def __init__(self, ledger: Ledger, policies: Iterable[Policy]) -> None:
        self._history = ledger.history
        self.rates = Rates(longest_rate(policies))

    def reach(self, policies: Iterable[Policy]) -> None:
        """Look as far back as these ask; what was dropped before does not come back."""
        self.rates.longest_s = longest_rate(policies)

    def saw(self, event: Event, at: datetime) -> None:
        """Count an event that the loop takes up."""
        if event.kind is EventKind.MESSAGE_POSTED and event.message is not None:
            self.rates.saw(event.message, at)
        elif event.kind is EventKind.MEMBER_JOINED and event.id is not None:
            self.rates.joined(event.id.partition(":")[0], at)

    async def tell(
        self, message: Message, wanted: Collection[Count], at: datetime
    ) -> Mapping[str, float]:
        """Each wanted count by its key; what cannot be known is left out."""
        found: dict[str, float] = {}
        for count in wanted:
            value = await self._one(message, count, at)
            if value is not None:
                found[count.key] = value
        return found

    async def _one(self, message: Message, count: Count, at: datetime) -> float | None:
        if count.check == "rate":
            return self.rates.tell(message, count, at)
        community, author = message.community.id, message.author.id
        if not author:
            return None
        if count.kind == "first_seen":
            first = await self._history.first_seen(community, author)
            return 0.0 if first is None else (at - first).total_seconds()
        since = at - timedelta(seconds=count.within_s)
        found = await self._history.count(count.kind, community, author, since=since, now=at)
        return float(found)


def longest_rate(policies: Iterable[Policy]) -> int:
    """How far back the rates of some policies reach, in seconds."""
    asked = (count for policy in policies for rule in policy.rules for count in rule.counts)
    return max((count.within_s for count in asked if count.check == "rate"), default=1)
