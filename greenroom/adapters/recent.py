"""A bounded memory for adapters: names looked up, people fetched, orders performed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from greenroom.adapters.base import Clock

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class Recent(Generic[KeyT, ValueT]):
    """A mapping that forgets what was used longest ago, and what is older than ``keep``."""

    def __init__(self, *, size: int, clock: Clock, keep: timedelta | None = None) -> None:
        self._size = size
        self._clock = clock
        self._keep = keep
        self._items: OrderedDict[KeyT, tuple[ValueT, datetime]] = OrderedDict()

    def __contains__(self, key: KeyT) -> bool:
        if key not in self._items:
            return False
        if self._keep is None or self._clock() - self._items[key][1] < self._keep:
            return True
        del self._items[key]
        return False

    def __getitem__(self, key: KeyT) -> ValueT:
        self._items.move_to_end(key)
        return self._items[key][0]

    def get(self, key: KeyT, default: ValueT) -> ValueT:
        """The value, or ``default`` where it is unknown or forgotten."""
        if key not in self:
            return default
        return self[key]

    def __setitem__(self, key: KeyT, value: ValueT) -> None:
        self._items[key] = (value, self._clock())
        self._items.move_to_end(key)
        if len(self._items) > self._size:
            self._items.popitem(last=False)

    def __iter__(self) -> Iterator[KeyT]:
        """Everything remembered, what was used longest ago first."""
        return iter([key for key in list(self._items) if key in self])

    def __len__(self) -> int:
        return len(self._items)
