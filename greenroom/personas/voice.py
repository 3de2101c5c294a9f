"""How a persona speaks: its tone, how long, in which languages, with which words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from greenroom.message import Channel
from greenroom.personas.fields import Strict, Text

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Length = Annotated[int, Field(ge=80, le=4_000)]

QUOTED = ("> ", "Source: ")
"""Lines that are another's words, not the persona's; they stay as they are."""


class Manner(Strict):
    """What may differ from channel to channel."""

    tone: Text | None = None  # told to a language model; templates have the tone that they have
    length: Length | None = None  # characters at most of the persona's own words


class Voice(Manner):
    """A persona's voice.

    Attributes:
        languages: ISO 639 codes of the languages that it answers in; none: any.
        use: The word to use, and those that it stands for: ``members: [users, guys]``.
        avoid: Words that never go out; what has one is held back for a person.
        channels: What is different in a channel: its name (``#help``), id, or a pattern.
    """

    languages: tuple[Language, ...] = ()
    use: dict[Text, tuple[Text, ...]] = Field(default_factory=dict)
    avoid: tuple[Text, ...] = ()
    channels: dict[Text, Manner] = Field(default_factory=dict)

    @field_validator("use", mode="before")
    @classmethod
    def _as_lists(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {key: [one] if isinstance(one, str) else one for key, one in value.items()}

    def manner(self, channel: Channel) -> Manner:
        """Tone and length in a channel; the first entry that names it counts."""
        for pattern, manner in self.channels.items():
            if covers(pattern, channel):
                return Manner(
                    tone=manner.tone or self.tone,
                    length=manner.length or self.length,
                )
        return Manner(tone=self.tone, length=self.length)

    def speaks(self, language: str | None) -> bool:
        """False only for a language that is known and not among its own."""
        return not self.languages or language in (None, "und", *self.languages)

    def spoken(self, text: str, channel: Channel) -> str:
        """``text`` in its words and at its length; quotations stay as they are."""
        length = self.manner(channel).length
        blocks = []
        for is_quoted, block in _blocks(text):
            if not is_quoted:
                block = shortened(self._worded(block), length) if length else self._worded(block)
            blocks.append(block)
        return "\n".join(blocks)

    def avoided(self, text: str) -> str | None:
        """The first word in its own words that it never uses."""
        own = "\n".join(block for is_quoted, block in _blocks(text) if not is_quoted)
        return next((word for word in self.avoid if _whole(word).search(own)), None)

    def _worded(self, text: str) -> str:
        for word, others in self.use.items():
            for other in others:
                text = _whole(other).sub(lambda found, word=word: _cased(word, found[0]), text)  # type: ignore[misc]
        return text


def covers(pattern: str, channel: Channel) -> bool:
    """Whether a channel is meant by ``#name``, an id, or a pattern with ``*`` and ``?``."""
    wanted = re.escape(pattern.removeprefix("#")).replace(r"\*", ".*").replace(r"\?", ".")
    names = (channel.id, channel.name or channel.id)
    return any(re.fullmatch(wanted, name, re.IGNORECASE | re.DOTALL) for name in names)


def shortened(text: str, limit: int) -> str:
    """Cut at the end of a sentence, or of a word, so that at most ``limit`` characters stay."""
    if len(text) <= limit:
        return text
    head = text[: limit - 2]
    sentence = max(head.rfind(mark) for mark in (". ", "! ", "? ", ".\n"))
    if sentence > limit // 2:
        return head[: sentence + 1] + " …"
    return (head.rsplit(None, 1) or [head])[0] + " …"


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Runs of lines that are quoted, and of lines that are not."""
    run: list[str] = []
    was_quoted = False
    for line in text.split("\n"):
        is_quoted = line.startswith(QUOTED) or line == ">"
        if run and is_quoted != was_quoted:
            yield was_quoted, "\n".join(run)
            run = []
        run.append(line)
        was_quoted = is_quoted
    yield was_quoted, "\n".join(run)


def _whole(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)


def _cased(word: str, like: str) -> str:
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
