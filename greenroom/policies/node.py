"""One value in a rule file with its place, so that every fault points at what to change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from greenroom.documents import Document, KeyPath, suggest
from greenroom.errors import ConfigError

_YES = frozenset({"true", "yes", "on"})
_NO = frozenset({"false", "no", "off"})


class WrongType(ConfigError):
    """Right elsewhere, but not for this rule's ``type``; ``any`` then tries its other version."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the path to it; scalars are texts, as they were written."""

    document: Document
    path: KeyPath
    value: object
    sources: tuple[Node, ...] = ()  # where the items of a filled-in list stand

    @property
    def key(self) -> str:
        """The last key of the path."""
        return str(self.path[-1]) if self.path else ""

    def child(self, key: str | int, value: object) -> Node:
        """The node below, or beside its siblings in a list."""
        return Node(self.document, (*self.path, key), value)

    def renamed(self, key: str) -> Node:
        """The same value under another key."""
        return Node(self.document, (*self.path, key), self.value, self.sources)

    def item(self, index: int) -> Node:
        """An item of this list, where it stands."""
        if self.sources:
            return self.sources[index]
        assert isinstance(self.value, list)
        return self.child(index, self.value[index])

    def each(self) -> list[Node]:
        """One text, or each of a list of them, with its place."""
        if not isinstance(self.value, list):
            self.text()
            return [self]
        self.texts()
        return [self.item(index) for index in range(len(self.value))]

    def items(self) -> Iterator[Node]:
        """The values of a mapping, in file order."""
        if not isinstance(self.value, dict):
            raise self.fault(f"`{self.key}` must be a group of keys, not {self._shown()}")
        for key, value in self.value.items():
            yield self.child(key, value)

    def get(self, key: str) -> Node | None:
        """The value under ``key``, if this is a mapping that has it."""
        if not isinstance(self.value, dict) or key not in self.value:
            return None
        return self.child(key, self.value[key])

    def text(self) -> str:
        """A single text."""
        if isinstance(self.value, str):
            return self.value
        if self.value is None:
            raise self.fault(
                f"`{self.key}` has no value",
                accepted="a text; quote it if it starts with # (a comment to YAML)"
                " or !, or is empty",
            )
        raise self.fault(f"`{self.key}` must be one text, not {self._shown()}")

    def texts(self) -> tuple[str, ...]:
        """A text, or a list of texts."""
        if not isinstance(self.value, list):
            return (self.text(),)
        if not self.value:
            raise self.fault(f"`{self.key}` is an empty list", accepted="a text or a list of texts")
        for index, item in enumerate(self.value):
            if not isinstance(item, str):
                what = "has no value" if item is None else f"must be a text, not {_kind(item)}"
                raise self.child(index, item).fault(
                    f"item {index + 1} of `{self.key}` {what}",
                    accepted="quote texts that YAML"
                    " may read otherwise: those with `: `, or that start with # { [ * & ! % @",
                )
        return tuple(self.value)

    def flag(self) -> bool:
        """``true`` or ``false``."""
        word = self.value.lower() if isinstance(self.value, str) else None
        if word in _YES or word in _NO:
            return word in _YES
        raise self.fault(
            f"`{self.key}` must be true or false, not {self._shown()}", accepted="true, false"
        )

    def integer(self) -> int:
        """A whole number; digits bounded, so that nothing later overflows."""
        text = self.value.strip() if isinstance(self.value, str) else ""
        if text.lstrip("+-").isdecimal() and text.isascii() and len(text) <= 12:
            try:
                return int(text)
            except ValueError:
                pass
        raise self.fault(f"`{self.key}` must be a whole number, not {self._shown()}")

    def choice(self, accepted: Sequence[str]) -> str:
        """One of a few words, however it is capitalised."""
        word = self.text().strip()
        for one in accepted:
            if word.lower() == one.lower():
                return one
        raise self.fault(
            f"`{self.key}` cannot be {self._shown()}", accepted=suggest(word, list(accepted))
        )

    def fault(self, message: str, *, accepted: str | None = None) -> ConfigError:
        """What is wrong, at this place."""
        return self.document.fault(self.path, message, accepted=accepted)

    def wrong_type(self, message: str, *, accepted: str | None = None) -> WrongType:
        """As ``fault``, for what another ``type`` would accept."""
        place = self.document.place(self.path)
        return WrongType(
            message,
            file=self.document.file,
            line=place.line,
            column=place.column,
            accepted=accepted,
        )

    def unknown(self, what: str, word: str, accepted: Collection[str]) -> ConfigError:
        """A word that is not known here, with what is."""
        return self.fault(f"unknown {what} `{word}`", accepted=suggest(word, sorted(accepted)))

    def _shown(self) -> str:
        if not isinstance(self.value, str):
            return "empty" if self.value is None else _kind(self.value)
        text = repr(self.value)
        return text if len(text) <= 60 else text[:57] + "…'"


def _kind(value: object) -> str:
    return "a group of keys" if isinstance(value, dict) else "a list"
