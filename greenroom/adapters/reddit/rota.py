"""Which sources a look asks: all, or where Reddit allows little, the first and one other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from greenroom.adapters.reddit.watching import Source


class Rota:
    """Shares what Reddit allows between the sources.

    Those with ``every`` 0 are asked in each look. The others are asked when they are due;
    in a scarce look only the one that has waited longest past its time.
    """

    def __init__(self) -> None:
        self._looks = 0
        self._asked: dict[str, int] = {}  # in which look, by the source's name

    def due(self, sources: Sequence[Source], *, is_scarce: bool) -> Iterator[Source]:
        """The sources of the next look, in their order; what one finds may make another due."""
        self._looks += 1
        others = [source for source in sources if source.every > 0]
        longest = max(others, key=self._overdue, default=None)
        for source in sources:
            is_in_turn = source.every == 0 or not is_scarce or source is longest
            if is_in_turn and self._overdue(source) >= 0:
                self._asked[source.name] = self._looks
                yield source

    def _overdue(self, source: Source) -> int:
        return self._looks - self._asked.get(source.name, -source.every) - source.every
