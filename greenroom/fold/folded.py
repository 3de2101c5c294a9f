"""A text without its disguises, and where in the original each of its characters stood."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Piece = tuple[str, int, int]
"""What a part of a match becomes, and where in the match that part begins and ends."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its disguises.

    Attributes:
        text: The folded text.
        starts: For each of its characters, where in the original it begins; None when each
            stands where it stood.
        ends: For each of its characters, where in the original it ends.
    """

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that became ``text[start:end]``."""
        if self.starts is None or self.ends is None:
            return start, end
        if start < end:
            return self.starts[start], self.ends[end - 1]
        place = self.ends[start - 1] if start else 0
        return place, place

    def rewritten(
        self, pattern: re.Pattern[str], spell: Callable[[str], Iterable[Piece]]
    ) -> Folded:
        """This text with every match of `pattern` spelled as `spell` says."""
        parts, places, last = list[str](), Places(self), 0
        for match in pattern.finditer(self.text):
            begin, end = match.span()
            parts.append(self.text[last:begin])
            places.keep(last, begin)
            for said, low, high in spell(match[0]):
                parts.append(said)
                places.put(len(said), begin + low, begin + high)
            last = end
        if not parts:
            return self
        parts.append(self.text[last:])
        return places.folded("".join(parts), last)

    def respelled(self, text: str) -> Folded:
        """This text in other letters, as many of them."""
        return self if text == self.text else Folded(text, self.starts, self.ends)


class Places:
    """Where the characters of a text in the making stand in the original."""

    __slots__ = ("_all_ends", "_all_starts", "_ends", "_source", "_starts")

    def __init__(self, source: Folded) -> None:
        length = len(source.text)
        self._source = source
        self._all_starts = range(length) if source.starts is None else source.starts
        self._all_ends = range(1, length + 1) if source.ends is None else source.ends
        self._starts, self._ends = array("l"), array("l")

    def keep(self, start: int, end: int, step: int = 1) -> None:
        """Characters of the source, each for itself."""
        self._starts.extend(self._all_starts[start:end:step])
        self._ends.extend(self._all_ends[start:end:step])

    def put(self, count: int, start: int, end: int) -> None:
        """So many characters that all stand for the source's from `start` to `end`."""
        if count:
            self._starts.extend((self._all_starts[start],) * count)
            self._ends.extend((self._all_ends[end - 1],) * count)

    def folded(self, text: str, last: int) -> Folded:
        """`text`, which from `last` on is the source's."""
        if text == self._source.text:
            return self._source
        self.keep(last, len(self._source.text))
        return Folded(text, self._starts, self._ends)
